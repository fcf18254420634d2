# SPDX-License-Identifier: BSD-2-Clause
"""tests/monitor/faults.yaml on Linux: the monitor reports on the serial line who faulted, and how."""
import pathlib
import platform
import re
import sys

import pytest

from test_console import Console, fixture_build  # noqa: F401  (a fixture)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "monitor"))
import kinds  # noqa: E402  (found by the line above)

MONITOR = re.escape("\x1b[31msystem_monitor\x1b[0m: culprit: ")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the machine's words were seen on x86-64 only")
def test_each_fault_is_reported_by_name_and_restarted_so_many_times_while_the_others_live_on(build, tmp_path):
    """Each life begins like the first, on an empty stack and with nothing remembered."""
    with Console(build, tmp_path, description="tests/monitor/faults.yaml") as system:
        terminal = system.terminal
        terminal.wait_for("console is here; type a line\r\n")
        terminal.shown = terminal.everything  # the other's greeting may be before or behind it
        for life, key, report in kinds.lives():
            while terminal.everything.count(kinds.READY) < life:
                terminal.wait_for(kinds.READY)
            terminal.type(key)
            terminal.shown = terminal.everything  # and so may its next
            terminal.wait_for(kinds.END[life])
            terminal.wait_for("\r\n")
            assert re.search(MONITOR + report, terminal.everything), terminal.everything
            terminal.shown = terminal.everything
        terminal.type("\x1d1hello\r")
        terminal.wait_for('console: "hello", 5 bytes\r\n')
        stats = system.stop()
    kinds.check_counters(stats)
    assert "bad configuration" not in system.log()
