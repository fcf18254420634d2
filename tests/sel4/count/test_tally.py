# SPDX-License-Identifier: BSD-2-Clause
"""The sums over what the plugin counted, on counts made by hand. Needs neither QEMU nor an SDK."""
import array
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench/sel4"))
import counts  # noqa: E402  (found by the line above)
import tally  # noqa: E402

TICK_ONLY, SHARED, PACKET_ONLY = 0, 1, 2  # three instructions of the kernel
SVC = (0xd4000001).to_bytes(4, "little")
NOP = (0xd503201f).to_bytes(4, "little")


def record(kind, counted, kernel=0, entries=0, space=0, code=NOP):
    made = object.__new__(counts.Record)
    made.host, made.address, made.kind, made.space, made.kernel = 0, 0, kind, space, kernel
    made.entries = [entries] + [0] * (counts.VECTORS - 1)
    made.code = code * (counts.PAGE // 4)
    made.count = array.array("Q", [*counted] + [0] * (counts.PAGE // 4 - len(counted)))
    return made


def period(ticks, packets):
    """A tick is 2 instructions of the kernel, entered from idle; a packet 2, one entry from idle and
    one system call of the driver, which executes 3 instructions."""
    delta = object.__new__(counts.Snapshot)
    delta.lost = 0
    delta.records = [record(counts.IDLE, [], 2 * ticks + packets, ticks + packets),
                     record(counts.KERNEL, [ticks, ticks + packets, packets]),
                     record(counts.USER, [2 * packets], space=2),
                     record(counts.USER, [packets], packets, packets, space=2, code=SVC)]
    return delta


@pytest.fixture(name="system")
def driver_alone():
    system = object.__new__(tally.System)
    system.space_name = {2: "driver"}
    system.space_image = {}
    system.pds = system.images = {}
    system.kernel = types.SimpleNamespace(function=lambda address: (f"at{address // 4}", True))
    return system


@pytest.mark.parametrize("ticks", [0, 1, 7, 1000])
def test_the_kernels_ticks_are_taken_off_however_many_there_were(system, ticks):
    background = tally.Background(system, period(ticks=50, packets=0))
    assert (background.ticks, background.kernel) == (50, 2)
    found = tally.Tally(system)
    found.add(period(ticks, packets=10), 10)
    background.take_off(found)
    assert found.per_packet() == {
        tally.IDLE: {"user": 0, "kernel": 1, "entries": 1, "calls": 0},
        "driver": {"user": 3, "kernel": 1, "entries": 1, "calls": 1}}
    kernel = {name: (count, calls) for name, count, calls in found.functions_per_packet()["kernel"]}
    assert kernel == {"at1": (1, 1), "at2": (1, 1)}


def test_a_component_that_runs_without_traffic_is_no_background(system):
    with pytest.raises(RuntimeError, match="driver ran"):
        tally.Background(system, period(ticks=50, packets=1))


def test_a_system_that_has_no_ticks_needs_none_taken_off(system):
    background = tally.Background(system, period(0, 0))
    found = tally.Tally(system)
    found.add(period(0, packets=4), 4)
    background.take_off(found)
    assert found.instructions_per_packet() == 5


def test_instructions_that_could_not_be_counted_are_an_error(system):
    delta = period(0, 1)
    delta.lost = 3
    with pytest.raises(RuntimeError, match="3 instructions ran where the plugin cannot count"):
        tally.Tally(system).add(delta, 1)


def test_merged_tallies_are_as_one(system):
    parts, whole = tally.Tally(system), tally.Tally(system)
    for packets in (1, 5, 3):
        one = tally.Tally(system)
        one.add(period(2, packets), packets)
        parts.merge(one)
    whole.add(period(6, 9), 9)
    assert parts.per_packet() == whole.per_packet()
    assert sorted(parts.functions_per_packet()["kernel"]) == sorted(
        whole.functions_per_packet()["kernel"])
