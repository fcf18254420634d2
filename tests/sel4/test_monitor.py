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
