# SPDX-License-Identifier: BSD-2-Clause
"""The monitor on real seL4: a fault is named on the serial line in release builds, too, and who may be started anew
goes on. Nothing is built for the driver's fault: a word in its memory is spoilt from outside, as by a faulty RAM."""
import mmap
import re
import struct
import subprocess
import sys

import conftest
import qemu_echo

sys.path.insert(0, str(conftest.ROOT / "tests/monitor"))
import kinds  # noqa: E402  (found by the line above)

SECONDS = 60
MONITOR = re.escape("\x1b[31msystem_monitor\x1b[0m: ")
WATCHED = conftest.ROOT / "systems/watched/watched.yaml"
DATAGRAMS = 200
PAGE = 4096


def test_each_fault_is_named_on_the_line_and_restarted_so_many_times(kit):
    """One of them a write into a peer's region. In a debug configuration the kernel prints among the lines."""
    image, _ = kit.build(conftest.ROOT / "tests/monitor/faults.yaml")
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores) as machine:
        def shows(pattern, times=1):
            machine.wait_until(lambda: len(re.findall(pattern, machine.console())) >= times,
                               f"{times} of {pattern!r}", SECONDS)

        for life, key, report in kinds.lives():
            shows(kinds.READY.replace("\r\n", "\r*\n"), life)
            machine.type(key)
            shows(MONITOR + "culprit: " + report.replace("\r\n", "\r*\n"))
        shows("console is here")
        machine.type("\x1d1hello\r")
        shows('console\x1b\\[0m: "hello", 5 bytes|console: "hello", 5 bytes')
        kinds.check_counters(machine.stats())


def symbol(elf, name):
    listed = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", listed, re.MULTILINE)[1], 16)


def address_of(system, region):
    return int(re.search(rf'mr="{region}" vaddr="(0x[0-9a-f]+)"', system.read_text())[1], 16)


def spoil(machine, folder, pd, image, word):
    """The PD's pointer to its configuration: in the one page of memory that has it where the image has it."""
    where = symbol(folder / f"{image}.elf", "config") % PAGE
    right = struct.pack("<Q", address_of(folder / "watched.system", f"{pd}_config"))
    with mmap.mmap(machine.memory, conftest.qemu.MEMORY_BYTES) as memory:
        found = [page + where for start, end in machine.touched() for page in range(start, end, PAGE)
                 if memory[page + where:page + where + 8] == right]
        assert len(found) == 1, found
        memory[found[0]:found[0] + 8] = struct.pack("<Q", word)


def test_echo_goes_on_when_its_driver_has_faulted_three_times_and_ends_with_the_fourth(kit):
    image, _ = kit.build(WATCHED)
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores) as machine:
        machine.wait_until_up()
        for life in range(1, 5):
            spoil(machine, image.parent, "eth0_driver", "net_virtio", 0x9000)
            with qemu_echo.open_socket(machine.ports[0], 0.5) as probe:
                probe.send(b"wake up")
            end = f"restarted, {life} of 3 times" if life < 4 else "stopped"
            report = MONITOR + "eth0_driver: memory fault: read of 0x90[0-9a-f]{2} by the instruction at 0x2[0-9a-f]+; "
            machine.wait_until(lambda text=report + end: re.search(text, machine.console()), f"report: {end}", SECONDS)
            if life < 4:
                machine.wait_until_up()
                reports = machine.echo(DATAGRAMS)
                print(*reports, sep="\n")
                assert all(report.perfect(DATAGRAMS) for report in reports)
        stats = machine.stats()
    print(stats)
    monitor = stats["system_monitor"]
    assert (monitor["eth0_driver"], monitor["faults"], monitor["restarts"], monitor["stopped"]) == (4, 4, 3, 1)
    assert not any(counters.get(ill) for counters in stats.values() for ill in ("violations", "device_errors"))
