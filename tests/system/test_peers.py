# SPDX-License-Identifier: BSD-2-Clause
"""The echo system answers the programs that everybody has."""
import re
import signal
import subprocess
import time

import pytest

import support
from support import lab

BUILD = support.build_directory()


@pytest.fixture(name="running", scope="module", params=[
    (nic, options) for nic in (lab.VIRTIO, lab.XSK) for options in ((), ("--in-process",))],
    ids=["isolated", "in_process", "xsk", "xsk_in_process"])
def fixture_running(request):
    nic, options = request.param
    with support.running(BUILD, nic=support.usable(nic), options=options) as running:
        yield running


@pytest.mark.parametrize("ip", [lab.ECHO_IP, lab.ECHO1_IP])
@pytest.mark.parametrize("size", [0, 56, 1472])
def test_ping_gets_an_answer_to_each_request(running, ip, size):
    laboratory, _ = running
    text = laboratory.inside(laboratory.peer, "ping", "-c", 5, "-i", 0.05, "-s", size, ip)
    assert " 5 received, 0% packet loss" in text
    assert "wrong data" not in text


def test_arping_gets_each_clients_own_mac_address(running):
    laboratory, _ = running
    for ip, mac in ((lab.ECHO_IP, "52:54:01:00:00:01"), (lab.ECHO1_IP, "52:54:01:00:00:02")):
        text = laboratory.inside(laboratory.peer, "arping", "-c", 2, "-i", "gen0", ip)
        assert set(re.findall(r"52(?::[0-9a-f]{2}){5}", text.lower())) == {mac}


@pytest.mark.parametrize("size", [1, 2, 63, 1400, 1472])
def test_socat_gets_back_what_it_sent(running, size):
    laboratory, _ = running
    data = ("sDDF " * 300)[:size]

    def what_came_back():  # socat waits a second for it
        text = laboratory.inside(laboratory.peer, "socat", "-t", "1", "-T", "1", "-b", "2000",
                                 "STDIO", f"UDP4:{lab.ECHO_IP}:{lab.ECHO_PORT}", input=data)
        return None if text == data else f"{len(text)} bytes, {text[:100]!r}"
    support.in_time(what_came_back)


def test_a_capture_by_tcpdump_shows_right_checksums_only(running):
    laboratory, _ = running
    capture = laboratory.start(laboratory.peer, "tcpdump", "-i", "gen0", "-nvv", "-l",
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lab.wait_until(lambda: "listening" in capture.stderr.readline(), 10, "tcpdump")
    laboratory.inside(laboratory.peer, "ping", "-c", 3, "-i", 0.05, lab.ECHO_IP)
    for size in (32, 33, 64, 511, 1472):
        report = laboratory.measure("--rate", 200, "--duration", 0.3, "--size", size)
        assert report["received"] > 0
    time.sleep(0.2)
    capture.send_signal(signal.SIGINT)
    text, _ = capture.communicate(timeout=10)
    answers = text.count(f"{lab.ECHO_IP}.{lab.ECHO_PORT} > ")
    assert answers > 100
    assert text.count("udp sum ok") >= 2 * answers - 2
    assert "bad" not in text and "wrong" not in text


def test_both_clients_echo_at_the_same_time_and_nothing_is_corrupt(running):
    laboratory, _ = running
    with support.exchange(laboratory, ip=lab.ECHO_IP), support.exchange(laboratory, ip=lab.ECHO1_IP):
        pass


def test_every_loss_under_overload_is_in_a_named_counter(running):
    laboratory, system = running
    before = system.stats()
    report = laboratory.measure("--rate", 200000, "--duration", 1)
    after = system.stats()
    lost = sum(report["lost_by_reason"][why] for why in ("no_answer", "late"))
    names = ("drop_client_full", "drop_no_buffer", "rx_wire_overflow", "tx_drop_wire",
             "rx_drop_not_ready", "rx_dropped", "rx_ring_full")
    rise = sum(support.counted(after, name) - support.counted(before, name) for name in names)
    kernel = laboratory.inside(laboratory.system, "cat", "/proc/net/softnet_stat",
                               "/sys/class/net/sys0/statistics/rx_dropped")
    assert report["corrupt"] == 0
    assert rise >= lost or any(int(line.split()[1], 16) for line in kernel.splitlines()[:-1])
    laboratory.wait_for_echo()
