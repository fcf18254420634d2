# SPDX-License-Identifier: BSD-2-Clause
"""systems/clock on Linux: three clients of one timer driver, by the monotonic clock of the host."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import support
from support import lab

PERIODS_MS = {"clock0": 10, "clock1": 35, "clock2": 100}
SECONDS = 3


def run_clocks(build, folder):
    """The counters and the output of a run, and the seconds from the first period to the end."""
    tool, board = build / "tools/sddf/sddf", lab.ROOT / "boards/linux.yaml"
    log, stats = folder / "log", folder / "stats"
    with open(log, "w") as output:
        process = subprocess.Popen(
            [tool, "run", folder / "clock.system", "--board", board, "--stats", stats,
             "--search", folder, "--search", build / "components"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            lab.wait_until(lambda: process.poll() is not None
                           or log.read_text().count("period, us") == len(PERIODS_MS), 60, "periods")
            began = time.monotonic()
            time.sleep(SECONDS)
            process.send_signal(signal.SIGINT)
            process.wait(60)
            passed = time.monotonic() - began
        finally:
            process.kill()
    return json.loads(stats.read_text()), log.read_text(), passed


def test_each_clock_ticks_once_in_each_of_its_periods(tmp_path):
    if "SDDF_BUILD" not in os.environ:
        pytest.skip("SDDF_BUILD does not name a build directory")
    build = pathlib.Path(os.environ["SDDF_BUILD"]).resolve()
    lab.run(build / "tools/sddf/sddf", "gen", lab.ROOT / "systems/clock/clock.yaml", "--board",
            lab.ROOT / "boards/linux.yaml", "-o", tmp_path)

    def wrong():
        counters, log, passed = run_clocks(build, tmp_path)
        assert counters["timer_driver"]["bad_requests"] == 0
        late = {}
        for name, period_ms in PERIODS_MS.items():
            assert f"{name}: drift, us" in log
            ticks, missed = counters[name]["ticks"], counters[name]["missed"]
            due = passed * 1000 / period_ms
            # The clock may be shorter than what passed here: starting to count and ending take time.
            if not (0.85 * due - 2 <= ticks + missed <= due + 2 + 100 / period_ms
                    and ticks >= 0.5 * (ticks + missed) - 1):
                late[name] = (due, counters[name])
        return late
    support.in_time(wrong)
