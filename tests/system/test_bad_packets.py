# SPDX-License-Identifier: BSD-2-Clause
"""Packets that must not be: each is dropped, counted by its reason, and the system goes on."""
import struct

import pytest

import support
from support import BROADCAST, ECHO_MACS, PEER_MAC, ethernet, ipv4, lab, udp

BUILD = support.build_directory()
TIMES = 7


@pytest.fixture(name="running", scope="module", params=[lab.VIRTIO, lab.XSK])
def fixture_running(request):
    with support.running(BUILD, nic=support.usable(request.param)) as running:
        laboratory, _ = running
        for name, interface in ((laboratory.system, "sys0"), (laboratory.peer, "gen0")):
            laboratory.inside(name, "ip", "link", "set", interface, "mtu", "9000")
        yield running


def icmp(kind, wrong=0, payload=b"ping"):
    head = struct.pack(">BBHHH", kind, 0, 0, 1, 1)
    found = (support.checksum(head + payload) + wrong) & 0xffff
    return head[:2] + struct.pack(">H", found) + head[4:] + payload


def arp(operation=2, sender_mac=PEER_MAC, sender=lab.PEER_IP, target_mac=ECHO_MACS[0],
        target=lab.ECHO_IP, hardware=1):
    return struct.pack(">HHBBH", hardware, 0x0800, 6, 4, operation) + sender_mac + \
        support.address(sender) + target_mac + support.address(target)


def from_ip(source):
    return ethernet(ipv4(udp(source=source), source=source))


BAD = [  # what is wrong, the counter that says so, the frame
    ("a frame that ends inside the IP header", "truncated_ipv4", ethernet(ipv4(b"")[:12])),
    ("a frame of an Ethernet header only", "truncated_ipv4", ethernet(b"")),
    ("a packet that ends inside the UDP header", "truncated_udp", ethernet(ipv4(udp()[:5]))),
    ("a packet that ends inside the ICMP header", "truncated_icmp",
     ethernet(ipv4(icmp(8)[:6], protocol=1))),
    ("a frame that ends inside the ARP packet", "truncated_arp", ethernet(arp()[:20], kind=0x806)),
    ("an IP length beyond the frame", "bad_ip_length", ethernet(ipv4(udp(), total=600))),
    ("an IP length below its header", "bad_ip_length", ethernet(ipv4(udp(), total=19))),
    ("a UDP length beyond the packet", "bad_udp_length", ethernet(ipv4(udp(length=500)))),
    ("a UDP length below its header", "bad_udp_length", ethernet(ipv4(udp(length=7)))),
    ("a wrong IP checksum", "bad_ip_checksum", ethernet(ipv4(udp(), wrong=1))),
    ("a wrong UDP checksum", "bad_udp_checksum", ethernet(ipv4(udp(wrong=1)))),
    ("a wrong ICMP checksum", "bad_icmp_checksum", ethernet(ipv4(icmp(8, wrong=1), protocol=1))),
    ("IP options", "ip_options", ethernet(ipv4(udp(), options=b"\x94\x04\0\0"))),
    ("60 bytes of IP header", "ip_options", ethernet(ipv4(udp(), options=b"\1" * 40))),
    ("a first fragment", "ip_fragment", ethernet(ipv4(udp(), flags=0x2000))),
    ("a last fragment", "ip_fragment", ethernet(ipv4(udp(), flags=0x00b9))),
    ("an overlapping fragment", "ip_fragment", ethernet(ipv4(udp(), flags=0x2001))),
    ("IP version 6 in an IPv4 frame", "bad_ip_version", ethernet(ipv4(udp(), version=6))),
    ("an IP header of 16 bytes", "bad_ip_header_size", ethernet(b"\x44" + ipv4(udp())[1:])),
    ("no time to live", "ttl_zero", ethernet(ipv4(udp(), ttl=0))),
    ("a source on the loopback network", "bad_source_ip", from_ip("127.0.0.1")),
    ("a multicast source", "bad_source_ip", from_ip("224.0.0.1")),
    ("a broadcast source", "bad_source_ip", from_ip("10.0.0.255")),
    ("the client's own address as source", "bad_source_ip", from_ip(lab.ECHO_IP)),
    ("somebody else's IP address", "not_our_ip",
     ethernet(ipv4(udp(to="10.0.0.99"), to="10.0.0.99"))),
    ("TCP", "unknown_protocol", ethernet(ipv4(b"\0" * 20, protocol=6))),
    ("an ICMP message that is no echo request", "icmp_not_echo",
     ethernet(ipv4(icmp(13), protocol=1))),
    ("IPv6", "unknown_ethertype", ethernet(b"\x60" + b"\0" * 60, kind=0x86dd)),
    ("a multicast source MAC", "bad_source_mac",
     ethernet(ipv4(udp()), source=bytes.fromhex("010203040506"))),
    ("a source MAC of zero", "bad_source_mac", ethernet(ipv4(udp()), source=bytes(6))),
    ("the client's own source MAC", "bad_source_mac", ethernet(ipv4(udp()), source=ECHO_MACS[0])),
    ("nobody's destination MAC", "drop_no_client",
     ethernet(ipv4(udp()), to=bytes.fromhex("525401000077"))),
    ("a multicast destination MAC", "drop_no_client",
     ethernet(ipv4(udp()), to=bytes.fromhex("01005e000001"))),
    ("another UDP port", "drop_port", ethernet(ipv4(udp(port=9)))),
    ("a source port that would echo for ever", "drop_port",
     ethernet(ipv4(udp(source_port=lab.ECHO_PORT)))),
    ("source port 0", "reply_to_port_zero", ethernet(ipv4(udp(source_port=0)))),
    ("an ARP reply that nobody asked for", "arp_unsolicited", ethernet(arp(), kind=0x806)),
    ("ARP from the client's own address", "arp_conflict",
     ethernet(arp(operation=1, sender=lab.ECHO_IP), kind=0x806)),
    ("ARP for another kind of network", "arp_malformed",
     ethernet(arp(hardware=6), kind=0x806)),
]


