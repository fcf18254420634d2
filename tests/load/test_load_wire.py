# SPDX-License-Identifier: BSD-2-Clause
"""sddf-load over the in-memory wire: against a device's end that misbehaves in ways the test knows
to the packet. Needs the build directory's root in SDDF_BUILD; no privilege."""
import contextlib
import pathlib
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


class Device:
    """The device's end of the wire, on a thread. `answer(number, datagram)`, number counting from
    1, gives the messages to send back."""

    def __init__(self, path, answer=lambda _, datagram: [datagram.echo()], targets=None):
        self.path, self.answer = path, answer
        self.targets = TARGETS if targets is None else targets
        self.seen, self.asked, self.error, self.other = [], 0, None, []
        self.connection = None
        self.over = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(0.05)
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        try:
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.connection, _ = self.listener.accept()
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


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return tmp_path / "wire"


def start(path, *arguments, targets=("10.0.0.2",)):
    chosen = [word for target in targets for word in ("--target", f"{target}:{PORT}")]
    return loopback.start_load("--wire", path, "--bind", IP, *chosen, *arguments)


def load(path, *arguments, **options):
    return finish_load(start(path, *arguments, **options))


@pytest.mark.parametrize("size", [18, 32, 33, 64, 1472])
@pytest.mark.parametrize("loop", [("--rate", 1000), ("--window", 7)])
def test_all_frames_are_whole_and_all_come_back(path, size, loop):
    with Device(path) as device:
        report = load(path, *loop, "--count", 200, "--size", size, *PATIENT)
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


def test_targets_share_the_wire_in_turn_and_each_gets_its_own(path):
    with Device(path) as device:
        report = load(path, "--rate", 600, "--count", 300, *PATIENT, targets=TARGETS)
    assert report["sent"] == report["received"] == 300
    for ip, mac in TARGETS.items():
        mine = [datagram for datagram in device.seen if datagram.to == ip]
        assert len(mine) == 150 and {datagram.to_mac for datagram in mine} == {mac}
        assert len({datagram.source_port for datagram in mine}) == 1
    assert len({datagram.source_port for datagram in device.seen}) == 2


def test_each_loss_is_counted_under_its_reason(path):
    def answer(number, datagram):
        return {0: [], 1: [datagram.echo(flip(datagram.payload, number % 64))],
                2: [datagram.echo(wrong=1)], 3: [datagram.echo(), datagram.echo()],
                4: [datagram.echo(datagram.payload[:-1])]}.get(number % 10, [datagram.echo()])

    with Device(path, answer):
        report = load(path, "--rate", 400, "--count", 400, *LOSSY)
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
def test_a_frame_that_is_no_echo_is_not_taken_for_one(path, name):
    make = {**BAD, **STRAY}[name]
    with Device(path, lambda _, datagram: [make(datagram), datagram.echo()]):
        report = load(path, "--rate", 200, "--count", 40, *PATIENT)
    assert (report["sent"], report["received"]) == (40, 40)
    assert (report["duplicate"], report["corrupt"]) == (0, 0)
    assert report["stray"] == (40 if name in STRAY else 0)


def test_it_answers_arp_and_ping_as_any_host(path):
    mac = TARGETS["10.0.0.3"]
    ping = struct.pack(">BBHHH", 8, 0, 0, 1, 2) + b"data"
    ping = ping[:2] + struct.pack(">H", checksum(ping)) + ping[4:]
    frames = [ethernet(arp(1, mac, "10.0.0.3", bytes(6), IP), to=b"\xff" * 6, source=mac,
                       kind=0x0806),
              ethernet(ipv4(ping, source="10.0.0.3", to=IP, protocol=1), to=MAC, source=mac)]
    with Device(path, lambda n, datagram: [datagram.echo(), *(frames if n == 1 else [])]) as device:
        load(path, "--rate", 100, "--count", 20, *PATIENT)
    reply, pong = device.other
    assert reply[:6] == mac and reply[14:] == arp(2, MAC, IP, mac, "10.0.0.3")
    assert pong[:6] == mac and pong[34] == 0 and pong[42:] == b"data"


def test_strangers_that_push_a_target_out_of_the_arp_table_only_delay_it(path):
    def stranger(number):
        mac, ip = struct.pack(">HI", 0x5254, number), f"10.0.0.{100 + number}"
        return ethernet(arp(1, mac, ip, bytes(6), IP), to=b"\xff" * 6, source=mac, kind=0x0806)

    with Device(path, lambda number, datagram: [
            datagram.echo(), *(map(stranger, range(40)) if number == 5 else [])]) as device:
        report = load(path, "--rate", 100, "--count", 150, *PATIENT)
    assert device.asked >= 2
    assert report["sent"] == report["received"] == 150


@pytest.mark.parametrize("told", [[50], [20, 50], [50, 50, 7, 0, 2**32, 2**64 - 1]])
def test_what_the_generator_had_no_room_for_is_its_own_loss(path, told):
    """As the device model tells it; what cannot be true is not believed."""
    def answer(number, datagram):
        if number <= 50:
            return []
        news = [struct.pack("=Q", count) for count in told] if number == 51 else []
        return [*news, datagram.echo()]

    with Device(path, answer):
        report = load(path, "--rate", 400, "--count", 200, *LOSSY)
    assert (report["sent"], report["received"]) == (200, 150)
    assert report["lost_by_reason"]["generator"] == 50
    assert report["generator"]["receive_overflow"] == 50


def test_a_device_that_does_not_keep_up_delays_and_is_said_to(path):
    pause = threading.Event()
    with Device(path, lambda number, datagram: [] if pause.wait(0.4) else [datagram.echo()]):
        report = load(path, "--rate", 100000, "--duration", 3)
        pause.set()
    assert report["generator"]["send_again"] > 0
    assert report["generator"]["not_sent"] > 1000
    assert report["lost"] == report["lost_by_reason"]["no_answer"]


def failure(process, status):
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (status, "")
    assert err.count("\n") == 1
    return err


def test_a_device_that_hangs_up_ends_the_run_with_a_word(path):
    with Device(path) as device:
        process = start(path, "--rate", 100, "--duration", 20)
        while not device.seen:
            time.sleep(0.01)
        device.connection.shutdown(socket.SHUT_RDWR)
        err = failure(process, 1)
    assert str(path) in err and "keep running" in err


def test_a_target_that_answers_no_arp_is_named(path):
    with Device(path, targets={}) as device:
        err = failure(start(path), 1)
    assert "10.0.0.2:1235" in err and "ARP" in err
    assert device.asked == 4


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
def test_what_the_wire_cannot_carry_is_refused(path, arguments, target, words):
    with Device(path):
        err = failure(start(path, *arguments, targets=[target]), 2)
    for word in words:
        assert word in err
