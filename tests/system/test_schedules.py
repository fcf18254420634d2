# SPDX-License-Identifier: BSD-2-Clause
"""The echo system in real time, and with budgets below their periods: it echoes, and loses
nothing."""
import os
import subprocess

import pytest

import support
from support import lab

BUILD = support.build_directory()
BUDGET = "budget: 1ms, period: 1ms"


def may_run_in_real_time():
    return len(os.sched_getaffinity(0)) > 1 and subprocess.run(
        ["chrt", "-f", "5", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_run_in_real_time(), reason="SCHED_FIFO or a second core is missing")
def test_the_echo_system_echoes_in_real_time():
    with support.running(BUILD, options=["--realtime"]) as (laboratory, system):
        pids = system.pids()
        for name, pid in pids.items():
            model = name.startswith("device:")
            assert (os.sched_getscheduler(pid) == os.SCHED_FIFO) != model
        with support.exchange(laboratory, window=1):
            pass
        assert len(pids) == 8 and all(map(support.alive, pids.values()))


@pytest.mark.parametrize("options", [[], ["--realtime"]], ids=["by quota", "in real time"])
def test_the_echo_system_echoes_with_a_budget_below_its_period(options, tmp_path):
    if options and not may_run_in_real_time():
        pytest.skip("SCHED_FIFO or a second core is missing")
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    assert BUDGET in text
    (tmp_path / "echo.yaml").write_text(text.replace(BUDGET, "budget: 2ms, period: 10ms"))
    with support.running(BUILD, yaml=tmp_path / "echo.yaml", options=options) as (laboratory, _):
        with support.exchange(laboratory, window=1):
            pass
