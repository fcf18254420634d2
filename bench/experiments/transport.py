# SPDX-License-Identifier: BSD-2-Clause
"""Our transport beside the talk's listing, a table of descriptors, and itself less one part at a time
(bench/transport)."""
import os

from frame import samples
from frame.context import Skip
from frame.plots import plot

TITLE = "The transport, and what each part of it is worth"
CLAIM = ("The talk: two queues per direction, of full and of empty buffers. Its listing has both indices in "
         "one line, a barrier for each entry and a signal for each packet. Ours publishes a batch at a time, "
         "gives each word one writer, and signals only who waits.")
SECONDS, QUICK_SECONDS = 55, 6
NEEDS = ["bench/transport/bench_transport"]
YIELDS = ["time per buffer", "signals per buffer", "speed", "time less one part"]

CALLED = " called"  # with a system call for each signal
OURS, LISTING = "sddf", "listing"
PEERS = {
    "listing": "the talk's listing in form: one line of indices, a release or acquire barrier for each entry, a signal "
               "for each packet, nothing checked",
    "listing, full barrier": "the same with a full barrier",
    "table": "descriptor table with a ring of offered and one of used, in the form of virtio 1.2's split queue with "
             "flags; an entry published at a time",
}
ABLATIONS = {
    "index-not-cached": "the peer's head read for each burst",
    "mark-beside-head": "the mark on the line of the head",
    "words-on-one-line": "all of a side's words on one line",
    "no-fences": "without F1 and F2: wakes can be lost",
    "no-checks": "indices and epochs believed: not safe",
    "each-published": "an entry published and released at a time",
    "each-signalled": "the same, and the mark looked at after each",
    "always-armed": "armed after each take, needed or not",
    "always-signalled": "a signal for each burst, asked for or not",
}
CAPACITY, BURST = 256, 32


def rounds_of(cell, base):
    """Pairs of the same round."""
    return [(cell[n], base[n]) for n in cell if n in base]


def figures(bench, times, signals):
    found = []
    for (where, _, burst, name), cell in times.items():
        at = {"cores": where, "burst": burst, "signals": "a call for each signal" if name.endswith(CALLED) else
              "signals counted"}
        who = name.removesuffix(CALLED)
        found.append(bench.figure("time per buffer", who, cell.values(), "ns", "less", **at))
        found.append(bench.figure("signals per buffer", who, signals[where, CAPACITY, burst, name].values(),
                                  "per buffer", None, **at))
        base = rounds_of(cell, times.get((where, CAPACITY, burst, (OURS if who in ABLATIONS else LISTING)
                                          + name[len(who):]), {}))
        if not base:
            continue
        if who in ABLATIONS:
            found.append(bench.figure("time less one part", who, [mine / ours for mine, ours in base], "times sddf",
                                      headline=burst == BURST and who == name, **at))
        elif who != LISTING:
            found.append(bench.figure("speed", who, [listing / mine for mine, listing in base], "times listing",
                                      "more", headline=burst == BURST, **at))
    return found


def over_bursts(times, where):
    """The three kinds of transport, a call for each signal."""
    series = []
    for name in (OURS, *PEERS):
        bursts = sorted(b for w, _, b, n in times if (w, n) == (where, name + CALLED))
        stats = [samples.spread_of(times[where, CAPACITY, b, name + CALLED]) for b in bursts]
        series.append({"name": name, "x": bursts, "y": [s[0] for s in stats], "low": [s[1] for s in stats],
                       "high": [s[2] for s in stats]})
    title = where if where == "one core" else f"two cores, {where}"
    return plot(f"A buffer sent and returned, a system call for each signal, {title}", "lines",
                {"label": "burst (buffers)", "log": 2}, {"label": "time per buffer (ns)", "log": 10}, series)


def less_one_part(times, where):
    """Ours and its ablations side by side."""
    series = []
    for suffix, title in (("", "signals counted"), (CALLED, "a system call for each signal")):
        names = [n for n in (OURS, *ABLATIONS) if (where, CAPACITY, BURST, n + suffix) in times]
        stats = [samples.spread_of(times[where, CAPACITY, BURST, n + suffix]) for n in names]
        series.append({"name": title, "x": names, "y": [s[0] for s in stats], "low": [s[1] for s in stats],
                       "high": [s[2] for s in stats]})
    title = where if where == "one core" else f"two cores, {where}"
    return plot(f"Ours less one part, bursts of {BURST}, {title}", "bars", {"label": ""},
                {"label": "time per buffer (ns)", "min": 0}, series)


def measure(bench):
    if os.cpu_count() < 2:
        raise Skip("this machine has one core; the transport wants two")
    rounds = bench.choose(15, 3)
    bench.steps(rounds)
    taken, disturbed = samples.take(bench, bench.program(NEEDS[0]), rounds, (CAPACITY,),
                                    bench.choose((1, 4, 16, 32, 64), (1, BURST)))
    times, signals = samples.cells(taken), samples.cells(taken, "signals")
    places = [where for where in samples.PLACES if (where, CAPACITY, BURST, OURS) in times]
    return {"figures": figures(bench, times, signals),
            "plots": [draw(times, where) for where in places for draw in (over_bursts, less_one_part)],
            "peers": {**PEERS, **{"sddf less " + name: what for name, what in ABLATIONS.items()}},
            "notes": [f"{len(taken)} samples, every entry verified on its way out and back; {disturbed} not used: the "
                      "kernel took a core away. A signal with a call is a write to an eventfd that nobody sleeps on: "
                      "what a system call costs, not what a wake does. An ablation is the shipped header with one edit "
                      "(bench/transport/ablate.py), published as it came out."]}
