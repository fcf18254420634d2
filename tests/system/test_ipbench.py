# SPDX-License-Identifier: BSD-2-Clause
"""systems/ipbench, where the sources of lwIP were given to the build (LWIP): a controller learns how busy the CPU was,
and a hostile one keeps nobody from it. The protocol itself is tested in tests/unit/test_ipbench.c."""
import os
import pathlib
import random
import struct
import subprocess
import sys
import time

import pytest

import support
from support import lab

BUILD = support.build_directory()
YAML = lab.ROOT / "systems/ipbench/ipbench.yaml"
TARGET, TARGET_MAC = "10.0.0.3", support.ECHO_MACS[1]
PORT = 8037

# Sends bytes in pieces of a size, and prints what comes back until the end, or a silence.
TALK = """
import socket, sys
pieces, silence = int(sys.argv[3]), float(sys.argv[4])
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    found, text = s.recv(1000), sys.stdin.buffer.read()
    s.settimeout(silence)
    try:
        for at in range(0, len(text), pieces):
            s.sendall(text[at:at + pieces])
        while (more := s.recv(1000)):
            found += more
        end = "closed"
    except TimeoutError:
        end = "silent"
    except OSError:
        end = "reset"
print(end, found)
"""


@pytest.fixture(name="running", scope="module")
def fixture_running():
    if not (BUILD / "components/ipbench_target.elf").exists():
        pytest.skip("LWIP did not name the sources of lwIP when this was built")
    with support.running(BUILD, yaml=YAML, options=("--strict",)) as running:
        yield running


def measure(laboratory, seconds=0.5):
    text = laboratory.inside(laboratory.peer, sys.executable, support.HERE / "ipbench_controller.py", TARGET, PORT,
                             seconds, timeout=60)
    return float(text)


def talk(laboratory, text, pieces=1000, silence=1.0):
    return laboratory.inside(laboratory.peer, sys.executable, "-c", TALK, TARGET, PORT, pieces, silence,
                             input=text, timeout=60)


