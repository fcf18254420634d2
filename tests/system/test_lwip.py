# SPDX-License-Identifier: BSD-2-Clause
"""The echo client over lwIP, where its sources were given to the build (LWIP): in our own client's place."""
import sys

import pytest

import support
import test_bad_packets
from support import lab

BUILD = support.build_directory()
COUNT = 2000
ILL = ("violations", "device_errors", "bad_driver_return", "bad_client_return", "drop_in_flight", "bad_returns",
       "drop_bad_offset", "bad_client_buffer")
COPY = {"copied": "copy: true", "shared": "copy: false"}


@pytest.fixture(name="running", scope="module", params=[(copy, options) for copy in COPY for options in
                                                        ((), ("--in-process",))],
                ids=lambda param: "-".join((param[0], "in_process" if param[1] else "isolated")))
def fixture_running(request, tmp_path_factory):
    if not (BUILD / "components/echo_lwip.elf").exists():
        pytest.skip("LWIP did not name the sources of lwIP when this was built")
    copy, options = request.param
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count("image: echo") == 2 and text.count("copy: true") == 2
    text = text.replace("image: echo", "image: echo_lwip").replace("copy: true", COPY[copy])
    if copy == "shared":
        text = text.replace("rx_buffers: 512, ", "")
    path = tmp_path_factory.mktemp("lwip") / "echo.yaml"
    path.write_text(text)
    with support.running(BUILD, yaml=path, options=("--strict", *options)) as (laboratory, system):
        yield laboratory, system, copy


def test_every_datagram_comes_back_and_nothing_is_held_against_anybody(running):
    laboratory, system, copy = running
    before = system.stats()
    for ip in (lab.ECHO_IP, lab.ECHO1_IP):
        print(laboratory.inside(laboratory.peer, sys.executable, support.HERE / "echo_all.py", ip,
                                lab.ECHO_PORT, COUNT))
    after = system.stats()
    print(after)
    assert all(support.counted(after, name) == 0 for name in ILL)
    for name in ("udp_echoed", "sent_in_place"):
        assert support.counted(after, name) - support.counted(before, name) == 2 * COUNT, name


@pytest.mark.parametrize("size", [0, 56, 1472])
def test_ping_gets_an_answer_to_each_request(running, size):
    laboratory, _, _ = running

    def all_answered():
        text = laboratory.inside(laboratory.peer, "ping", "-c", 5, "-i", 0.05, "-s", size, lab.ECHO_IP, check=False)
        assert "wrong data" not in text
        return None if " 5 received, 0% packet loss" in text else text
    support.in_time(all_answered)


def test_bad_packets_of_all_kinds_cost_honest_ones_nothing(running):
    """But for ARP: lwIP believes whoever says that a host it knows has another MAC."""
    laboratory, system, _ = running
    before = system.stats()
    with support.exchange(laboratory):
        test_bad_packets.inject_in_bursts(laboratory, [frame for _, _, frame in test_bad_packets.BAD
                                                       if frame[12:14] != b"\x08\x06"])
    after = system.stats()
    print(after)
    for name in ("violations", "bad_returns", "dma_faults", "ring_errors"):
        assert support.counted(after, name) == support.counted(before, name), name


def test_each_kind_of_bad_packet_is_counted(running):
    """Until each was: under load some are dropped before."""
    laboratory, system, _ = running
    before = system.stats()

    def not_counted():
        support.inject(laboratory, [(5, frame) for _, _, frame in test_bad_packets.BAD])
        after = system.stats()
        return [name for name in ("drop_arp", "drop_ip", "drop_icmp", "drop_udp", "drop_tcp", "drop_port")
                if support.counted(after, name) <= support.counted(before, name)]
    support.in_time(not_counted)


def test_more_bad_packets_than_there_are_buffers_leave_the_buffers(running):
    laboratory, _, _ = running
    support.inject(laboratory, [(100, frame) for _, _, frame in test_bad_packets.BAD])
    for ip in (lab.ECHO_IP, lab.ECHO1_IP):
        laboratory.inside(laboratory.peer, "arping", "-c", 2, "-i", "gen0", ip, check=False)  # our MAC again
        laboratory.wait_for_echo(ip)


def test_a_group_gets_no_echo(running):
    laboratory, system, _ = running
    before = system.stats()
    everybody = "255.255.255.255"
    flood = support.ethernet(support.ipv4(support.udp(to=everybody), to=everybody), to=support.BROADCAST)
    support.inject(laboratory, [(2000, flood)])
    lab.wait_until(lambda: support.counted(system.stats(), "drop_group") > support.counted(before, "drop_group"),
                   20, "drop_group")
    assert support.counted(system.stats(), "udp_echoed") == support.counted(before, "udp_echoed")
    laboratory.wait_for_echo()
