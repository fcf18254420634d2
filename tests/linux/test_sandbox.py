# SPDX-License-Identifier: BSD-2-Clause
"""What somebody who has taken over a PD may do: write all that the PD may write, and hurt nobody
with it. With the system call filter, and without it, when only the pages' own permissions hold."""

import ctypes
import pathlib
import re
import struct
import subprocess
import time

import pytest

from harness import SANITIZED, Run, alive, on_x86, pd
from test_run import probe

NO_FILTER = ["env", "SDDF_UNSAFE=no-seccomp"]
PLAN = 0x10000000
HEAD = 8 * 8


def why_no_memory_of_others():
    """As root, but perhaps without the capability: tries it on a process of another user."""
    with subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           "sleep", "10"], stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(0.2)
            with open(f"/proc/{process.pid}/mem", "r+b", buffering=0):
                return None
        except OSError as error:
            return f"the memory of a PD cannot be written from outside here: {error}"
        finally:
            process.kill()


NO_MEMORY = why_no_memory_of_others()
from_outside = pytest.mark.skipif(NO_MEMORY is not None, reason=str(NO_MEMORY))


def exchange():
    maps = ('<map mr="{}" vaddr="0x10002000" perms="rw" setvar_vaddr="own_word"/>'
            '<map mr="{}" vaddr="0x10004000" perms="r" setvar_vaddr="peer_word"/>')
    plan = '<map mr="plan" vaddr="0x10000000" perms="{}" setvar_vaddr="plan_address"/>'
    regions = "".join(f'<memory_region name="{name}" size="0x1000"/>'
                      for name in ("plan", "left", "right"))
    attacked = ('<map mr="left" vaddr="0x10002000" perms="r"/>'
                '<map mr="right" vaddr="0x10004000" perms="r"/>')
    channel = ('<channel><end pd="{}" id="{}"/><end pd="{}" id="{}"/></channel>')
    return (
        regions
        + pd("left", "victim", maps.format("left", "right") + plan.format("r"))
        + pd("right", "victim", maps.format("right", "left"))
        + pd("attacker", "attacker", plan.format("rw") + attacked, 'cpu="1"').replace(
            '"100"', '"0"')
        + channel.format("attacker", 1, "left", 3) + channel.format("attacker", 2, "right", 3)
        + channel.format("left", 4, "right", 4)
    )


def mappings(pid):
    """Start, end, permissions and name of each, but for those that the kernel keeps to itself."""
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if not found[4].startswith(("[vvar", "[vdso", "[vsyscall")):
            yield int(found[1], 16), int(found[2], 16), found[3], found[4]


def word_of_libc(name):
    try:
        return ctypes.c_ssize_t.in_dll(ctypes.CDLL(None), name).value
    except ValueError:
        return 0  # a libc without rseq


def hand_plan(pid, unlock):
    """Gives the attacker each mapping that it may write, or, to `unlock`, could hope to: all but
    its stack, code and plan. Returns those that it may not write, by index, and which of them it
    shares with others."""
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(PLAN)
        (stack,) = struct.unpack("Q", memory.read(8))
        assert stack != 0
        ranges = [(start, end, permissions) for start, end, permissions, _ in mappings(pid)
                  if "x" not in permissions and start != PLAN and not start <= stack < end
                  and (unlock or "w" in permissions)]
        assert len(ranges) <= 240
        memory.seek(PLAN + HEAD)
        memory.write(b"".join(struct.pack("QQ", start | ("w" in permissions), end)
                              for start, end, permissions in ranges))
        memory.seek(PLAN + 16)
        memory.write(struct.pack("Q", unlock))
        memory.seek(PLAN + 40)
        memory.write(struct.pack("qQ", word_of_libc("__rseq_offset"), 32))
        memory.seek(PLAN + 8)
        memory.write(struct.pack("Q", len(ranges)))
        return {index: permissions.endswith("s") for index, (_, _, permissions)
                in enumerate(ranges) if "w" not in permissions}


def opened(pid, locked):
    """How many passes it has made, and which of the locked mappings it could make writable."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(PLAN + 24)
        passes, count = struct.unpack("QQ", memory.read(16))
        memory.seek(PLAN + HEAD)
        starts = struct.unpack("Q8x" * 240, memory.read(16 * 240))
    unlocked = {index for index in locked if starts[index] & 1}
    assert len(unlocked) == count
    return passes, unlocked


@on_x86
@from_outside
@pytest.mark.skipif(SANITIZED, reason="the attacker would destroy its sanitizer's own memory")
@pytest.mark.parametrize("unlock", [False, True], ids=["with the filter", "without the filter"])
def test_a_pd_that_writes_every_word_it_can_reach_leaves_others_notifications_exact(
        tmp_path, unlock):
    options = {"before": NO_FILTER} if unlock else {}
    with Run(tmp_path, exchange(), *(["--no-seccomp"] if unlock else []), **options) as run:
        run.until("attacker| ready")
        pids = run.pids()
        locked = hand_plan(pids["attacker"], unlock)
        run.until("left| all exact\n")
        assert "FORGED" not in run.output
        passes, unlocked = opened(pids["attacker"], locked)
        assert passes >= 100
        if unlock:  # its own memory, constants for example, but nothing that others see
            assert unlocked and sum(locked.values()) == 6
            assert not any(locked[index] for index in unlocked)
        else:
            assert not locked and not unlocked
        assert all(alive(pid) for pid in pids.values())
        assert run.stop()[0] == 0


@on_x86
@from_outside
@pytest.mark.skipif(SANITIZED, reason="a sanitizer has mappings of its own")
def test_no_mapping_of_a_pd_is_writable_and_executable_nor_shared_but_for_its_own_words(tmp_path):
    with Run(tmp_path, exchange()) as run:
        run.until("attacker| ready")
        found = list(mappings(run.pids()["attacker"]))
    assert all(not ("w" in permissions and "x" in permissions) for _, _, permissions, _ in found)
    shared = sorted((name, permissions) for _, _, permissions, name in found
                    if permissions.endswith("s"))
    name = "/memfd:{} (deleted)".format
    assert shared == sorted([
        (name("plan"), "rw-s"), (name("left"), "r--s"), (name("right"), "r--s"),
        (name("report"), "rw-s"),
        # its own state, and its two peers'
        (name("state"), "rw-s"), (name("state"), "r--s"), (name("state"), "r--s"),
        # lines to two peers, and from them
        (name("line"), "rw-s"), (name("line"), "rw-s"), (name("line"), "r--s"),
        (name("line"), "r--s"),
    ])


@on_x86
@pytest.mark.skipif(SANITIZED, reason="a sanitizer build loads no filter of this kind")
def test_the_filter_cannot_be_left_out_by_accident(tmp_path):
    with probe(tmp_path, "mprotect", "--no-seccomp") as run:
        code, output = run.end()
        assert code == 2 and "SDDF_UNSAFE=no-seccomp" in output and "probe|" not in output
    with Run(tmp_path, pd("a", "hello"), before=NO_FILTER) as run:
        run.until("hello from a")
        assert seccomp_of(run.pids()["a"]) == "2"
    with Run(tmp_path, pd("a", "hello"), "--no-seccomp", before=NO_FILTER) as run:
        run.until("hello from a")
        assert "without their system call filter: for tests only" in run.output
        assert seccomp_of(run.pids()["a"]) == "0"


def seccomp_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(r"^Seccomp:\s*(\d)", status, re.MULTILINE)[1]
