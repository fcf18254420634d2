# SPDX-License-Identifier: BSD-2-Clause
"""AF_XDP sockets as NICs: what is left when something ends, what a hostile driver can do with the
rings and the socket that it has, and what reaches what. That they carry packets, and that bad ones
are counted, is in test_peers.py and test_bad_packets.py."""
import contextlib
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess

import pytest

import support
from support import BROADCAST, ethernet, lab

BUILD = support.build_directory()
WAIT = 30  # seconds


@pytest.fixture(name="laboratory", scope="module")
def fixture_laboratory():
    support.usable(lab.XSK)
    with lab.Lab(BUILD) as laboratory:
        yield laboratory


@pytest.fixture(autouse=True)
def fixture_nothing_runs_on(laboratory):
    """A test that fails leaves its system to nobody."""
    yield
    for pid in lab.run("ip", "netns", "pids", laboratory.system).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def interface(laboratory):
    return laboratory.inside(laboratory.system, "ip", "-details", "link", "show", "sys0")


def sockets(laboratory):
    """How many AF_XDP sockets there are in the system's namespace."""
    text = laboratory.inside(laboratory.system, "cat", "/proc/net/protocols")
    return int(re.search(r"^XDP +\d+ +(\d+)", text, re.MULTILINE).group(1))


def nothing_is_left(laboratory):
    """No program, no socket and with it no registered memory; and the interface can be had again."""
    lab.wait_until(lambda: "prog/xdp" not in interface(laboratory), WAIT, "end of the XDP program")
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")
    again = laboratory.sddf(nic=lab.XSK)
    laboratory.wait_for_echo(timeout=WAIT)
    assert sockets(laboratory) == 1 and "prog/xdp" in interface(laboratory)
    again.stop()
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["isolated", "in_process"])
def test_a_runner_that_ends_or_is_killed_leaves_no_program_and_no_memory(laboratory, options, how):
    system = laboratory.sddf(nic=lab.XSK, options=options)
    laboratory.wait_for_echo(timeout=WAIT)
    system.stop(how)
    nothing_is_left(laboratory)


@pytest.mark.parametrize("victim", ["eth0_driver", "device:eth0"])
def test_killing_the_driver_or_the_device_gives_the_interface_back_and_the_others_live_on(
        laboratory, victim):
    system = laboratory.sddf(nic=lab.XSK)
    laboratory.wait_for_echo(timeout=WAIT)
    pids = system.pids()
    os.kill(pids[victim], signal.SIGKILL)
    lab.wait_until(lambda: "prog/xdp" not in interface(laboratory), WAIT, "end of the XDP program")
    if victim == "eth0_driver":
        lab.wait_until(lambda: "its interface is let go" in system.log(), WAIT, "its report")
        lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")
    assert all(support.alive(pid) for name, pid in pids.items()
               if name not in ("eth0_driver", "device:eth0"))
    system.stop()
    nothing_is_left(laboratory)


def test_killing_the_process_of_all_pds_leaves_nothing(laboratory):
    system = laboratory.sddf(nic=lab.XSK, options=["--in-process"])
    laboratory.wait_for_echo(timeout=WAIT)
    os.kill(system.pids()["echo0"], signal.SIGKILL)
    lab.wait_until(system.ended, WAIT, "end of the runner")
    nothing_is_left(laboratory)


def test_who_polls_busily_does_not_sleep_between_packets_and_does_when_none_come_any_more(laboratory):
    """How often it gives up its core of itself: never for what comes within the time, half a second here."""
    system = laboratory.sddf(nic=lab.XSK, wire="xsk:sys0,busy-poll=500000", options=["--in-process"])
    laboratory.wait_for_echo(timeout=WAIT)
    status = pathlib.Path(f"/proc/{system.pids()['echo0']}/status")

    def sleeps():
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.MULTILINE).group(1))
    before = sleeps()
    report = laboratory.measure("--duration", 1, "--window", 1)
    assert report["received"] > 20 > sleeps() - before
    lab.wait_until(lambda: status.read_text().split("State:\t")[1][0] == "S", WAIT, "its sleep")
    system.stop()
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")


