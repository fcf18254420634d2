# SPDX-License-Identifier: BSD-2-Clause
"""sddf-load past the kernel's network, over the in-memory wire, rings of AF_PACKET and AF_XDP: against
another end that misbehaves in ways the test knows to the packet. Needs the build directory's root in
SDDF_BUILD; the wire needs no privilege, the other two a network namespace of our own."""
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

import test_load_loopback as loopback
from test_load_loopback import LOAD, LOSSY, PATIENT, finish_load, flip

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from support import address, checksum, ethernet, ipv4, udp  # noqa: E402

CLONE_NEWNET = 0x40000000  # sched.h

IP = "10.0.0.1"            # the generator's
MAC = bytes.fromhex("02000a000001")
TARGETS = {"10.0.0.2": bytes.fromhex("525401000001"), "10.0.0.3": bytes.fromhex("525401000002")}
PORT = 1235


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + address(sender) + \
        target_mac + address(target)


class Datagram:
    """What the generator sent."""

    def __init__(self, frame):
        self.frame = frame
        self.to_mac, self.from_mac = frame[:6], frame[6:12]
        self.source, self.to = (".".join(map(str, frame[i:i + 4])) for i in (26, 30))
        self.source_port, self.port, self.length, self.checksum = struct.unpack(
            ">HHHH", frame[34:42])
        self.payload = frame[42:]

    def echo(self, payload=None, *, source=None, port=None, to_port=None, mac=MAC, to=IP, wrong=0):
        """The frame that answers, whole or with something wrong."""
        payload = self.payload if payload is None else payload
        source = source or self.to
        datagram = udp(payload, source=source, to=to, port=to_port or self.source_port,
                       source_port=port or self.port, wrong=wrong)
        return ethernet(ipv4(datagram, source=source, to=to), to=mac, source=self.to_mac)


class Wire:
    """The device's end of an in-memory wire; the generator connects to it."""
    options_of = staticmethod(lambda path: ("--wire", path))

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(0.05)

    def connect(self):
        return self.listener.accept()[0]

    def close(self):
        self.listener.close()


class Interface:
    """The other end of a veth pair whose one end the generator has. Nothing else is there."""

    def __init__(self, _):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # all
        self.socket.bind(("sys0", 0))

    def connect(self):
        return self.socket.dup()

    def close(self):
        self.socket.close()


class Packet(Interface):
    options_of = staticmethod(lambda _: ("--io", "packet:gen0"))


class Xdp(Interface):
    options_of = staticmethod(lambda _: ("--io", "xdp:gen0"))


class Device:
    """The device's end, on a thread. `answer(number, datagram)`, number counting from 1, gives the
    messages to send back."""

    def __init__(self, carrier, answer=lambda _, datagram: [datagram.echo()], targets=None):
        self.answer = answer
        self.targets = TARGETS if targets is None else targets
        self.seen, self.asked, self.error, self.other = [], 0, None, []
        self.connection = None
        self.over = threading.Event()
        self.listener = carrier.kind(carrier.path)
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        try:
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.connection = self.listener.connect()
                    self.connection.settimeout(0.05)
                    while not self.over.is_set() and self._turn():
                        pass
        except Exception as error:  # the test shall fail, not the thread
            self.error = error

    def _turn(self):
        try:
            frame = self.connection.recv(65536)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        for message in self._react(frame) if frame else []:
            self.send(message)
        return frame != b""

    def _react(self, frame):
        if frame[12:14] == b"\x08\x06":
            return self._arp(frame)
        if frame[23] != 17:
            self.other.append(frame)
            return []
        self.seen.append(Datagram(frame))
        return self.answer(len(self.seen), self.seen[-1])

    def _arp(self, frame):
        target = ".".join(map(str, frame[38:42]))
        if frame[20:22] != b"\0\1":
            self.other.append(frame)
            return []
        assert frame[:6] == b"\xff" * 6 and frame[6:12] == frame[22:28] == MAC
        self.asked += 1
        mac = self.targets.get(target)
        return [] if mac is None else [ethernet(arp(2, mac, target, MAC, IP), to=MAC, source=mac,
                                                kind=0x0806)]

    def send(self, message):
        with contextlib.suppress(ConnectionError):
            self.connection.send(message)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.listener.close()
        if self.connection is not None:
            self.connection.close()
        assert self.error is None


