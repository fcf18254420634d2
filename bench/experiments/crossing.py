# SPDX-License-Identifier: BSD-2-Clause
"""What one more protection domain in the path costs: 2 to 6 of them between the wire and the client that answers.

    2  driver, receive virtualiser                 the client reads the device's buffers (copy: false)
    3  ... and a copier                            copy: true, as in the echo system
    4  ... and a hop  (bench/crossing/hop.c)       a chain that a description makes of `regions` and `channels`:
    5, 6  ... and more hops                        client, hop, ..., client, and only then it answers
"""
import contextlib
import tempfile

import yaml

from frame import network
from frame.figures import spread
from frame.plots import plot

TITLE = "One more protection domain in the path"
CLAIM = ("The talk: an extra module between driver and client costs some 10 % of throughput, so drivers can stay simple. "
         "To reach, 64 bytes, saturated, in one process: 5 % or less.")
SECONDS, QUICK_SECONDS = 100, 14
NETWORK = True
NEEDS = ["bench/crossing/bench_echo.elf", "bench/crossing/bench_hop.elf"]
YIELDS = ["packets echoed, saturated", "one more hop"]

PDS = (2, 3, 4, 5, 6)
GOAL_PERCENT = 5
ROUNDS, RUN_S = 6, 0.6
MODES = {"isolated": (), "in-process": ("--in-process",)}
CLIENT, BUFFERS = "client", 512
LINK_SIZE = "20KiB"  # of a side with LINK_CAPACITY entries (bench/crossing/link.h)


def link(found, number, producer, consumer):
    """Adds the link from `producer` to `consumer`, each (component, prefix of its symbols)."""
    (one, ahead), (other, back) = producer, consumer
    for side, writer, reader in (("to", producer, consumer), ("from", consumer, producer)):
        found["regions"][f"link{number}_{side}"] = {"size": LINK_SIZE, "maps": {
            writer[0]: {"perms": "rw", "symbol": writer[1] + "_mine"},
            reader[0]: {"perms": "r", "symbol": reader[1] + "_theirs"}}}
    found["channels"][f"link{number}"] = {"ends": {one: {"symbol": ahead + "_channel"},
                                                   other: {"symbol": back + "_channel"}}}


def describe(pds):
    """The system with so many protection domains between wire and client."""
    hops = [f"hop{number}" for number in range(1, pds - 2)]
    client = {"mac": "52:54:01:00:00:01", "ip": "10.0.0.2/24", "copy": pds > 2, "tx_buffers": BUFFERS}
    if pds > 2:
        client["rx_buffers"] = BUFFERS
    found = {"system": "crossing", "network": {"eth0": {"rx_buffers": 1024, "clients": {CLIENT: client}}},
             "components": {CLIENT: {"image": "bench_echo", "priority": 97},
                            **{hop: {"image": "bench_hop", "priority": 98} for hop in hops}}}
    if hops:
        found.update(regions={}, channels={})
        ends = [(CLIENT, "first"), *((hop, None) for hop in hops), (CLIENT, "last")]
        for number, ((one, ahead), (other, back)) in enumerate(zip(ends, ends[1:])):
            link(found, number, (one, ahead or "behind"), (other, back or "before"))
    return found


def contenders(bench, net, stack):
    """{(mode, PDs): function that starts it}"""
    found = {}
    for pds in PDS:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".yaml"))
        yaml.safe_dump(describe(pds), file)
        file.flush()
        for mode, options in MODES.items():
            found[mode, pds] = lambda name=file.name, options=options: net.sddf(
                *options, yaml=name, search=[bench.build / "bench/crossing"])
    return found


def per_packet_us(report):
    return 1e6 / max(1.0, report["achieved_pps"])


def more_percent(before, after, crossings):
    """How much longer a packet takes per crossing, of those between two samples of the same round."""
    return [100 * ((per_packet_us(b) / per_packet_us(a)) ** (1 / crossings) - 1) for a, b in zip(before, after)]


def figures(bench, taken):
    found = []
    for (mode, pds), reports in taken.items():
        at = {"protection_domains": pds}
        found += [bench.figure("packets echoed, saturated", mode, [r["achieved_pps"] for r in reports], "packets/s", "more",
                               headline=True, **at),
                  bench.figure("CPU use", mode, [r["cpu"]["percent"] for r in reports], "% of a core", None, **at),
                  bench.figure("packets lost", mode, list(map(network.lost_percent, reports)), "%", "less", **at)]
        if (mode, pds - 1) in taken:
            found.append(bench.figure("one more protection domain", mode, more_percent(taken[mode, pds - 1], reports, 1),
                                      "% longer per packet", "less", headline=True, **at))
    for mode in MODES:
        goal = {"goal": GOAL_PERCENT} if mode == "in-process" else {}
        found.append(bench.figure("one more hop", mode, more_percent(taken[mode, 4], taken[mode, 6], 2),
                                  "% longer per packet", "less", headline=True, of="4 to 6", **goal))
        found.append(bench.figure("one more, all", mode, more_percent(taken[mode, 2], taken[mode, 6], 4),
                                  "% longer per packet", "less", headline=True, of="2 to 6"))
    return found


def picture(taken, title, label, value):
    series = []
    for mode in MODES:
        stats = [spread(list(map(value, taken[mode, pds]))) for pds in PDS]
        series.append({"name": mode, "x": list(map(str, PDS)), "y": [s[0] for s in stats], "low": [s[1] for s in stats],
                       "high": [s[2] for s in stats]})
    return plot(title, "bars", {"label": "protection domains between wire and client (number)"}, {"label": label, "min": 0},
                series)


def measure(bench):
    rounds, seconds = bench.choose((ROUNDS, RUN_S), (1, 0.3))
    with contextlib.ExitStack() as stack:
        net = network.Network(bench, stack)
        taken, notes = net.turns(contenders(bench, net, stack), lambda target: net.saturate(target, seconds), rounds)
        if len(taken) != len(MODES) * len(PDS):
            raise network.lab.LabError("; ".join(notes))
        notes.append(f"{network.WINDOW} packets of {network.SIZE} bytes outstanding, every byte that came back verified; sddf's "
                     f"NIC is {net.nic}. The path back is the same for all: transmit virtualiser and driver.")
        notes.append("From 2 to 3 the copy moves from the client into a copier of its own. From 3 to 4 the client takes a "
                     "frame twice, since a description gives a network client its frames itself: it hands them to the "
                     "first hop and takes them from the last. From 4 on each one more is a hop and nothing else: it takes "
                     "descriptors from one queue and puts them into the next, and maps no frame.")
    return {"figures": figures(bench, taken), "notes": notes, "peers": {},
            "plots": [picture(taken, "Echoed, saturated, 64 bytes", "echoed (packets/s)", lambda r: r["achieved_pps"]),
                      picture(taken, "Time per packet, saturated, 64 bytes", "time per packet (us)", per_packet_us)]}