def test_an_interface_that_is_deleted_is_reported_and_the_pds_live_on():
    with support.running(BUILD, nic=support.usable(lab.XSK)) as (laboratory, system):
        pids = system.pids()
        laboratory.inside(laboratory.system, "ip", "link", "delete", "sys0")
        lab.wait_until(lambda: "interface sys0 is gone" in system.log(), WAIT, "its report")
        lab.wait_until(lambda: not support.alive(pids["device:eth0"]), WAIT, "its device's end")
        assert all(support.alive(pid) for name, pid in pids.items() if name != "device:eth0")


@pytest.mark.parametrize("wire, said", [
    ("xsk:nowhere", "AF_XDP: nowhere"), ("packet:sys0", "this device wants xsk:IFNAME"),
    ("xsk:sys0,queue=9", "cannot be bound"), ("xsk:sys0,fast", 'found "fast"'),
])
def test_a_wire_that_cannot_be_is_an_error_of_the_start_and_says_what_is_wrong(
        laboratory, wire, said):
    with pytest.raises(lab.LabError) as raised:
        laboratory.sddf(nic=lab.XSK, wire=wire)
    assert "ended with status 1" in str(raised.value) and said in str(raised.value)
    assert sockets(laboratory) == 0 and "prog/xdp" not in interface(laboratory)


def test_where_afxdp_is_not_to_be_had_the_laboratory_says_so_in_a_line_and_takes_virtio(
        laboratory, capsys):
    system = laboratory.sddf(nic=lab.XSK)  # has the interface
    assert laboratory.best_nic() == lab.VIRTIO
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0 and "has one already" in said and "virtio" in said
    laboratory.wait_for_echo(timeout=WAIT)
    system.stop()
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")


# ---- What a driver can do that has the rings ----

def drive_by(folder, hostile):
    """A folder in which that image is the driver's."""
    shutil.copy(BUILD / f"tests/system/hostile_{hostile}.elf", folder / "net_xsk.elf")
    return [folder]


SECRET = b"nobody but echo1 may see this, which no device has to do with!!!"
KNOWN = b"of echo0's own memory, from which its frames are sent: the UMEM."


class Memory:
    """The memory of a region of a running system, which the runner has, too."""

    def __init__(self, pid, name):
        folder = pathlib.Path(f"/proc/{pid}/fd")
        self.path = next(path for path in folder.iterdir()
                         if os.readlink(path).startswith(f"/memfd:{name} "))

    def write(self, data):
        with open(self.path, "r+b") as file:
            file.write(data)

    def read(self):
        return self.path.read_bytes()


def system_with_a_secret(folder):
    text = (lab.ROOT / "systems/echo/echo.yaml").read_text()
    path = folder / "echo.yaml"
    path.write_text(text + "regions:\n  secret: { size: 64KiB, dma: true, maps: { echo1: rw } }\n")
    return path


