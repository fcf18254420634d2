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
CLIENT = "ip: 10.0.0.2/24,"


def system_with(tmp_path, rate):
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count(CLIENT) == 1
    path = tmp_path / "echo.yaml"
    path.write_text(text.replace(CLIENT, f"{CLIENT} rate: {rate},") + "timer:\n  timer: {}\n")
    return path


def finish(process, path):
    _, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    return lab.read_json(path)


@pytest.mark.parametrize("rate, bytes_per_second", [("4Mbit/s", 500_000), ("20Mbit/s", 2_500_000)])
def test_a_flooded_client_sends_at_its_rate_to_within_5_percent_and_harms_no_other(
        rate, bytes_per_second, tmp_path):
    with support.running(BUILD, yaml=system_with(tmp_path, rate)) as (laboratory, system):
        def deviation():
            # 25 ms worth of frames: more than the virtualiser lets through at once.
            process, path = laboratory.load(
                "--window", max(bytes_per_second // 40 // FRAME, 8), "--patience", 20, "--size",
                PAYLOAD, "--warmup", 1, "--duration", SECONDS)
            with support.exchange(laboratory, seconds=SECONDS, window=1, ip=lab.ECHO1_IP):
                pass
            limited = finish(process, path)
            assert (limited["lost"], limited["corrupt"]) == (0, 0), "frames over the rate wait"
            reached = limited["achieved_pps"] * FRAME
            assert reached <= 1.05 * bytes_per_second, limited
            return None if reached >= 0.95 * bytes_per_second else f"{reached} bytes a second"
        support.in_time(deviation)
        stats = system.stats()
    assert support.counted(stats, "held") > 10 and support.counted(stats, "timer_failures") == 0
