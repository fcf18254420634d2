# SPDX-License-Identifier: BSD-2-Clause
"""A hostile client in place of echo1: the other client pays with time on the shared core at most.
The programs are in hostile/."""
import time

import pytest

import support
from support import ECHO_MACS, ethernet, ipv4, lab, udp

BUILD = support.build_directory()

CASES = [  # the program, does it copy, the counter that its attacks must raise
    ("indices", "true", "violations"),
    ("twice", "true", "drop_in_flight"),
    ("offsets", "true", "drop_bad_offset"),
    ("offsets", "true", "drop_source_mac"),
    ("offsets", "true", "drop_bad_length"),
    ("offsets", "true", "bad_client_buffer"),
    ("offsets", "false", "bad_client_return"),
    ("keeper", "true", "drop_no_buffer"),
    ("keeper", "false", "drop_client_full"),
    ("notifier", "true", "activations"),
]
PROGRAMS = sorted({case[:2] for case in CASES})


def describe(folder, hostile, copy):
    text = (support.HERE / "hostile/echo.yaml.in").read_text()
    path = folder / "echo.yaml"
    path.write_text(text.replace("@HOSTILE@", hostile).replace("@COPY@", copy))
    return path


def provoke(laboratory):
    """Frames for the hostile client, so that it is woken, in portions."""
    frame = ethernet(ipv4(udp(to=lab.ECHO1_IP), to=lab.ECHO1_IP), to=ECHO_MACS[1])
    for _ in range(12):
        support.inject(laboratory, [(60, frame)])
        time.sleep(0.03)


@pytest.mark.parametrize("hostile, copy", PROGRAMS)
def test_the_other_client_loses_nothing(hostile, copy, tmp_path):
    with support.running(BUILD, yaml=describe(tmp_path, hostile, copy),
                         search=[BUILD / "tests/system"]) as (laboratory, system):
        with support.exchange(laboratory, seconds=2):
            provoke(laboratory)
        after = system.stats()
        assert after["echo1"]["attacks"] > 100, "the hostile client did not attack"
        for program, copies, counter in CASES:
            if (program, copies) == (hostile, copy):
                assert support.counted(after, counter) > 0, counter
        pids = system.pids()
        assert len(pids) == (8 if copy == "true" else 7)
        assert all(support.alive(pid) for name, pid in pids.items() if name != "echo1")
        laboratory.wait_for_echo()
