# SPDX-License-Identifier: BSD-2-Clause
"""How statistics pages are found in a guest's memory, which may hold anything. Needs no SDK and no
QEMU: the memory is written here."""
import os
import random

import conftest
import pytest

qemu = conftest.qemu


def page(instance=b"eth0", counters=((b"frames", 7), (b"drops", 1 << 63)), magic=qemu.STATS_MAGIC,
         version=qemu.STATS_VERSION, count=None):
    """A statistics page as sddf/stats.h lays it out."""
    rows = b"".join(qemu.STATS_COUNTER.pack(name, value) for name, value in counters)
    count = len(counters) if count is None else count
    head = qemu.STATS_HEADER.pack(magic, version, count, 0, instance)
    return (head + rows).ljust(qemu.PAGE_BYTES, b"\0")


def stats_of(pages):
    """What a machine reads whose memory holds {address: bytes} and is untouched elsewhere."""
    machine = qemu.Machine("no.img")
    try:
        for address, data in pages.items():
            os.pwrite(machine.memory, data, address)
        return machine.stats()
    finally:
        machine.output.close()
        os.close(machine.memory)


def test_every_page_that_is_one_is_found_wherever_it_lies():
    last = qemu.MEMORY_BYTES - qemu.PAGE_BYTES
    found = stats_of({0: page(b"first"), 5 << 20: page(b"a" * 47, [(b"n" * 23, 3)] * 126), last: page(b"last", [])})
    assert found == {"first": {"frames": 7, "drops": 1 << 63}, "a" * 47: {"n" * 23: 3}, "last": {}}


@pytest.mark.parametrize("wrong", [
    page(count=127), page(count=(1 << 32) - 1), page(version=2), page(magic=0), page(instance=b""),
    page(instance=b"\x1b[31m"), page(counters=[(b"", 1)]), page(counters=[(b"two words", 1)]),
    page(counters=[(b"caf\xe9", 1)]), page(count=3)])
def test_a_page_that_only_looks_like_one_is_passed_over(wrong):
    assert stats_of({1 << 20: wrong, 2 << 20: page()}) == {"eth0": {"frames": 7, "drops": 1 << 63}}


def test_no_memory_makes_the_reader_fail():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    source = random.Random(seed)
    head = qemu.STATS_MAGIC.to_bytes(4, "little") + qemu.STATS_VERSION.to_bytes(4, "little")
    for _ in range(200):
        noise = source.randbytes(qemu.PAGE_BYTES)
        count = source.choice([source.randbytes(4), source.randrange(127).to_bytes(4, "little")])
        qemu.read_stats(head + count + noise[12:])


def test_a_board_that_qemu_does_not_play_is_refused_by_name():
    with pytest.raises(ValueError, match="found board star64, expected one that QEMU plays: qemu_virt_aarch64"):
        qemu.Machine("no.img", "star64")
