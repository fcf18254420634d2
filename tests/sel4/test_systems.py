# SPDX-License-Identifier: BSD-2-Clause
"""Every system under systems/ on real seL4, booted in QEMU, from the same YAML as on Linux. A system
with a check of its own below gets it; any other must boot, and none of its PDs may fault."""
import os
import re
import socket
import sys
import threading
import time

import conftest
import pytest
import qemu_echo

sys.path.insert(0, str(conftest.ROOT / "tests/system"))
import ipbench_controller  # noqa: E402  (found by the line above)

SYSTEMS = sorted((conftest.ROOT / "systems").glob("*/*.yaml"))
DATAGRAMS = 500
BOOT_SECONDS = 60
FAULT_SECONDS = 5
PERIODS_MS = {"clock0": 10, "clock1": 35, "clock2": 100}  # systems/clock
# Counters that stay at zero among components and peers that behave.
ILL = ("violations", "device_errors")


def check_echo(kit, image):
    """Each client echoes every datagram unchanged; nobody counts anything ill."""
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores) as machine:
        machine.wait_until_up()
        reports = machine.echo(DATAGRAMS)
        stats, console = machine.stats(), machine.console()
    print(*reports, stats, sep="\n")
    assert len(reports) == 2
    assert all(report.perfect(DATAGRAMS) for report in reports)
    echoed = [counters["udp_echoed"] for counters in stats.values() if "udp_echoed" in counters]
    assert len(echoed) == 2 and all(count >= DATAGRAMS for count in echoed)
    ill = {name: counters for name, counters in stats.items()
           if any(counters.get(counter) for counter in ILL)}
    assert not ill
    return console, stats


def tells(name, colour, text):
    return f"\x1b[{colour}m{name}\x1b[0m: {text}\r\n"


ADDRESSES = (tells("echo0", 32, "10.0.0.2/24 on eth0, 52:54:01:00:00:01"),
             tells("echo1", 33, "10.0.0.3/24 on eth0, 52:54:01:00:00:02"))


def check_echo_serial(kit, image):
    """As check_echo; and the clients tell their addresses and statistics on the UART. The kernel of a debug
    configuration prints there, too; in others each line is theirs."""
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores) as machine:
        machine.wait_until_up()
        for line in ADDRESSES:
            machine.wait_until(lambda text=line: text in machine.console(), f"line {line!r}", BOOT_SECONDS)
        reports = machine.echo(DATAGRAMS)
        machine.type("\r")
        machine.wait_until(lambda: tells("echo0", 32, "udp_echoed ")[:-2] in machine.console(), "statistics", BOOT_SECONDS)
        machine.wait_until(lambda: tells("echo0", 32, "signals ")[:-2] in machine.console(), "statistics", BOOT_SECONDS)
        stats, console = machine.stats(), machine.console()
    assert all(report.perfect(DATAGRAMS) for report in reports)
    told = dict(re.findall(r"32mecho0\x1b\[0m: (\w+) (\d+)\r\n", console))
    assert DATAGRAMS <= int(told["udp_echoed"]) <= stats["echo0"]["udp_echoed"]
    assert not any(counters.get(ill) for counters in stats.values() for ill in ILL + ("bad_chunks",)), stats
    if not kit.prints:
        ours = re.compile(r"\x1b\[3[23]mecho[01]\x1b\[0m: [\w ./:,]+")
        lines = console.split("\r\n")
        begin = next(number for number, line in enumerate(lines) if ours.search(line))
        assert all(ours.fullmatch(line) for line in lines[begin + 1:-1]), console
    return console, stats


def check_boots(kit, image):
    """It starts, and seconds later none of its PDs has faulted."""
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores) as machine:
        machine.wait_until(machine.stats, "component that opened its statistics", BOOT_SECONDS)
        time.sleep(FAULT_SECONDS)
        return machine.console(), machine.stats()


