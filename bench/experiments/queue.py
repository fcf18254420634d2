# SPDX-License-Identifier: BSD-2-Clause
"""Our queue, from the header that ships, beside DPDK's, Concurrency Kit's and liburcu's (bench/queue)."""
import os

from frame import machine, samples
from frame.context import BenchError, Skip
from frame.plots import plot

TITLE = "The queue beside others'"
CLAIM = ("The talk: components share lock-free bounded queues with one producer and one consumer. Ours adds a "
         "check of every index, a fence and a mark: to reach, in bursts of 32 on two cores, 1.1 times the "
         "speed of DPDK's rte_ring with all of it, 1.5 times as a plain transfer.")
SECONDS, QUICK_SECONDS = 60, 3
NEEDS = ["bench/queue/bench_queue"]
YIELDS = ["time per entry", "speed"]

BASE, BURST = "rte_ring", 32
CONTENDERS = {
    "sddf": "whole contract, entries made where they lie and taken in runs", "sddf-plain": "plain transfer, so",
    "sddf-runs": "whole contract, runs out of an array and into one", "sddf-runs-plain": "plain transfer, so",
    "sddf-slots": "whole contract, entry by entry", "sddf-slots-plain": "plain transfer, so",
    "rte_ring": "DPDK {dpdk}, SP/SC, bursts out of an array and into one",
    "rte_ring-zc": "the same, entries made where they lie (rte_ring_peek_zc.h) and taken in bursts",
    "ck_ring": "Concurrency Kit {ck}, SPSC", "wfcqueue": "liburcu {liburcu}, bursts spliced",
}
GOALS = {"sddf": 1.1, "sddf-plain": 1.5}


def figures(bench, cells):
    """Times of every cell; speeds against rte_ring in the same round, and over all capacities the
    goals."""
    found, ratios = [], {}
    for (where, capacity, burst, name), times in cells.items():
        at = {"cores": where, "capacity": capacity, "burst": burst}
        found.append(bench.figure("time per entry", name, times.values(), "ns", "less", **at))
        base = cells.get((where, capacity, burst, BASE), {})
        rounds = [n for n in times if n in base]
        if name == BASE or not rounds:
            continue
        found.append(bench.ratios("speed", name, [base[n] for n in rounds], BASE,
                                  [times[n] for n in rounds], **at))
        if burst == BURST:
            ratios.setdefault((name, where), []).extend(base[n] / times[n] for n in rounds)
    for (name, where), values in sorted(ratios.items(), key=lambda item: list(CONTENDERS).index(item[0][0])):
        goal = {"goal": GOALS[name]} if name in GOALS and where != "one core" else {}
        found.append(bench.figure("speed, all capacities", name, values, f"times {BASE}", "more",
                                  headline=True, cores=where, burst=BURST, **goal))
    return found


def pictures(cells, capacity):
    """Per place: the time per entry over the burst."""
    made = []
    for where in samples.PLACES:
        series = []
        for name in CONTENDERS:
            bursts = sorted(b for w, c, b, n in cells if (w, c, n) == (where, capacity, name))
            stats = [samples.spread_of(cells[where, capacity, burst, name]) for burst in bursts]
            if stats:
                series.append({"name": name, "x": bursts, "y": [s[0] for s in stats],
                               "low": [s[1] for s in stats], "high": [s[2] for s in stats]})
        if series:
            at = where if where == "one core" else f"two cores, {where}"
            made.append(plot(f"Time per 16-byte entry, {at}, capacity {capacity}", "lines",
                             {"label": "burst (entries)", "log": 2}, {"label": "time per entry (ns)", "log": 10},
                             series))
    return made


def measure(bench):
    if os.cpu_count() < 2:
        raise Skip("this machine has one core; the queue wants two")
    program = bench.build / "bench/queue/bench_queue"
    if not program.exists():
        raise BenchError(f"{program}: not built; it needs libdpdk-dev, libck-dev and liburcu-dev")
    capacities, bursts = bench.choose(((64, 256, 1024, 4096), (1, 2, 4, 8, 16, 32, 64, 128, 256)),
                                      ((1024,), (1, 32, 256)))
    rounds = bench.choose(31, 9)
    bench.steps(rounds)
    taken, disturbed = samples.take(bench, program, rounds, capacities, bursts)
    cells = samples.cells(taken)
    versions = machine.record()
    return {"figures": figures(bench, cells), "plots": pictures(cells, 1024),
            "peers": {name: text.format(**versions) for name, text in CONTENDERS.items()},
            "notes": [f"{len(taken)} samples, every entry verified; {disturbed} not used: the kernel took a "
                      f"core away. Near: a line from core to core in less than {samples.NEAR_NS} ns."]}
