# SPDX-License-Identifier: BSD-2-Clause
"""tests/monitor/faults.yaml on Linux: the monitor reports on the serial line who faulted, and how."""
import platform
import re

import pytest

from test_console import Console, fixture_build  # noqa: F401  (a fixture)

ON_X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="its words were seen on x86-64 only")
MONITOR = "\x1b[31msystem_monitor\x1b[0m: "
FAULTS = {
    "p": r"memory fault: write to 0x1[0-9a-f]+ by the instruction at 0x[0-9a-f]+",
    "r": r"memory fault: read of 0x9000 by the instruction at 0x[0-9a-f]+",
    "x": r"memory fault: execution of 0x9000 by the instruction at 0x9000",
    "i": r"exception 0x6, code 0x0, of the instruction at 0x[0-9a-f]+",
    "s": r"unknown system call 1000 by the instruction at 0x[0-9a-f]+",
    "d": r"memory fault: write to 0x[0-9a-f]+ by the instruction at 0x[0-9a-f]+",
}
COUNTERS = {"i": "exceptions", "s": "system_calls"}


def faults(build, folder):
    return Console(build, folder, description="tests/monitor/faults.yaml")


@ON_X86
@pytest.mark.parametrize("how", FAULTS)
def test_a_fault_of_each_kind_is_reported_by_name_and_the_others_live_on(build, tmp_path, how):
    with faults(build, tmp_path) as system:
        system.terminal.wait_for("tell me how to fault\r\n")
        system.terminal.type(how)
        shown = system.terminal.wait_for("; stopped\r\n")
        assert re.search(re.escape(MONITOR + "culprit: ") + FAULTS[how] + "; stopped\r\n$", shown), shown
        system.terminal.type("\x1d1hello\r")
        system.terminal.wait_for('console: "hello", 5 bytes\r\n')
        stats = system.stop()
    monitor = stats["system_monitor"]
    assert (monitor["faults"], monitor["stopped"], monitor["restarts"], monitor["culprit"]) == (1, 1, 0, 1)
    assert monitor[COUNTERS.get(how, "memory_faults")] == 1
    assert (monitor["console"], monitor["reports_lost"]) == (0, 0)
