# SPDX-License-Identifier: BSD-2-Clause
"""systems/clock on Linux: three clients of one timer driver, by the monotonic clock of the host."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERIODS_MS = {"clock0": 10, "clock1": 35, "clock2": 100}
SECONDS = 3


def test_each_clock_ticks_once_in_each_of_its_periods(tmp_path):
    if "SDDF_BUILD" not in os.environ:
        pytest.skip("SDDF_BUILD does not name a build directory")
    build = pathlib.Path(os.environ["SDDF_BUILD"]).resolve()
    tool, board = build / "tools/sddf/sddf", ROOT / "boards/linux.yaml"
    subprocess.run([tool, "gen", ROOT / "systems/clock/clock.yaml", "--board", board, "-o", tmp_path],
                   check=True, timeout=20)
    log, file = tmp_path / "log", tmp_path / "stats"
    with open(log, "w") as output:
        process = subprocess.Popen(
            [tool, "run", tmp_path / "clock.system", "--board", board, "--stats", file,
             "--search", tmp_path, "--search", build / "components"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 20
            while log.read_text().count("period, us") < 3 and time.monotonic() < deadline:
                assert process.poll() is None, log.read_text()
                time.sleep(0.02)
            began = time.monotonic()
            time.sleep(SECONDS)
            process.send_signal(signal.SIGINT)
            process.wait(10)
            passed = time.monotonic() - began
        finally:
            process.kill()
    counters = json.loads(file.read_text())
    print(counters)
    for name, period_ms in PERIODS_MS.items():
        ticked = counters[name]["ticks"] + counters[name]["missed"]
        due = passed * 1000 / period_ms
        # The clock may be shorter than what passed here: starting to count and ending take time.
        assert 0.85 * due - 2 <= ticked <= due + 2 + 100 / period_ms, (name, counters)
        assert counters[name]["ticks"] >= 0.5 * ticked - 1, (name, counters)
        assert f"{name}: drift, us" in log.read_text()
    assert counters["timer_driver"]["bad_requests"] == 0
