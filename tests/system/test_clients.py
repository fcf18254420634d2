# SPDX-License-Identifier: BSD-2-Clause
"""Components that are clients of several devices, on Linux, over in-memory wires: echo of a network, a
serial device and a timer, and a relay of two networks."""
import json
import os
import pathlib
import re
import socket
import struct
import subprocess

import pytest

import serial_line
from serial_line import SECONDS, lab
from support import BROADCAST, ECHO_MACS, PEER_MAC, ethernet

ECHO = lab.ROOT / "systems/echo/echo_serial.yaml"
NAMES = ("\x1b[32mecho0\x1b[0m: ", "\x1b[33mecho1\x1b[0m: ")
START = tuple(f"{NAMES[i]}10.0.0.{2 + i}/24 on eth0, 52:54:01:00:00:0{1 + i}\r\n" for i in (0, 1))
RELAY_MACS = ECHO_MACS
ETHERTYPE = 0x88B5  # IEEE 802's, for local experiments
RELAY = """system: relay
network:
  eth0: { clients: { relay: { mac: "52:54:01:00:00:01", copy: FIRST } } }
  eth1: { clients: { relay: { mac: "52:54:01:00:00:02", copy: SECOND } } }
components: { relay: { image: relay } }
"""


@pytest.fixture(name="build", scope="module")
def fixture_build():
    if "SDDF_BUILD" not in os.environ:
        pytest.skip("SDDF_BUILD does not name a build directory")
    return pathlib.Path(os.environ["SDDF_BUILD"]).resolve()


def echo(build, folder, *options, system=ECHO):
    return serial_line.Running(build, folder, system, "--wire", f"eth0=memory:{folder}/wire", *options)


def load(build, folder, *options, target="10.0.0.2"):
    """Verified datagrams there and back over the wire; the report."""
    report = folder / "report.json"
    lab.run(build / "tools/load/sddf-load", "--target", f"{target}:1235", "--bind", "10.0.0.1", "--wire",
            folder / "wire", "--json", report, "--patience", 20, *options, timeout=SECONDS)
    return json.loads(report.read_text())


def statistics(terminal, count):
    """What a client says of itself when a line is typed to it, up to its signals."""
    terminal.type("\r")
    shown = "".join(terminal.wait_for("signals ") for _ in range(count)) + terminal.wait_for("\r\n")
    return {name: int(value) for name, value in re.findall(r"0m: (\w+) (\d+)\r\n", shown)}


@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["isolated", "in_process"])
def test_echo_tells_its_addresses_and_statistics_on_the_serial_line_in_whole_lines(build, tmp_path, options):
    with echo(build, tmp_path, *options) as running:
        terminal = running.terminal
        shown = terminal.wait_for("eth0, ") + terminal.wait_for("eth0, ") + terminal.wait_for("\r\n")
        assert sorted(shown.splitlines(keepends=True)) == sorted(START)
        report = load(build, tmp_path, "--window", 8, "--duration", 1)
        told = statistics(terminal, 1)
        assert told["udp_echoed"] >= report["received"] > 0
        stats = running.stop()
    assert told["udp_echoed"] == stats["echo0"]["udp_echoed"] and "drop_port" not in told
    assert not re.search(r"^(echo\d\||echo\d:)", running.log(), re.MULTILINE), "it is said once, there"
    for name in ("echo0", "echo1", "serial0_virt_tx", "serial0_virt_rx"):
        assert not any(stats[name].get(ill) for ill in ("violations", "bad_chunks", "drop_full", "bad_returns"))


def test_a_console_is_looked_at_while_packets_come_and_costs_none_of_them(build, tmp_path):
    with echo(build, tmp_path) as running:
        running.terminal.wait_for("echo0\x1b[0m: 10.0.0.2")
        flood = subprocess.Popen(
            [build / "tools/load/sddf-load", "--target", "10.0.0.2:1235", "--bind", "10.0.0.1", "--wire",
             tmp_path / "wire", "--json", tmp_path / "report.json", "--patience", "20", "--window", "64",
             "--duration", "4"], stdout=subprocess.DEVNULL)
        for _ in range(20):
            statistics(running.terminal, 1)
        assert flood.wait(SECONDS) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["received"] == report["sent"] > 0, report


def damaged(folder, pd, device, offset, data):
    """Changes bytes of the part of a blob that is about the device."""
    path, at = folder / f"{pd}.bin", 0
    blob = bytearray(path.read_bytes())
    while blob[at + 64:at + 96].rstrip(b"\0") != device.encode():
        at += struct.unpack_from("<I", blob, at + 8)[0]
    blob[at + offset:at + offset + len(data)] = data
    path.write_bytes(blob)


