# SPDX-License-Identifier: BSD-2-Clause
"""The counting plugin in QEMU, on a kernel of two address spaces (kernel.S) of which every
instruction is known. Needs the plugin in COUNT_PLUGIN and no SDK. Owns the QEMU that it starts."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "bench/sel4"))
import counts  # noqa: E402  (found by the line above)

CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
QEMU = "qemu-system-aarch64"
CALLS, TURNS_A, TURNS_B = 6, 1000, 77
# kernel.S, counted by hand.
BOOT, SWITCH, LAST, INTERRUPT = 23, 15, 18, 7
FROM_SAME_LEVEL_IRQ, FROM_USER_SYNC = 5, 8


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A folder with kernel.elf and user.elf, both built; skips where what it needs is not there."""
    for program in (QEMU, CROSS + "gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}")
    folder = tmp_path_factory.mktemp("machine")
    link = [CROSS + "gcc", "-nostdlib", "-static", "-Wl,--build-id=none"]
    for command in (
            [*link, "-Wl,-Ttext=0x200000,-e,first", HERE / "user.S", "-o", "user.elf"],
            [CROSS + "objcopy", "-O", "binary", "-j", ".text", "user.elf", "user.bin"],
            [*link, "-Wl,-Ttext=0x40080000", f"-DCALLS={CALLS}", f"-DTURNS_A={TURNS_A}",
             f"-DTURNS_B={TURNS_B}", f"-I{folder}", HERE / "kernel.S", "-o", "kernel.elf"]):
        subprocess.run(command, cwd=folder, check=True, timeout=60)
    return folder


def run(folder, *options, plugin=""):
    """Runs the machine until it turns itself off; what QEMU printed."""
    kernel = counts.Image(folder / "kernel.elf")
    told = plugin or (f"out={folder}/counts,kernel=0x40080000-0x40090000,"
                      f"idle={kernel.symbols['idle_thread']:#x}-{kernel.symbols['idle_end']:#x},"
                      f"vectors={kernel.symbols['arm_vector_table']:#x}")
    ran = subprocess.run(
        [QEMU, "-machine", "virt", "-cpu", "cortex-a53", "-display", "none", "-monitor", "none",
         "-nic", "none", "-serial", "stdio", "-kernel", folder / "kernel.elf", *options,
         "-plugin", f"file={os.environ['COUNT_PLUGIN']},{told}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60, check=False)
    return ran.returncode, ran.stdout


def totals(folder):
    """What was counted: a snapshot, and its user records by space, in the order they first ran."""
    snapshot = counts.Counts(folder / "counts").snapshot()
    spaces = {}
    for record in snapshot.records:
        if record.kind == counts.USER:
            spaces.setdefault(record.space, []).append(record)
    return snapshot, list(spaces.values())


def user_instructions(turns, rounds, first_round):
    """user.S by hand: mov, bl, ret, the loop, svc; and the branch back in all but a first round."""
    return rounds * (4 + 2 * turns + 1) - (1 if first_round else 0)


@pytest.mark.parametrize("options", [("-icount", "shift=0"), (), ("-singlestep",)])
def test_two_spaces_with_the_same_code_at_the_same_addresses_are_counted_apart_exactly(
        machine, options):
    assert run(machine, *options) == (0, ".")
    snapshot, spaces = totals(machine)
    assert [len(records) for records in spaces] == [2, 2]  # a space's pages are found to be one's
    first = [snapshot.records.index(records[0]) for records in spaces]
    assert [records[0].space for records in spaces] == first  # and a later page does not rename it
    found = [sum(sum(record.count) for record in records) for records in spaces]
    rounds = CALLS // 2
    assert found == [user_instructions(TURNS_A, rounds, True),
                     user_instructions(TURNS_B, rounds, False)]
    assert [sum(record.system_calls() for record in records) for records in spaces] == [rounds] * 2
    assert snapshot.lost == 0


def test_the_kernels_instructions_are_charged_to_the_space_that_entered_it(machine):
    run(machine, "-icount", "shift=0")
    snapshot, spaces = totals(machine)
    kernel = [sum(record.kernel for record in records) for records in spaces]
    assert kernel == [CALLS // 2 * SWITCH, (CALLS // 2 - 1) * SWITCH + LAST]
    entries = [[sum(record.entries[vector] for record in records)
                for vector in range(counts.VECTORS)] for records in spaces]
    assert all(found[FROM_USER_SYNC] == sum(found) == CALLS // 2 for found in entries)
    idle = snapshot.records[counts.IDLE_RECORD]
    assert idle.kernel == BOOT + INTERRUPT
    assert idle.entries[FROM_SAME_LEVEL_IRQ] == sum(idle.entries) == 1


def test_a_space_is_named_by_its_code_and_its_instructions_by_function(machine):
    run(machine, "-icount", "shift=0")
    snapshot, spaces = totals(machine)
    user = counts.Image(machine / "user.elf")
    naming = counts.Naming(snapshot, [user, counts.Image(machine / "kernel.elf")])
    assert naming.spaces_of(user) == [records[0].space for records in spaces]
    code = {address: count for record in spaces[1] for address, _, count in record.executed()}
    rounds = CALLS // 2
    assert counts.functions(code, user) == {"first": [user_instructions(TURNS_B, rounds, False) - rounds, rounds],
                         "second": [rounds, rounds]}


def test_the_difference_of_two_snapshots_is_what_ran_in_between(machine):
    run(machine, "-icount", "shift=0")
    snapshot, _ = totals(machine)
    earlier = counts.Counts(machine / "counts").snapshot()
    user = next(record for record in earlier.records if record.kind == counts.USER)
    user.count[2] -= 5  # the loop's first instruction
    user.entries[FROM_USER_SYNC] -= 1
    user.kernel -= SWITCH
    del earlier.records[-1]  # of a page that had not run yet
    delta = snapshot.since(earlier)
    assert [sum(record.count) for record in delta.records] == [0, 0, 5, 0, 0, CALLS // 2]
    assert [sum(record.entries) for record in delta.records] == [0, 0, 1, 0, 0, 0]
    assert [record.kernel for record in delta.records] == [0, 0, SWITCH, 0, 0, 0]


@pytest.mark.parametrize("told, sentence", [
    ("kernel=0x1-0x2", "no file for the counts: say out=FILE"),
    ("out=counts,kernel=0x2", 'found argument "kernel=0x2"'),
    ("out=counts,idle=0x2-0x1", 'found argument "idle=0x2-0x1"'),
    ("out=/nonexistent/counts", "/nonexistent/counts: No such file or directory"),
])
def test_the_plugin_refuses_arguments_that_it_cannot_use(machine, told, sentence):
    status, output = run(machine, plugin=told)
    assert status != 0 and sentence in output