def check_clock(kit, image):
    """Each clock ticks once in each of its periods, by the timer's own time. A period that it missed
    counts, too: a busy host stops the machine for as long as it likes."""
    seconds = 3
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores) as machine:
        machine.wait_until(lambda: machine.stats().get("clock0", {}).get("ticks", 0) >= 100 * seconds,
                           f"{100 * seconds} ticks of 10 ms", BOOT_SECONDS)
        stats, console = machine.stats(), machine.console()
    print(stats)
    ticked = {name: stats[name]["ticks"] + stats[name]["missed"] for name in PERIODS_MS}
    for name, period_ms in PERIODS_MS.items():
        assert abs(ticked[name] - ticked["clock0"] * 10 / period_ms) <= 0.05 * ticked[name] + 2
    assert stats["timer_driver"]["bad_requests"] == 0
    return console, stats


def check_coarse_clock(kit, image):
    """The clocks on a timer that counts seconds: each ticks once a second at most, and with those that it
    missed has counted the periods of so many whole seconds."""
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores) as machine:
        machine.wait_until(lambda: min(machine.stats().get(clock, {}).get("ticks", 0) for clock in PERIODS_MS) >= 3,
                           "third tick of each clock", BOOT_SECONDS)
        stats, console = machine.stats(), machine.console()
    print(stats)
    for name, period_ms in PERIODS_MS.items():
        ticks, due = stats[name]["ticks"], stats[name]["ticks"] + stats[name]["missed"]
        assert due in [seconds * 1000 // period_ms for seconds in range(ticks, ticks + BOOT_SECONDS)]
    return console, stats


def converse(machine, read, write):
    """Types to both clients of systems/console; `read` gives all that was printed. The kernel of a debug
    configuration prints there, too, and may come between lines."""
    for typed, answer in (("", "console0\x1b[0m: console0 is here"),
                          ("", "console1\x1b[0m: console1 is here"),
                          ("hello\r", 'console0\x1b[0m: "hello", 5 bytes'),
                          ("\x1d1", "input goes to 1, console1"),
                          ("world\r", 'console1\x1b[0m: "world", 5 bytes'),
                          ("\x1dn" + 100 * "x" + "\r", f'console0\x1b[0m: "{100 * "x"}", 100 bytes')):
        write(typed)
        machine.wait_until(lambda text=answer: text in read(), f"answer {answer!r}", BOOT_SECONDS)
    stats = machine.stats()
    print(stats)
    assert (stats["console0"]["lines"], stats["console1"]["lines"]) == (2, 1)
    assert not any(counters.get(ill) for counters in stats.values() for ill in ILL + ("bad_chunks",))


def check_console(kit, image):
    """Each client echoes what is typed to it, with its name, and answers each line."""
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores) as machine:
        converse(machine, machine.console, machine.type)
        return machine.console(), machine.stats()


def measured_while(machine, body):
    """How busy the target says the CPU was while body() ran."""
    controller = ipbench_controller.Controller("127.0.0.1", machine.tcp_ports[0])
    controller.ready()
    controller.start()
    body()
    busy = controller.stop()
    controller.close()
    return busy


def check_ipbench(kit, image):
    """The target tells a controller of ipbench's that the CPU is idle when left alone, and busier under load. Time is
    counted in instructions, so the host has no part in it. In `benchmark` the kernel's own figures come with it."""
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores, clients=("10.0.0.2",),
                           tcp=(("10.0.0.3", ipbench_controller.PORT),),
                           more=("-icount", "shift=0") if kit.cores == 1 else ()) as machine:
        machine.wait_until_up()
        quiet = measured_while(machine, lambda: time.sleep(5))
        reports = []
        busy = measured_while(machine, lambda: reports.extend(machine.echo(2 * DATAGRAMS)))
        stats, console = machine.stats(), machine.console()
    print(quiet, busy, *reports, stats, sep="\n")
    assert all(report.perfect(2 * DATAGRAMS) for report in reports)
    assert 0 <= quiet < busy <= 100
    assert kit.cores > 1 or quiet < 5
    found = stats["benchmark"]
    assert found["intervals"] == stats["target"]["measured"] == 2 and found["bad_requests"] == 0
    assert 0 < found["idle_ticks"] < found["total_ticks"]
    assert (found["kernel_entries"] > 2 * DATAGRAMS / 16) == kit.config.endswith("benchmark")
    assert found["kernel_cycles"] <= found["kernel_total_cycles"]
    return console, stats


