# SPDX-License-Identifier: BSD-2-Clause
"""Measures an echo system on a counted machine (machine.py): bursts of datagrams, payloads verified,
the kernel's own ticks taken off. Used by run and by tests/sel4."""
import pathlib
import random
import time

import yaml

import counts
import machine
import tally

BACKGROUND_SECONDS = 1
PROBE_BYTES = 64


def clients_of(system):
    """(name, address) of each client in a system's description."""
    described = yaml.safe_load(pathlib.Path(system).read_text())
    return [(name, client["ip"].split("/")[0]) for device in described["network"].values()
            for name, client in device["clients"].items()]


def datagrams(numbers, count, size):
    """Each with other bytes, so that one answer is never taken for another."""
    return [numbers.randbytes(size) for _ in range(count)]


class Bench:
    """A machine at rest, its PDs named, and the background of its idling."""

    def __init__(self, folder, kit, counted, clients):
        self.machine = counted
        counted.stop()
        self.system = tally.System(folder, kit / "elf", counted.counts.snapshot())
        self.numbers = random.Random(1)
        self.sockets = {name: machine.open_socket(port)
                        for (name, _), port in zip(clients, counted.ports)}
        for name in self.sockets:
            for _ in range(2):  # the first makes QEMU ask for the client's address
                before = counted.counts.snapshot()
                counted.burst(self.sockets[name], datagrams(self.numbers, 1, PROBE_BYTES))
            self.system.name_by_traffic(name, counted.counts.snapshot().since(before))
        before = counted.counts.snapshot()
        counted.go_on()
        time.sleep(BACKGROUND_SECONDS)
        counted.stop()
        self.background = tally.Background(self.system, counted.counts.snapshot().since(before))

    def row(self, client, size, burst, packets, lines=False, annotate=None):
        """What at least `packets` in bursts cost, and how much the bursts differ. `lines`: by source
        line, too; `annotate`: with the disassembly of this PD."""
        result = tally.Tally(self.system)
        bursts = []
        before = self.machine.counts.snapshot()
        while result.packets < packets:
            sent = self.machine.burst(self.sockets[client], datagrams(self.numbers, burst, size))
            now = self.machine.counts.snapshot()
            one = tally.Tally(self.system)
            one.add(now.since(before), sent)
            before = now
            self.background.take_off(one)
            bursts.append(one.instructions_per_packet())
            result.merge(one)
        return {"packets": result.packets, "lowest": min(bursts), "highest": max(bursts),
                "components": result.per_packet(), "functions": result.functions_per_packet(),
                "lines": result.lines_per_packet() if lines else {},
                "annotated": list(result.annotated(annotate))}


def boot(folder, kit, plugin, clients):
    """A machine that is about to run the image in `folder`, built with the SDK's `kit`; enter it."""
    (image,) = folder.glob("*.img")
    return machine.CountedMachine(image, counts.Image(kit / "elf/sel4.elf"), plugin.resolve(),
                                  [address for _, address in clients])
