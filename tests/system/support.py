# SPDX-License-Identifier: BSD-2-Clause
"""What the system tests share: a laboratory with a running echo system, and frames for it."""
import contextlib
import functools
import os
import pathlib
import struct
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools/demo"))
import lab  # noqa: E402

ECHO_MACS = (bytes.fromhex("525401000001"), bytes.fromhex("525401000002"))
PEER_MAC = bytes.fromhex("5254010000fe")
BROADCAST = b"\xff" * 6


def build_directory():
    if "SDDF_BUILD" not in os.environ:
        pytest.skip("SDDF_BUILD does not name a build directory", allow_module_level=True)
    probe = subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != 0 or os.geteuid() != 0:
        pytest.skip("network namespaces are not permitted here", allow_module_level=True)
    return pathlib.Path(os.environ["SDDF_BUILD"]).resolve()


@functools.cache
def best_nic():
    with lab.Lab(build_directory()) as laboratory:
        return laboratory.best_nic()


def usable(nic):
    """The NIC, or the test is skipped."""
    if nic == lab.XSK and best_nic() != nic:
        pytest.skip("AF_XDP sockets are not to be had here")
    return nic


@contextlib.contextmanager
def running(build, **options):
    """A laboratory and a system in it that echoes."""
    with lab.Lab(build) as laboratory:
        system = laboratory.sddf(**options)
        laboratory.wait_for_echo()
        yield laboratory, system


@contextlib.contextmanager
def exchange(laboratory, *options, seconds=1.5, window=8, **where):
    """Packets go to an echo and back while the body runs, and each of them must return as it was. A
    closed loop with patience loses none however long this machine stands still: an open loop would
    go on sending."""
    process, path = laboratory.load("--window", window, "--duration", seconds, "--patience", 20,
                                    *options, **where)
    yield process
    _, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    report = lab.read_json(path)
    assert report["received"] >= window
    assert (report["lost"], report["corrupt"], report["stray"]) == (0, 0, 0), report


def in_time(check, attempts=5):
    """check() says what is wrong, or nothing. For what depends on time on a machine that may stand
    still: it must hold in one of several attempts."""
    found = []
    for _ in range(attempts):
        found.append(check())
        if not found[-1]:
            return
    raise AssertionError(f"in {attempts} attempts: {found}")


def alive(pid):
    """True for a process that is there and no zombie."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] not in "ZX"


def inject(laboratory, frames):
    """Sends frames, or (count, frame), from the peer's interface."""
    lines = [f"{item[0]} {item[1].hex()}" if isinstance(item, tuple) else f"1 {item.hex()}"
             for item in frames]
    laboratory.inside(laboratory.peer, sys.executable, HERE / "inject.py", "gen0",
                      input="\n".join(lines))


def counted(stats, name):
    """The sum of all components' counters of that name."""
    return sum(counters.get(name, 0) for counters in stats.values())


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def address(text):
    return bytes(map(int, text.split(".")))


def ethernet(payload, to=ECHO_MACS[0], source=PEER_MAC, kind=0x0800):
    return to + source + struct.pack(">H", kind) + payload


def ipv4(payload, source=lab.PEER_IP, to=lab.ECHO_IP, options=b"", flags=0x4000, protocol=17,
         ttl=64, total=None, version=4, wrong=0):
    """`wrong` is added to the header checksum."""
    words = 5 + len(options) // 4
    size = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH4s4s", version << 4 | words, 0, size, 1, flags, ttl, protocol, 0,
                       address(source), address(to)) + options
    found = (checksum(head) + wrong) & 0xffff
    return head[:10] + struct.pack(">H", found) + head[12:] + payload


def udp(payload=b"hello, world", source=lab.PEER_IP, to=lab.ECHO_IP, port=lab.ECHO_PORT,
        source_port=40000, length=None, wrong=0):
    """`wrong` is added to the checksum."""
    size = 8 + len(payload) if length is None else length
    head = struct.pack(">HHHH", source_port, port, size, 0)
    pseudo = address(source) + address(to) + struct.pack(">BBH", 0, 17, 8 + len(payload))
    found = checksum(pseudo + head + payload) or 0xffff
    return head[:6] + struct.pack(">H", (found + wrong) & 0xffff) + payload