CHECKS = {"echo": check_echo, "echo_serial": check_echo_serial, "clock": check_clock, "console": check_console,
          "ipbench": check_ipbench, "watched": check_echo}
OVER_LWIP = ("ipbench",)  # these have a component that is built where LWIP names its sources


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda path: path.stem)
def test_the_system_works_on_sel4(kit, system):
    if system.stem in OVER_LWIP and not os.environ.get("LWIP"):
        pytest.skip("LWIP does not name the sources of lwIP")
    image, _ = kit.build(system)
    console, _ = CHECKS.get(system.stem, check_boots)(kit, image)
    print(console)
    if kit.prints:
        assert "Microkit Monitor started" in console and "MON|ERROR" not in console


def test_the_same_clocks_tick_by_a_real_time_clock_that_only_its_driver_can_touch(kit, tmp_path):
    """The PL031: Arm's generic timer, which the others use, any PD could stop."""
    if "rtc0:" not in (conftest.ROOT / f"boards/{conftest.BOARD}.yaml").read_text():
        pytest.skip(f"{conftest.BOARD} has no PL031")
    system = tmp_path / "clock.yaml"
    text = (conftest.ROOT / "systems/clock/clock.yaml").read_text()
    assert text.count("  timer:\n") == 1
    system.write_text(text.replace("  timer:\n", "  rtc0:\n"))
    image, _ = kit.build(system, tmp_path / "out")
    console, stats = check_coarse_clock(kit, image)
    assert stats["rtc0_driver"]["bad_requests"] == 0 and "MON|ERROR" not in console


def test_what_is_wrong_with_its_configuration_a_component_says_on_the_uart_and_the_others_go_on(kit, tmp_path):
    text = (conftest.ROOT / "systems/echo/echo_serial.yaml").read_text()
    assert text.count("ip: 10.0.0.2/24, ") == 1
    (tmp_path / "echo_serial.yaml").write_text(text.replace("ip: 10.0.0.2/24, ", ""))
    image, _ = kit.build(tmp_path / "echo_serial.yaml", tmp_path / "out")
    said = tells("echo0", 32, "bad configuration: address: must be a unicast IPv4 address")
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores, clients=tuple(qemu_echo.CLIENTS)[1:]) as machine:
        machine.wait_until(lambda: said in machine.console(), f"line {said!r}", BOOT_SECONDS)
        machine.wait_until_up()
        assert all(report.perfect(DATAGRAMS) for report in machine.echo(DATAGRAMS))
        console = machine.console()
    assert ADDRESSES[1] in console and "echo0\x1b[0m: 10.0.0.2" not in console
    assert ("faulting PD: echo0" in console) == kit.prints and console.count("faulting PD") == kit.prints


def test_a_client_of_a_network_a_serial_device_and_a_timer_tells_its_rate_each_second(kit, tmp_path):
    if "timer" not in (conftest.ROOT / f"boards/{conftest.BOARD}.yaml").read_text():
        pytest.skip(f"{conftest.BOARD} has no timer yet")
    text = (conftest.ROOT / "systems/echo/echo_serial.yaml").read_text()
    (tmp_path / "echo_serial.yaml").write_text(text + "timer:\n  timer: { clients: [echo0] }\n")
    image, _ = kit.build(tmp_path / "echo_serial.yaml", tmp_path / "out")
    rate = re.compile(r"32mecho0\x1b\[0m: (\d+) echoed in (\d+) ms\r\n")
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores) as machine:
        machine.wait_until_up()
        reports = machine.echo(DATAGRAMS)
        machine.wait_until(lambda: sum(int(n) for n, _ in rate.findall(machine.console())) >= DATAGRAMS, "rates",
                           BOOT_SECONDS)
        stats, rates = machine.stats(), rate.findall(machine.console())
    assert all(report.perfect(DATAGRAMS) for report in reports)
    assert all(int(n) > 0 and int(ms) >= 1000 for n, ms in rates)
    assert sum(int(n) for n, _ in rates) <= stats["echo0"]["udp_echoed"]
    assert stats["timer_driver"]["bad_requests"] == 0