def rise(system, before, name):
    return support.counted(system.stats(), name) - support.counted(before, name)


@pytest.mark.parametrize("name, frame", [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_dropped_and_counted_by_reason(running, name, frame):
    laboratory, system = running
    before = system.stats()
    support.inject(laboratory, [(TIMES, frame)])
    lab.wait_until(lambda: rise(system, before, name) >= TIMES, 20, f"counter {name}")
    assert rise(system, before, name) == TIMES
    assert rise(system, before, "udp_echoed") == 0
    assert rise(system, before, "replied") == 0


@pytest.mark.parametrize("size", [1473, 1600, 1900, 3000, 8000])
def test_an_oversized_datagram_is_dropped_and_counted(running, size):
    laboratory, system = running
    before = system.stats()
    support.inject(laboratory, [(TIMES, ethernet(ipv4(udp(b"x" * size))))])
    names = ("oversized", "rx_drop_length", "rx_wire_bad", "rx_dropped")
    lab.wait_until(lambda: sum(rise(system, before, name) for name in names) >= TIMES, 5,
                   "a counter of oversized frames")
    assert sum(rise(system, before, name) for name in names) == TIMES
    assert rise(system, before, "udp_echoed") == 0


def test_a_flood_of_broadcasts_is_counted_and_the_system_echoes_after_it(running):
    laboratory, system = running
    before = system.stats()
    everybody = "255.255.255.255"
    flood = ethernet(ipv4(udp(to=everybody), to=everybody), to=BROADCAST)
    support.inject(laboratory, [(20000, flood)])
    lab.wait_until(lambda: rise(system, before, "reply_to_group") > 0, 20, "reply_to_group")
    assert rise(system, before, "udp_echoed") == 0
    laboratory.wait_for_echo()
    laboratory.wait_for_echo(lab.ECHO1_IP)


def inject_in_bursts(laboratory, frames):
    """Twenty of each, but never more at once than a client has buffers for: what more there is drops honest ones, too."""
    for first in range(0, len(frames), 4):
        support.inject(laboratory, [(20, frame) for frame in frames[first:first + 4]])


def test_bad_packets_of_all_kinds_cost_honest_ones_nothing(running):
    laboratory, system = running
    before = system.stats()
    with support.exchange(laboratory):
        inject_in_bursts(laboratory, [frame for _, _, frame in BAD])
    for name in ("violations", "bad_returns", "dma_faults", "ring_errors"):
        assert rise(system, before, name) == 0
