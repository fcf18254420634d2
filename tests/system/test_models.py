# SPDX-License-Identifier: BSD-2-Clause
"""The echo system, composed in the other ways that a description can say: every client answers
everything, and a hostile client harms no other."""
import sys

import pytest

import support
from support import lab
from test_hostile import describe, provoke

BUILD = support.build_directory()
COUNT = 2000
MODELS = {"one_virtualiser": "virtualisers: one",
          "passive_driver": "driver: { model: passive }",
          "both": "virtualisers: one\n    driver: { model: passive }"}
ILL = ("violations", "device_errors", "bad_driver_return", "bad_client_return", "drop_in_flight")


def composed(text, model):
    """The description with the device's keys of `model` added."""
    assert text.count("  eth0:\n") == 1
    return text.replace("  eth0:\n", f"  eth0:\n    {MODELS[model]}\n")


def echo_all(laboratory, ip, count=COUNT):
    print(laboratory.inside(laboratory.peer, sys.executable, support.HERE / "echo_all.py", ip,
                            lab.ECHO_PORT, count))


@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["isolated", "in_process"])
@pytest.mark.parametrize("model", MODELS)
def test_every_datagram_comes_back_and_nothing_is_held_against_anybody(model, options, tmp_path):
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    (tmp_path / "echo.yaml").write_text(composed(text, model))
    with support.running(BUILD, yaml=tmp_path / "echo.yaml",
                         options=("--strict", *options)) as (laboratory, system):
        for ip in (lab.ECHO_IP, lab.ECHO1_IP):
            echo_all(laboratory, ip)
        stats = system.stats()
    print(stats)
    assert all(support.counted(stats, name) == 0 for name in ILL)
    assert (support.counted(stats, "calls") > 0) == ("passive" in MODELS[model])
    assert support.counted(stats, "udp_echoed") >= 2 * COUNT


@pytest.mark.parametrize("hostile, counter", [
    ("indices", "violations"), ("offsets", "drop_bad_offset"), ("offsets", "bad_client_buffer"),
    ("twice", "drop_in_flight"), ("keeper", "drop_no_buffer")])
@pytest.mark.parametrize("model", MODELS)
def test_a_hostile_client_costs_the_other_nothing(model, hostile, counter, tmp_path):
    path = describe(tmp_path, hostile, "true")
    path.write_text(composed(path.read_text(), model))
    with support.running(BUILD, yaml=path, search=[BUILD / "tests/system"]) as (laboratory, system):
        provoke(laboratory)
        echo_all(laboratory, lab.ECHO_IP)
        stats = system.stats()
        assert stats["echo1"]["attacks"] > 100, "the hostile client did not attack"
        assert support.counted(stats, counter) > 0
        pids = system.pids()
        assert all(support.alive(pid) for name, pid in pids.items() if name != "echo1")