def test_the_same_clients_share_a_virtio_console(kit, tmp_path):
    """The other serial device of the board, which is there if QEMU is told so."""
    system = tmp_path / "console.yaml"
    system.write_text((conftest.ROOT / "systems/console/console.yaml").read_text().replace("serial0", "serial1"))
    bus = {"qemu_virt_aarch64": 8, "qemu_virt_riscv64": 1}[conftest.BOARD]
    more = ("-chardev", f"socket,id=line,path={tmp_path}/line,server=on,wait=off",
            "-device", f"virtio-serial-device,bus=virtio-mmio-bus.{bus}", "-device", "virtconsole,chardev=line")
    printed = bytearray()
    image, _ = kit.build(system, tmp_path / "out")
    with conftest.qemu.Machine(image, conftest.BOARD, kit.cores, more=more) as machine, \
            socket.socket(socket.AF_UNIX) as line:
        machine.wait_until((tmp_path / "line").exists, "socket", BOOT_SECONDS)
        line.connect(str(tmp_path / "line"))
        line.setblocking(False)

        def read():
            try:
                printed.extend(line.recv(4096))
            except BlockingIOError:
                pass
            return printed.decode()

        converse(machine, read, lambda text: line.sendall(text.encode()))


@pytest.mark.parametrize("kit", [config for config in conftest.CONFIGS if config.endswith("debug")],
                         indirect=True)
def test_a_device_that_does_not_answer_is_named(kit):
    """QEMU's transport without a device behind it. Only debug configurations print."""
    with kit.machine(conftest.ROOT / "systems/echo/echo.yaml") as machine:
        machine.wait_until(lambda: "MON|ERROR: faulting PD" in machine.console(), "fault", BOOT_SECONDS)
        console = machine.console()
    assert "eth0_driver: the VirtIO device is of another kind, or none is plugged in" in console, console
    assert console.count("faulting PD") == 1 and "faulting PD: eth0_driver" in console, console


def test_two_builds_give_identical_images_and_say_how_big_each_component_is(kit, tmp_path):
    echo = conftest.ROOT / "systems/echo/echo.yaml"
    first, said = kit.build(echo)
    second, _ = kit.build(echo, tmp_path / "else" / "where")
    assert first.read_bytes() == second.read_bytes()
    for component in ("net_virtio", "net_virt_rx", "net_virt_tx", "net_copier", "echo"):
        (row,) = (line.split() for line in said.splitlines() if line.endswith(f" {component}.elf"))
        text, data, bss, total = map(int, row[:4])
        assert text > 1000 and text + data + bss == total


def test_a_lost_a_changed_and_a_repeated_answer_are_each_counted():
    """The checker itself, against an echo that misbehaves; needs no SDK."""
    batch = [f"0.{number}.payload".encode() for number in range(5)]
    report = qemu_echo.Report("peer")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)

        def misbehave():
            for number in range(len(batch)):
                datagram, sender = peer.recvfrom(2048)
                answers = {1: [], 2: [datagram[:-1] + b"?"], 3: [datagram, datagram]}
                for answer in answers.get(number, [datagram]):
                    peer.sendto(answer, sender)

        thread = threading.Thread(target=misbehave)
        thread.start()
        with qemu_echo.open_socket(peer.getsockname()[1], 0.5) as sock:
            for datagram in batch:
                sock.send(datagram)
            qemu_echo.collect(sock, batch, report)
        thread.join()
    assert (report.sent, report.correct, report.wrong) == (5, 3, 1)
    assert (report.lost, report.unasked) == (1, 1)
    assert not report.perfect(5)
