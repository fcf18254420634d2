# SPDX-License-Identifier: BSD-2-Clause
"""systems/watched on Linux: drivers and clients that fault are started anew by the monitor, and go on;
so many times, then no more. A signal from outside is a fault to the runner as any other."""
import os
import re
import signal

import pytest

import support
from serial_line import Terminal
from support import lab

BUILD = support.build_directory()
WATCHED = lab.ROOT / "systems/watched/watched.yaml"


def watched(tmp_path):
    return support.running(BUILD, yaml=WATCHED, options=("--wire", f"serial0=pty:{tmp_path}/line"))


def fault(system, name, times):
    """Until the monitor has counted it."""
    os.kill(system.pids()[name], signal.SIGSEGV)
    lab.wait_until(lambda: system.stats()["system_monitor"][name] == times, 20, f"fault {times} of {name}")


def check_report(terminal, name, end):
    shown = terminal.wait_for(f"; {end}\r\n")
    assert f"system_monitor\x1b[0m: {name}: " in shown.splitlines()[-1], shown


def wait_for_debug_output(system, end):
    """What its driver held is lost, the report perhaps, too; so that is said twice."""
    report = re.compile(f"^system_monitor[|] system_monitor: serial0_driver: .*; {end}$", re.MULTILINE)
    lab.wait_until(lambda: report.search(system.log()), 20, f"report that it {end}")


@pytest.mark.parametrize("name", ["eth0_driver", "echo0"])
def test_echo_goes_on_after_each_restart_and_without_one_ends(name, tmp_path):
    with watched(tmp_path) as (laboratory, system):
        terminal = Terminal(tmp_path / "line")
        for life in (1, 2, 3):
            fault(system, name, life)
            check_report(terminal, name, f"restarted, {life} of 3 times")
            laboratory.wait_for_echo()
            with support.exchange(laboratory, seconds=0.5):
                pass
        fault(system, name, 4)
        check_report(terminal, name, "stopped")
        before = system.stats()["echo0"]["udp_echoed"]
        with pytest.raises(lab.LabError):
            laboratory.wait_for_echo(timeout=2)
        stats = system.stats()
    assert stats["echo0"]["udp_echoed"] == before
    monitor = stats["system_monitor"]
    assert (monitor["faults"], monitor["restarts"], monitor["stopped"]) == (4, 3, 1)
    # What its former life had in flight comes back to a client as nothing that it knows of: counted.
    ill = ("violations", "device_errors", *(("bad_returns",) if name != "echo0" else ()))
    assert not [counters for counters in stats.values() if any(map(counters.get, ill))]
    os.close(terminal.fd)


def test_a_client_s_restarts_cost_the_other_nothing(tmp_path):
    with watched(tmp_path) as (laboratory, system):
        laboratory.wait_for_echo(ip=lab.ECHO1_IP)
        with support.exchange(laboratory, seconds=3, ip=lab.ECHO1_IP):
            for life in (1, 2, 3):
                fault(system, "echo0", life)
                laboratory.wait_for_echo()


def test_the_line_goes_on_after_its_driver_was_restarted(tmp_path):
    with watched(tmp_path) as (_, system):
        terminal = Terminal(tmp_path / "line")
        terminal.wait_for("console is here; type a line\r\n")
        for life in (1, 2, 3):
            fault(system, "serial0_driver", life)
            wait_for_debug_output(system, f"restarted, {life} of 3 times")
            terminal.type(f"life {life}\r")
            terminal.wait_for(f'"life {life}", 6 bytes\r\n')
        fault(system, "serial0_driver", 4)
        wait_for_debug_output(system, "stopped")
        os.close(terminal.fd)
