# SPDX-License-Identifier: BSD-2-Clause
"""Packets echoed against packets offered, and what that costs the core: sddf, Linux's sockets, DPDK's testpmd."""
import contextlib

from frame import network
from frame.figures import spread
from frame.network import BUSY, IN_PROCESS, MMSG, RECV, SDDF, TESTPMD
from frame.plots import plot

TITLE = "Throughput and CPU use"
CLAIM = ("The talk: sDDF echoes UDP at the speed of the wire and for less of the processor than Linux takes. To reach, "
         "64 bytes, saturated: in one process 1.2 times Linux's recvmmsg and sendmmsg, 0.95 times testpmd on AF_XDP; isolated "
         "twice Linux's recv and send; at 100,000 packets a second no more CPU time per packet than recvmmsg.")
SECONDS, QUICK_SECONDS = 115, 14
NETWORK = True
YIELDS = ["packets echoed, saturated", "packets echoed", "CPU use"]

RATES = (25_000, 50_000, 100_000, 200_000, 400_000, 800_000)
SAME_RATE = 100_000  # at which CPU time is compared
ROUNDS, RUN_S = 4, 0.4
WANTED = (SDDF, IN_PROCESS, BUSY, RECV, MMSG, TESTPMD)
# (contender, against, goal): of packets saturated, and of CPU time per packet
SPEED_GOALS = ((IN_PROCESS, MMSG, 1.2), (IN_PROCESS, TESTPMD, 0.95), (BUSY, TESTPMD, 0.95), (SDDF, RECV, 2.0))
CPU_GOALS = ((IN_PROCESS, MMSG, 1.0),)


def sample(net, target, rates, seconds):
    """One turn of a contender: {None: report saturated, rate: report}."""
    return {None: net.saturate(target, seconds),
            **{rate: net.run(target, seconds, "--rate", rate) for rate in rates}}


def own_figures(bench, name, turns):
    """All of one contender."""
    top = [turn[None] for turn in turns]
    found = [bench.figure("packets echoed, saturated", name, [r["achieved_pps"] for r in top], "packets/s", "more",
                          headline=True),
             bench.figure("CPU use, saturated", name, [r["cpu"]["percent"] for r in top], "% of a core", None),
             bench.figure("CPU time per packet, saturated", name, list(map(network.cpu_us, top)), "us", "less",
                          headline=True),
             bench.figure("packets lost, saturated", name, list(map(network.lost_percent, top)), "%", "less")]
    for rate in (key for key in turns[0] if key is not None):
        reports = [turn[rate] for turn in turns]
        for what, unit, better, value in (
                ("packets offered", "packets/s", None, lambda r: r["offered_pps"]),
                ("packets echoed", "packets/s", "more", lambda r: r["achieved_pps"]),
                ("packets lost", "%", "less", network.lost_percent),
                ("CPU use", "% of a core", "less", lambda r: r["cpu"]["percent"])):
            found.append(bench.figure(what, name, list(map(value, reports)), unit, better, rate=rate))
        if rate == SAME_RATE:
            found.append(bench.figure("CPU time per packet", name, list(map(network.cpu_us, reports)), "us", "less",
                                      headline=True, rate=rate))
    return found


def goals(bench, taken):
    """Contenders against each other, turn by turn of the same round."""
    found = []
    for name, base, goal in SPEED_GOALS:
        if name in taken and base in taken:
            found.append(bench.ratios("speed, saturated", name,
                                      [t[None]["achieved_pps"] for t in taken[name]], base,
                                      [max(1.0, t[None]["achieved_pps"]) for t in taken[base]], "more",
                                      goal=goal, headline=True, against=base))
    for name, base, goal in CPU_GOALS:
        if name in taken and base in taken:
            found.append(bench.ratios("CPU time per packet, compared", name,
                                      [network.cpu_us(t[SAME_RATE]) for t in taken[name]], base,
                                      [max(1e-3, network.cpu_us(t[SAME_RATE])) for t in taken[base]], "less",
                                      goal=goal, headline=True, against=base, rate=SAME_RATE))
    return found


def picture(taken, title, label, value):
    """Over the rate that was offered."""
    series = []
    for name, turns in taken.items():
        rates = sorted(key for key in turns[0] if key is not None)
        stats = [spread([value(turn[rate]) for turn in turns]) for rate in rates]
        series.append({"name": name, "x": [spread([t[rate]["offered_pps"] for t in turns])[0] for rate in rates],
                       "y": [s[0] for s in stats], "low": [s[1] for s in stats], "high": [s[2] for s in stats]})
    return plot(title, "lines", {"label": "offered (packets/s)", "min": 0}, {"label": label, "min": 0}, series)


def measure(bench):
    rates, rounds, seconds = bench.choose((RATES, ROUNDS, RUN_S), (RATES[2::2], 1, 0.3))
    with contextlib.ExitStack() as stack:
        net = network.Network(bench, stack)
        contenders = {name: start for name, start in net.all().items() if name in WANTED}
        taken, notes = net.turns(contenders, lambda target: sample(net, target, rates, seconds), rounds)
        notes.append(f"{network.NOTE} sddf's NIC is {net.nic}. Saturated: {network.WINDOW} packets outstanding.")
    found = goals(bench, taken)
    for name, turns in taken.items():
        found += own_figures(bench, name, turns)
    return {"figures": found, "notes": notes, "peers": network.peers(taken),
            "plots": [picture(taken, "Echoed against offered, 64 bytes", "echoed (packets/s)",
                              lambda r: r["achieved_pps"]),
                      picture(taken, "Use of the system's core against offered, 64 bytes", "CPU use (% of a core)",
                              lambda r: r["cpu"]["percent"])]}