class Carrier:
    """What carries the packets of a test, and where."""

    def __init__(self, kind, path):
        self.kind, self.path = kind, path

    def start(self, *arguments, targets=("10.0.0.2",)):
        chosen = [word for target in targets for word in ("--target", f"{target}:{PORT}")]
        return loopback.start_load(*self.kind.options_of(self.path), "--bind", IP, *chosen,
                                   *arguments)

    def load(self, *arguments, **options):
        return finish_load(self.start(*arguments, **options))


@pytest.fixture(name="wire")
def fixture_wire(tmp_path):
    return Carrier(Wire, tmp_path / "wire")


def namespace():
    """A network namespace of our own with a veth pair in it, from here on; why not, if not."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return os.strerror(ctypes.get_errno())
    made = subprocess.run(["ip", "link", "add", "sys0", "type", "veth", "peer", "name", "gen0"],
                          text=True, capture_output=True, check=False)
    if made.returncode != 0:
        return made.stderr.strip()
    for end in ("sys0", "gen0"):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
        subprocess.run(["ip", "link", "set", end, "up"], check=True)
    return None


@pytest.fixture(scope="session", name="veth")
def fixture_veth():
    return namespace()


@pytest.fixture(name="interface", params=[Packet, Xdp])
def fixture_interface(request, veth):
    if veth is not None:
        pytest.skip(f"no network namespace of our own: {veth}")
    return Carrier(request.param, None)


@pytest.fixture(name="carrier", params=[Wire, Packet, Xdp])
def fixture_carrier(request, tmp_path):
    if request.param is not Wire and request.getfixturevalue("veth") is not None:
        pytest.skip("no network namespace of our own: " + request.getfixturevalue("veth"))
    return Carrier(request.param, tmp_path / "wire")


@pytest.mark.parametrize("size", [18, 64, 1472])
@pytest.mark.parametrize("loop", [("--rate", 1000), ("--window", 7)])
def test_all_frames_are_whole_and_all_come_back(carrier, size, loop):
    with Device(carrier) as device:
        report = carrier.load(*loop, "--count", 200, "--size", size, *PATIENT)
    assert report["sent"] == report["received"] == len(device.seen) == 200
    assert (report["corrupt"], report["duplicate"], report["stray"]) == (0, 0, 0)
    for datagram in device.seen:
        assert (datagram.to_mac, datagram.from_mac) == (TARGETS["10.0.0.2"], MAC)
        assert (datagram.source, datagram.to, datagram.port) == (IP, "10.0.0.2", PORT)
        assert checksum(datagram.frame[14:34]) == 0
        assert (datagram.length, len(datagram.payload)) == (size + 8, size)
        assert udp(datagram.payload, source_port=datagram.source_port)[6:8] == \
            struct.pack(">H", datagram.checksum)
    assert 0 < report["rtt_us"]["min"] <= report["rtt_us"]["p50"] <= report["rtt_us"]["max"]


def test_targets_share_the_wire_in_turn_and_each_gets_its_own(carrier):
    with Device(carrier) as device:
        report = carrier.load("--rate", 600, "--count", 300, *PATIENT, targets=TARGETS)
    assert report["sent"] == report["received"] == 300
    for ip, mac in TARGETS.items():
        mine = [datagram for datagram in device.seen if datagram.to == ip]
        assert len(mine) == 150 and {datagram.to_mac for datagram in mine} == {mac}
        assert len({datagram.source_port for datagram in mine}) == 1
    assert len({datagram.source_port for datagram in device.seen}) == 2


def test_each_loss_is_counted_under_its_reason(carrier):
    def answer(number, datagram):
        return {0: [], 1: [datagram.echo(flip(datagram.payload, number % 64))],
                2: [datagram.echo(wrong=1)], 3: [datagram.echo(), datagram.echo()],
                4: [datagram.echo(datagram.payload[:-1])]}.get(number % 10, [datagram.echo()])

    with Device(carrier, answer):
        report = carrier.load("--rate", 400, "--count", 400, *LOSSY)
    assert (report["sent"], report["received"], report["duplicate"]) == (400, 240, 40)
    assert report["corrupt"] == report["lost_by_reason"]["corrupt"] == 80
    assert report["lost_by_reason"]["bad_checksum"] == 40
    assert report["lost_by_reason"]["no_answer"] == 40
    assert report["generator"]["receive_overflow"] == 0


BAD = {
    "short": lambda datagram: b"\x02",
    "truncated": lambda datagram: datagram.echo()[:40],
    "oversized": lambda datagram: datagram.echo() + bytes(2000),
    "another MAC": lambda datagram: datagram.echo(mac=TARGETS["10.0.0.3"]),
    "another IP": lambda datagram: datagram.echo(to="10.0.0.9"),
    "version": lambda datagram: datagram.echo()[:14] + b"\x65" + datagram.echo()[15:],
    "length": lambda datagram: datagram.echo()[:38] + b"\xff\xff" + datagram.echo()[40:],
    "unknown": lambda datagram: datagram.echo()[:12] + b"\x86\xdd" + datagram.echo()[14:],
    "ARP": lambda datagram: ethernet(b"\xff" * 28, to=MAC, kind=0x0806),
}
STRAY = {
    "another port": lambda datagram: datagram.echo(to_port=datagram.source_port ^ 1),
    "from another port": lambda datagram: datagram.echo(port=7),
    "from another host": lambda datagram: datagram.echo(source="10.0.0.3"),
    "broadcast": lambda datagram: datagram.echo(mac=b"\xff" * 6, to="10.0.0.255"),
}


@pytest.mark.parametrize("name", [*BAD, *STRAY])
def test_a_frame_that_is_no_echo_is_not_taken_for_one(carrier, name):
    make = {**BAD, **STRAY}[name]
    if carrier.kind is not Wire and name in ("short", "oversized"):
        pytest.skip("Linux sends no such frame on an interface")
    with Device(carrier, lambda _, datagram: [make(datagram), datagram.echo()]):
        report = carrier.load("--rate", 200, "--count", 40, *PATIENT)
    assert (report["sent"], report["received"]) == (40, 40)
    assert (report["duplicate"], report["corrupt"]) == (0, 0)
    filtered = carrier.kind is Packet and name == "broadcast"  # before it takes room in the ring
    assert report["stray"] == (40 if name in STRAY and not filtered else 0)


def test_it_answers_arp_and_ping_as_any_host(carrier):
    mac = TARGETS["10.0.0.3"]
    ping = struct.pack(">BBHHH", 8, 0, 0, 1, 2) + b"data"
    ping = ping[:2] + struct.pack(">H", checksum(ping)) + ping[4:]
    frames = [ethernet(arp(1, mac, "10.0.0.3", bytes(6), IP), to=b"\xff" * 6, source=mac,
                       kind=0x0806),
              ethernet(ipv4(ping, source="10.0.0.3", to=IP, protocol=1), to=MAC, source=mac)]
    with Device(carrier, lambda n, datagram: [datagram.echo(), *(frames if n == 1 else [])]) as device:
        carrier.load("--rate", 100, "--count", 20, *PATIENT)
    reply, pong = device.other
    assert reply[:6] == mac and reply[14:] == arp(2, MAC, IP, mac, "10.0.0.3")
    assert pong[:6] == mac and pong[34] == 0 and pong[42:] == b"data"


def test_strangers_that_push_a_target_out_of_the_arp_table_only_delay_it(carrier):
    def stranger(number):
        mac, ip = struct.pack(">HI", 0x5254, number), f"10.0.0.{100 + number}"
        return ethernet(arp(1, mac, ip, bytes(6), IP), to=b"\xff" * 6, source=mac, kind=0x0806)

    with Device(carrier, lambda number, datagram: [
            datagram.echo(), *(map(stranger, range(40)) if number == 5 else [])]) as device:
        report = carrier.load("--rate", 100, "--count", 150, *PATIENT)
    assert device.asked >= 2
    assert report["sent"] == report["received"] == 150


@pytest.mark.parametrize("told", [[50], [20, 50], [50, 50, 7, 0, 2**32, 2**64 - 1]])
def test_what_the_generator_had_no_room_for_is_its_own_loss(wire, told):
    """As the device model tells it; what cannot be true is not believed."""
    def answer(number, datagram):
        if number <= 50:
            return []
        news = [struct.pack("=Q", count) for count in told] if number == 51 else []
        return [*news, datagram.echo()]

    with Device(wire, answer):
        report = wire.load("--rate", 400, "--count", 200, *LOSSY)
    assert (report["sent"], report["received"]) == (200, 150)
    assert report["lost_by_reason"]["generator"] == 50
    assert report["generator"]["receive_overflow"] == 50


def test_a_device_that_does_not_keep_up_delays_and_is_said_to(wire):
    pause = threading.Event()
    with Device(wire, lambda number, datagram: [] if pause.wait(0.4) else [datagram.echo()]):
        report = wire.load("--rate", 100000, "--duration", 3)
        pause.set()
    assert report["generator"]["send_again"] > 0
    assert report["generator"]["not_sent"] > 1000
    assert report["lost"] == report["lost_by_reason"]["no_answer"]


def failure(process, status):
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (status, "")
    assert err.count("\n") == 1
    return err


def test_a_device_that_hangs_up_ends_the_run_with_a_word(wire):
    with Device(wire) as device:
        process = wire.start("--rate", 100, "--duration", 20)
        while not device.seen:
            time.sleep(0.01)
        device.connection.shutdown(socket.SHUT_RDWR)
        err = failure(process, 1)
    assert str(wire.path) in err and "keep running" in err


def test_a_target_that_answers_no_arp_is_named(carrier):
    with Device(carrier, targets={}) as device:
        err = failure(carrier.start(), 1)
    assert "10.0.0.2:1235" in err and "ARP" in err
    assert device.asked == 4


def test_an_address_that_the_kernel_has_is_refused(interface):
    subprocess.run(["ip", "address", "add", IP + "/24", "dev", "gen0"], check=True)
    try:
        err = failure(interface.start(), 2)
    finally:
        subprocess.run(["ip", "address", "del", IP + "/24", "dev", "gen0"], check=True)
    assert "--bind" in err and "kernel" in err


def test_an_interface_that_takes_no_such_frame_is_told_by_its_mtu(interface):
    subprocess.run(["ip", "link", "set", "gen0", "mtu", "1000"], check=True)
    try:
        err = failure(interface.start("--size", 973), 2)
    finally:
        subprocess.run(["ip", "link", "set", "gen0", "mtu", "1500"], check=True)
    assert "--size" in err and "973" in err and "at most 972, the MTU of gen0" in err


def test_a_target_whose_mac_is_given_is_not_asked_for_it(carrier):
    with Device(carrier, targets={}) as device:
        report = carrier.load("--rate", 200, "--count", 50, "--target-mac", "52:54:01:00:00:01", *PATIENT)
    assert report["sent"] == report["received"] == 50
    assert device.asked == 0
    assert {datagram.to_mac for datagram in device.seen} == {TARGETS["10.0.0.2"]}


def test_what_its_own_ring_has_no_room_for_is_the_generators_loss(interface):
    """Stopped, it takes nothing: rings fill, the rest is dropped and counted, exactly."""
    flood = 20_000
    reached, stopped, flooded = threading.Event(), threading.Event(), threading.Event()

    def answer(number, datagram):
        if number == 5:
            reached.set()
            assert stopped.wait(60)
            for _ in range(flood):
                device.send(datagram.echo())
            flooded.set()
        return [datagram.echo()]

    with Device(interface, answer) as device:
        process = interface.start("--rate", 20, "--count", 60, *LOSSY)
        try:
            assert reached.wait(60)
            process.send_signal(signal.SIGSTOP)
            stopped.set()
            assert flooded.wait(60)
        finally:
            process.send_signal(signal.SIGCONT)
        report = finish_load(process)
    overflow = report["generator"]["receive_overflow"]
    assert overflow > 0
    assert report["duplicate"] + overflow == flood + report["lost"]
    assert report["lost"] == report["lost_by_reason"]["generator"]
    assert report["corrupt"] == 0


@pytest.mark.parametrize("arguments, words", [
    (["--bind", IP], ["--wire", "nothing-here", "memory:PATH"]),
    ([], ["--bind", "none", "10.0.0.1"]),
    (["--bind", "127.0.0.1"], ["--bind", "unicast"]),
])
def test_a_wire_that_cannot_be_used_is_named(tmp_path, arguments, words):
    result = subprocess.run([LOAD, "--wire", tmp_path / "nothing-here", "--target",
                             f"10.0.0.2:{PORT}", *arguments], text=True, capture_output=True,
                            timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("arguments, target, words", [
    (["--size", 1473], "10.0.0.2", ["--size", "1473", "at most 1472"]),
    ([], "10.0.1.2", ["--target", "10.0.1.2:1235", "/24", "router"]),
    ([], IP, ["--target", "10.0.0.1:1235", "another host"]),
])
def test_what_the_wire_cannot_carry_is_refused(carrier, arguments, target, words):
    with Device(carrier):
        err = failure(carrier.start(*arguments, targets=[target]), 2)
    for word in words:
        assert word in err