def cpu_seconds(pid):
    """The time that a process has had."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return sum(map(int, text.rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def test_a_controller_learns_how_busy_the_cpu_was(running):
    """What Linux says that the idle component had of the CPU is what the target says was left of it: however busy this
    machine is with other things. Rounds that the machine below interrupts are time that it had and does not count."""
    laboratory, system = running
    pid = system.pids()["idle"]

    def told():
        before, start = cpu_seconds(pid), time.monotonic()
        with support.exchange(laboratory, window=32, seconds=2):
            busy = measure(laboratory, 3)
        had, seconds = cpu_seconds(pid) - before, time.monotonic() - start
        assert 0 <= busy <= 100
        idle = 3 * (1 - busy / 100)
        return None if had / 3 <= idle <= had + 0.1 else f"{idle} s of 3 idle; it had {had} in {seconds}"
    support.in_time(told)
    stats = system.stats()
    print(stats)
    assert stats["benchmark"]["intervals"] == stats["target"]["measured"] >= 1
    assert 0 < stats["benchmark"]["idle_ticks"] <= stats["benchmark"]["total_ticks"]
    assert stats["benchmark"]["bad_requests"] == 0


def test_lines_may_come_byte_by_byte_or_all_at_once(running):
    laboratory, _ = running
    text = 'HELLO\r\nLOAD cpu_target_lukem\nSETUP args::""\nSTART\nSTOP\n'
    for pieces in (1, 7, 1000):
        said = talk(laboratory, text, pieces)
        assert said.startswith("closed b'100 IPBENCH V1.0\\n200 OK (Ready to go)\\n200 OK\\n200 OK\\n220 VALID DATA"), said
        assert said.rstrip().endswith("\\n\\x00'"), said


def test_overlong_lines_and_rubbish_without_end_are_sent_away(running):
    laboratory, _ = running
    said = talk(laboratory, "x" * 100000 + "\nHELLO\nQUIT\n")
    assert "500 SYNTAX ERROR" in said and "200 OK (Ready to go)" in said, said
    for text in ("x\n" * 100000, "HELP\n" * 5000, "STATUS\n" * 5000):
        assert talk(laboratory, text).split()[0] in ("closed", "reset")
    measure(laboratory)


def test_a_second_controller_is_refused_while_one_measures_and_abort_ends_it(running):
    laboratory, _ = running
    first = laboratory.start(laboratory.peer, sys.executable, support.HERE / "ipbench_controller.py", TARGET, PORT,
                             30, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lab.wait_until(lambda: "Running a test" in talk(laboratory, "STATUS\n", silence=0.3), 20, "a measurement")
    assert "421 SERVICE NOT AVAILABLE" in talk(laboratory, "HELLO\n")
    assert first.poll() is None
    talk(laboratory, "ABORT\n")
    assert "Not running a test" in talk(laboratory, "STATUS\n", silence=0.3)
    measure(laboratory)
    lab.end(first)


def test_connections_beyond_those_that_it_has_are_refused_and_dead_ones_make_room(running):
    laboratory, system = running
    holders = [laboratory.start(laboratory.peer, sys.executable, "-c",
                                f"import socket, time\ns = socket.create_connection(('{TARGET}', {PORT}))\n"
                                "print(s.recv(100), flush=True)\ntime.sleep(60)",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for _ in range(4)]
    assert all("IPBENCH" in holder.stdout.readline() for holder in holders)
    with pytest.raises(lab.LabError):
        measure(laboratory)
    assert system.stats()["target"]["refused"] > 0
    for holder in holders:
        holder.kill()
        holder.wait()
    measure(laboratory)


def syn(number):
    """A SYN from an address that answers nothing, from a port of its own."""
    source = f"10.0.0.{100 + number % 100}"
    head = struct.pack(">HHIIBBHHH", 1024 + number, PORT, number, 0, 5 << 4, 2, 1024, 0, 0)
    pseudo = support.address(source) + support.address(TARGET) + struct.pack(">BBH", 0, 6, len(head))
    head = head[:16] + struct.pack(">H", support.checksum(pseudo + head)) + head[18:]
    return support.ethernet(support.ipv4(head, source=source, to=TARGET, protocol=6), to=TARGET_MAC)


def test_half_open_connections_end_no_measurement_and_are_forgotten(running):
    laboratory, _ = running
    first = laboratory.start(laboratory.peer, sys.executable, support.HERE / "ipbench_controller.py", TARGET, PORT,
                             5, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lab.wait_until(lambda: "Running a test" in talk(laboratory, "STATUS\n", silence=0.3), 20, "a measurement")
    support.inject(laboratory, [syn(number) for number in range(500)])
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 0 and 0 <= float(said) <= 100, said

    def measured():
        try:
            return measure(laboratory) >= 0
        except lab.LabError:
            return False
    lab.wait_until(measured, 90, "a measurement after the half-open connections")


def test_segments_at_random_break_nothing(running):
    laboratory, system = running
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    numbers = random.Random(seed)

    def segment():
        head = struct.pack(">HHIIBBHHH", numbers.randrange(1024, 1034), PORT, numbers.getrandbits(32),
                           numbers.getrandbits(32), numbers.choice((5, 5, 5, 6, 8, 15, 0)) << 4,
                           numbers.getrandbits(6), numbers.getrandbits(16), 0, numbers.getrandbits(16))
        data = head + numbers.randbytes(numbers.choice((0, 0, 4, 40, 1000)))
        pseudo = support.address(lab.PEER_IP) + support.address(TARGET) + struct.pack(">BBH", 0, 6, len(data))
        data = data[:16] + struct.pack(">H", support.checksum(pseudo + data)) + data[18:]
        return support.ethernet(support.ipv4(data, to=TARGET, protocol=6), to=TARGET_MAC)
    support.inject(laboratory, [segment() for _ in range(5000)])
    assert not system.ended()
    measured = []
    lab.wait_until(lambda: measured.append(1) or "OK" in talk(laboratory, "STATUS\n", silence=0.3), 60, "an answer")
    stats = system.stats()
    assert stats["target"]["bad_returns"] == 0
    measure(laboratory)
