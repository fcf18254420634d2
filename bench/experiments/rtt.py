# SPDX-License-Identifier: BSD-2-Clause
"""Round trips: with one packet outstanding, and at shares of what each contender echoes at most."""
import contextlib

from frame import network
from frame.figures import spread
from frame.network import BUSY, IN_PROCESS, MMSG, RECV, SDDF, TESTPMD
from frame.plots import plot

TITLE = "Round trips"
CLAIM = ("The talk: modularity costs little latency. To reach with one packet outstanding: in one process, median and "
         "99th percentile no higher than Linux's recv and send; with busy polling, no higher than testpmd's on AF_XDP.")
SECONDS, QUICK_SECONDS = 120, 14
NETWORK = True
YIELDS = ["round trip, one outstanding", "round trip"]

LOADS = (1, 10, 50, 90)  # percent of the contender's own peak
PEAK_S, RUN_S, ROUNDS = 0.4, 0.5, 4
WANTED = (SDDF, IN_PROCESS, BUSY, RECV, MMSG, TESTPMD)
POINTS = ("p50", "p99")
GOALS = ((IN_PROCESS, RECV, 1.0), (BUSY, TESTPMD, 1.0))
LINES = {"p50": "median", "p99": "99th percentile"}


def sample(net, target, loads, seconds):
    """One turn: {"one": report with one outstanding, percent: report at so much of the peak}."""
    peak = net.saturate(target, PEAK_S)["achieved_pps"]
    return {"one": net.run(target, seconds, "--window", 1),
            **{percent: net.run(target, seconds, "--rate", max(100, round(peak * percent / 100)))
               for percent in loads}}


def value_of(turn, key, point):
    """Of a run of which nothing came back there is no round trip: as long as the run waited."""
    value = turn[key]["rtt_us"][point]
    return 1e6 * turn[key]["duration_s"] if value is None else value


def figures(bench, name, turns):
    found = []
    for point in POINTS:
        found.append(bench.figure("round trip, one outstanding", name, [value_of(t, "one", point) for t in turns], "us",
                                  "less", headline=True, of=LINES[point]))
    for percent in (key for key in turns[0] if key != "one"):
        at = {"load_percent": percent}
        for point in POINTS:
            found.append(bench.figure("round trip", name, [value_of(t, percent, point) for t in turns], "us", "less",
                                      headline=percent in (10, 90), of=LINES[point], **at))
        found.append(bench.figure("packets offered", name, [t[percent]["offered_pps"] for t in turns], "packets/s", None,
                                  **at))
        found.append(bench.figure("packets lost", name, [network.lost_percent(t[percent]) for t in turns], "%", "less",
                                  **at))
    return found


def goals(bench, taken):
    return [bench.ratios("round trip, one outstanding, compared", name,
                         [value_of(t, "one", point) for t in taken[name]], base,
                         [value_of(t, "one", point) for t in taken[base]], "less", goal=goal, headline=True,
                         against=base, of=LINES[point])
            for name, base, goal in GOALS if name in taken and base in taken for point in POINTS]


def distribution(taken, key, title):
    """Medians over the turns, of each point of the distribution."""
    series = []
    for name, turns in taken.items():
        tables = [dict(map(tuple, turn[key]["distribution_us"])) for turn in turns]
        shares = sorted(set.intersection(*map(set, tables)))
        if shares:
            series.append({"name": name, "x": [spread([table[share] for table in tables])[0] for share in shares],
                           "y": shares})
    return plot(title, "steps", {"label": "round trip (us)", "log": 10},
                {"label": "packets that took no longer (%)", "min": 0, "max": 100}, series)


def over_load(taken, loads, point):
    series = []
    for name, turns in taken.items():
        stats = [spread([value_of(turn, percent, point) for turn in turns]) for percent in loads]
        series.append({"name": name, "x": list(loads), "y": [s[0] for s in stats], "low": [s[1] for s in stats],
                       "high": [s[2] for s in stats]})
    return plot(f"Round trip over load, {LINES[point]}", "lines", {"label": "load (% of the contender's own peak)"},
                {"label": "round trip (us)", "log": 10}, series)


def measure(bench):
    loads, rounds, seconds = bench.choose((LOADS, ROUNDS, RUN_S), (LOADS[1:3], 1, 0.3))
    with contextlib.ExitStack() as stack:
        net = network.Network(bench, stack)
        contenders = {name: start for name, start in net.all().items() if name in WANTED}
        taken, notes = net.turns(contenders, lambda target: sample(net, target, loads, seconds), rounds)
        notes.append(f"{network.NOTE} sddf's NIC is {net.nic}. Loads are shares of what each contender itself echoed at most, "
                     "in an open loop: a round trip is counted from when its packet was due, however late it was sent.")
    found = goals(bench, taken)
    for name, turns in taken.items():
        found += figures(bench, name, turns)
    plots = [distribution(taken, "one", "Round trips, one packet outstanding"),
             *(distribution(taken, percent, f"Round trips at {percent} % of the peak") for percent in loads),
             over_load(taken, loads, "p50"), over_load(taken, loads, "p99")]
    return {"figures": found, "notes": notes, "peers": network.peers(taken), "plots": plots}
