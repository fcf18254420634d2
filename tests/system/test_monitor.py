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


def wait_until_all_are_shown(terminal, *texts):
    """In any order: who prints what first, nobody says."""
    terminal.shown = terminal.everything
    for text in texts:
        terminal.wait_for(text)
        terminal.shown = terminal.everything


@ON_X86
@pytest.mark.parametrize("how", FAULTS)
def test_a_fault_of_each_kind_is_reported_by_name_restarted_and_then_stopped(build, tmp_path, how):
    """Each life begins like the first, on an empty stack and with nothing remembered."""
    ends = ("restarted, 1 of 2 times", "restarted, 2 of 2 times", "stopped")
    with faults(build, tmp_path) as system:
        terminal = system.terminal
        for life, end in enumerate(ends, 1):
            wait_until_all_are_shown(terminal, *ends[:life - 1])
            while terminal.everything.count("tell me how to fault\r\n") < life:
                terminal.wait_for("tell me how to fault\r\n")
            terminal.type(how)
            wait_until_all_are_shown(terminal, end + "\r\n")
            report = re.escape(MONITOR + "culprit: ") + FAULTS[how] + f"; {end}\r\n"
            assert re.search(report, terminal.everything), terminal.everything
        wait_until_all_are_shown(terminal, "console is here; type a line\r\n")
        terminal.type("\x1d1hello\r")
        terminal.wait_for('console: "hello", 5 bytes\r\n')
        stats = system.stop()
    monitor = stats["system_monitor"]
    assert (monitor["faults"], monitor["stopped"], monitor["restarts"], monitor["culprit"]) == (3, 1, 2, 3)
    assert monitor[COUNTERS.get(how, "memory_faults")] == 3
    assert (monitor["console"], monitor["reports_lost"]) == (0, 0)
    assert stats["culprit"]["starts"] == 3
    assert "bad configuration" not in system.log()
