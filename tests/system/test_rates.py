# SPDX-License-Identifier: BSD-2-Clause
"""A client's rate on Linux: a flood comes back at the rate and no faster, and the client beside it
does not notice."""
import pytest

import support
from support import lab

BUILD = support.build_directory()
PAYLOAD = 1000
FRAME = PAYLOAD + 8 + 20 + 14  # bytes: UDP, IPv4, Ethernet
SECONDS = 2
OTHER_RATE = 500  # packets per second
CLIENT = "ip: 10.0.0.2/24,"


def system_with(tmp_path, rate):
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count(CLIENT) == 1
    path = tmp_path / "echo.yaml"
    path.write_text(text.replace(CLIENT, f"{CLIENT} rate: {rate},") + "timer:\n  timer: {}\n")
    return path


def finish(process, path):
    _, error = process.communicate(timeout=20)
    assert process.returncode == 0, error
    return lab.read_json(path)


@pytest.mark.parametrize("rate, bytes_per_second", [("4Mbit/s", 500_000), ("20Mbit/s", 2_500_000)])
def test_a_flooded_client_sends_at_its_rate_to_within_5_percent_and_harms_no_other(
        rate, bytes_per_second, tmp_path):
    with support.running(BUILD, yaml=system_with(tmp_path, rate)) as (laboratory, system):
        # 25 ms worth of frames: more than the virtualiser lets through at once, less than what the
        # generator waits for.
        window = max(bytes_per_second // 40 // FRAME, 8)
        flood = laboratory.load("--window", window, "--size", PAYLOAD, "--warmup", 1,
                                "--duration", SECONDS)
        other = laboratory.load("--rate", OTHER_RATE, "--duration", SECONDS, ip=lab.ECHO1_IP)
        beside, limited = finish(*other), finish(*flood)
        held = support.counted(system.stats(), "held")
        failures = support.counted(system.stats(), "timer_failures")
    reached = limited["achieved_pps"] * FRAME
    assert 0.95 * bytes_per_second <= reached <= 1.05 * bytes_per_second, limited
    assert (limited["lost"], limited["corrupt"]) == (0, 0), "frames over the rate wait"
    assert (beside["lost"], beside["corrupt"]) == (0, 0)
    assert beside["received"] >= 0.95 * OTHER_RATE * SECONDS
    assert held > 10 and failures == 0