PREFIX_LENGTH, VERSION = 238, 6  # offsets in a network client's part


@pytest.mark.parametrize(("offset", "data", "says"), [
    (PREFIX_LENGTH, b"\x21", "prefix_length: must be 1 to 32 bits"),
    (VERSION, b"\x63", "the blob is of another version; run sddf gen again"),
])
def test_what_is_wrong_with_its_configuration_echo_says_on_the_serial_line_and_stops(build, tmp_path, offset, data, says):
    running = echo(build, tmp_path)
    damaged(tmp_path, "echo0", "eth0", offset, data)
    with running:
        terminal = running.terminal
        shown = terminal.wait_for("\r\n") + terminal.wait_for("\r\n")
        assert sorted(shown.splitlines(keepends=True)) == sorted([f"{NAMES[0]}bad configuration: {says}\r\n", START[1]])
        lab.wait_until(lambda: "echo0: fault: " in running.log(), SECONDS, "fault of echo0")
        assert f"echo0: bad configuration: {says}" in running.log()
        assert load(build, tmp_path, "--window", 1, "--duration", 0.5, target="10.0.0.3")["received"] > 0


def test_echo_that_is_a_client_of_a_timer_too_tells_its_rate_each_second(build, tmp_path):
    system = tmp_path / "echo_serial.yaml"
    system.write_text(ECHO.read_text() + "timer:\n  timer: { clients: [echo0] }\n")
    with echo(build, tmp_path, system=system) as running:
        running.terminal.wait_for("echo0\x1b[0m: 10.0.0.2")
        report = load(build, tmp_path, "--window", 4, "--duration", 3)
        told = statistics(running.terminal, 1)
        running.terminal.read()
        everything = running.terminal.everything
        stats = running.stop()
    rates = [(int(n), int(ms)) for n, ms in re.findall(r"32mecho0\x1b\[0m: (\d+) echoed in (\d+) ms\r\n", everything)]
    assert len(rates) >= 2 and all(n > 0 and ms >= 1000 for n, ms in rates), everything
    assert sum(n for n, _ in rates) <= told["udp_echoed"] and report["received"] > 0
    assert "33mecho1\x1b[0m: 0 echoed" not in everything
    assert stats["timer_driver"]["bad_requests"] == 0


class Wire:
    """The other end of an in-memory wire."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(SECONDS)
        self.socket.connect(str(path))

    def receive(self):
        frame = b""
        while len(frame) < 14:  # what is shorter tells of drops
            frame = self.socket.recv(2048)
        return frame


@pytest.mark.parametrize("copies", [("true", "true"), ("true", "false"), ("false", "false")], ids="-".join)
def test_a_client_of_two_networks_passes_frames_from_each_to_the_other(build, tmp_path, copies):
    system = tmp_path / "relay.yaml"
    system.write_text(RELAY.replace("FIRST", copies[0]).replace("SECOND", copies[1]))
    tool, board = build / "tools/sddf/sddf", lab.ROOT / "boards/linux.yaml"
    lab.run(tool, "gen", system, "--board", board, "-o", tmp_path)
    paths = [tmp_path / "wire0", tmp_path / "wire1"]
    command = [tool, "run", tmp_path / "relay.system", "--board", board, "--stats", tmp_path / "stats",
               "--search", tmp_path, "--search", build / "components", "--search", build / "tests/system"]
    command += [word for i, path in enumerate(paths) for word in ("--wire", f"eth{i}=memory:{path}")]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        lab.wait_until(lambda: all(path.exists() for path in paths), SECONDS, "wires")
        wires = [Wire(path) for path in paths]
        lab.wait_until(lambda: passes(wires), SECONDS, "relay")
        for number in range(200):
            way = number % 2
            payload = number.to_bytes(4, "big") + bytes([number]) * (40 + 5 * number)
            wires[way].socket.send(ethernet(payload, RELAY_MACS[way], PEER_MAC, ETHERTYPE))
            assert wires[1 - way].receive() == ethernet(payload, BROADCAST, RELAY_MACS[1 - way], ETHERTYPE)
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
    stats = json.loads((tmp_path / "stats").read_text())
    assert stats["relay"]["relayed"] >= 200 and stats["relay"]["drop_short"] == 0, stats
    assert not any(counters.get("violations") for counters in stats.values())


def passes(wires):
    """A frame gets through: before the relay is up, what comes for it is dropped."""
    wires[0].socket.send(ethernet(bytes(46), RELAY_MACS[0], PEER_MAC, ETHERTYPE))
    wires[1].socket.settimeout(0.2)
    try:
        return bool(wires[1].receive())
    except TimeoutError:
        return False
    finally:
        wires[1].socket.settimeout(SECONDS)