def test_a_hostile_driver_reaches_no_memory_but_that_of_its_device(laboratory, tmp_path):
    """The kernel takes no address outside of the UMEM, and the UMEM is what a device model would
    have let the driver reach: receive buffers, and what its clients send from."""
    capture = tmp_path / "capture"
    listener = laboratory.start(laboratory.peer, "tcpdump", "-i", "gen0", "-Z", "root", "-U", "-B",
                                "65536", "-w", capture, stderr=subprocess.PIPE, text=True)
    lab.wait_until(lambda: "listening" in listener.stderr.readline(), WAIT, "tcpdump")
    system = laboratory.sddf(yaml=system_with_a_secret(tmp_path), nic=lab.XSK,
                             search=drive_by(tmp_path, "xsk_addresses"), options=["--no-strict"])
    runner = system.runner()
    secret, known = Memory(runner, "secret"), Memory(runner, "echo0_data")
    secret.write(SECRET * 1024)
    known.write(KNOWN * 1024)

    def count(owner, name):
        return system.stats()[owner][name]
    begun = count("eth0_driver", "passes")  # one may be under way
    lab.wait_until(lambda: count("eth0_driver", "passes") > begun + 1, WAIT, "its attacks")
    support.inject(laboratory, [(2000, ethernet(b"x" * 1400, to=BROADCAST))])
    lab.wait_until(lambda: count("eth0_driver", "buffers_taken") == 1024, WAIT, "its buffers")
    least = count("eth0_driver", "bad_frames")
    lab.wait_until(lambda: count("device:eth0", "tx_bad_frames") >= least, WAIT, "its frames")
    assert least > 100 and count("eth0_driver", "received") == 0
    assert count("device:eth0", "rx_no_buffer") > 0
    assert secret.read() == SECRET * 1024
    assert system.stats()["eth0_virt_rx"]["frames"] == 0
    assert all(map(support.alive, system.pids().values())), system.log()
    system.stop()
    lab.end(listener)
    frames = capture.read_bytes()
    assert KNOWN in frames, "the capture would have shown it"
    assert SECRET[:32] not in frames
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="makes x86-64 system calls")
@pytest.mark.parametrize("call", range(11))
def test_of_the_sockets_system_calls_a_driver_may_make_its_doorbell_and_no_other(
        laboratory, tmp_path, call):
    system = laboratory.sddf(nic=lab.XSK, search=drive_by(tmp_path, f"xsk_call_{call}"))
    lab.wait_until(lambda: re.search("ALLOWED|no socket|which no PD may make", system.log()), WAIT,
                   "the call or its refusal")
    assert "no socket" not in system.log()
    assert ("ALLOWED" in system.log()) == (call == 0), system.log()
    system.stop()
    lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")


# ---- Two devices ----

TWO = """
system: two
network:
  eth0: { clients: { echo0: { mac: "52:54:01:00:00:01", ip: 10.0.0.2/24 } } }
  eth1: { clients: { echo1: { mac: "52:54:01:00:00:02", ip: 10.0.0.3/24 } } }
components:
  echo0: { image: echo }
  echo1: { image: echo }
"""


@pytest.mark.parametrize("nic", [lab.VIRTIO, lab.XSK])
def test_a_device_reaches_what_its_own_driver_and_virtualisers_have_and_no_other_devices(
        laboratory, tmp_path, nic):
    (tmp_path / "two.yaml").write_text(TWO)
    laboratory.inside(laboratory.system, "ip", "link", "add", "one", "type", "veth", "peer", "name",
                      "other")
    more = ["--wire", "eth1=" + ("packet:one" if nic == lab.VIRTIO else "xsk:one,generic")]
    try:
        laboratory.inside(laboratory.system, "ip", "link", "set", "one", "up")
        system = laboratory.sddf(yaml=tmp_path / "two.yaml", nic=nic, options=more)
        laboratory.wait_for_echo(timeout=WAIT)
        for own, client, other in (("eth0", "echo0", "eth1"), ("eth1", "echo1", "eth0")):
            maps = pathlib.Path(f"/proc/{system.pids()[f'device:{own}']}/maps").read_text()
            mapped = set(re.findall(r"/memfd:(\w+) ", maps)) - {"registers", "link", "stats"}
            rings = {f"{own}_rings"} if nic == lab.VIRTIO else set()
            assert mapped == {f"{own}_rx_data", f"{client}_data"} | rings
            assert not any(name.startswith(other) for name in mapped)
        system.stop()
        lab.wait_until(lambda: sockets(laboratory) == 0, WAIT, "end of the sockets")
    finally:
        laboratory.inside(laboratory.system, "ip", "link", "delete", "one")
