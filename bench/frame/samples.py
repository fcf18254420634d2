# SPDX-License-Identifier: BSD-2-Clause
"""Samples of the programs that stand on bench/cores (queue, transport): taken in turns by the program
itself, every entry verified. A virtual machine's cores move apart and together again within minutes, so
every sample carries the distance of its cores, and near and far are never mixed."""
import collections

from .figures import spread

NEAR_NS = 120  # one cache line, one way; the cores of one die are closer than this, of two are not
PLACES = ("one core", "near", "far")

Sample = collections.namedtuple("Sample", "round cores capacity burst contender ns signals line_ns disturbed")


def parse(text):
    """The samples that a program printed, one a line."""
    samples = []
    for line in text.splitlines():
        rnd, cores, capacity, burst, contender, ns, signals, line_ns, disturbed = line.split("\t")
        samples.append(Sample(int(rnd), int(cores), int(capacity), int(burst), contender, float(ns),
                              float(signals), float(line_ns), disturbed == "1"))
    return samples


def place(sample):
    if sample.cores == 1:
        return "one core"
    return "near" if sample.line_ns < NEAR_NS else "far"


def take(bench, program, rounds, capacities, bursts):
    """All undisturbed samples of `rounds` rounds; a round is a run of the program and one step."""
    samples, disturbed = [], 0
    listed = [",".join(map(str, numbers)) for numbers in (capacities, bursts)]
    for number in range(rounds):
        bench.step(f"round {number + 1} of {rounds}")
        for sample in parse(bench.output(program, bench.system_core, bench.generator_core, number,
                                        *listed)):
            if sample.disturbed:
                disturbed += 1
            else:
                samples.append(sample)
    return samples, disturbed


def cells(samples, what="ns"):
    """{(place, capacity, burst, contender): {round: ns, or another field of the samples}}"""
    found = collections.defaultdict(dict)
    for s in samples:
        found[place(s), s.capacity, s.burst, s.contender][s.round] = getattr(s, what)
    return found


def spread_of(cell):
    """Median, 10 % and 90 % of a cell."""
    return spread(cell.values())
