# SPDX-License-Identifier: BSD-2-Clause
"""Notifications, system calls and allocations per packet, counted: the echo system as it is described, in variants of
its description, and Linux's own echo."""
import contextlib
import tempfile

import yaml

from frame import perf
from frame.context import ROOT, lab
from frame.plots import plot

TITLE = "Notifications, system calls and allocations per packet"
CLAIM = ("The talk: a component handles all there is in one activation and combines its last signal with its "
         "next wait, so entries to the kernel per packet fall as load rises. To reach at saturation: fewer "
         "than 0.1 system calls per packet. Nothing is allocated while packets flow.")
SECONDS, QUICK_SECONDS = 100, 17
NETWORK = True
YIELDS = ["notifications per packet", "notifications saved"]

OUTSTANDING = (1, 4, 16, 64, 256)
HOPS = ("eth0_driver", "eth0_virt_rx", "echo0_copier", "echo0", "eth0_virt_tx", "eth0_virt")  # each notifies the next
LISTING_HOPS = 5
PASSIVE = {"driver": {"model": "passive"}}
ONE_VIRTUALISER = {"virtualisers": "one"}  # both virtualisers, eth0_virt
PEERS = {
    "listing": "a notification for each packet at each hop, as the talk's listing has: counted, not run",
    "linux-recv": "recvfrom and sendto on a UDP socket, Linux",
    "linux-mmsg": "recvmmsg and sendmmsg on a UDP socket, Linux",
}


class Sddf:
    """The echo system, with `changes` to what its description says of eth0; running in a laboratory of its own."""
    ip = lab.ECHO_IP

    def __init__(self, bench, stack, nic, changes=None, options=()):
        self.laboratory = stack.enter_context(bench.lab_class(bench.build))
        described = yaml.safe_load((ROOT / "systems/echo/echo.yaml").read_text())
        described["network"]["eth0"].update(changes or {})
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".yaml"))
        file.write(yaml.safe_dump(described))
        file.flush()
        self.system = self.laboratory.sddf(file.name, options=options, nic=nic)
        stack.callback(self.system.stop)

    def pids(self):
        """The PDs' processes, each once; the device model is the device, no part of the system."""
        return sorted({pid for name, pid in self.system.pids().items() if not name.startswith("device:")})

    def all_pids(self):
        """With the device model's, and that of who started them."""
        return sorted({*self.system.pids().values(), self.system.runner()})

    def counters(self):
        """Notifications sent by each hop, and packets echoed."""
        stats = self.system.stats()
        return {name: stats[name]["signals"] for name in HOPS if "signals" in stats.get(name, {})}, stats["echo0"]["udp_echoed"]


class Linux:
    def __init__(self, bench, stack, mode):
        self.laboratory = stack.enter_context(bench.lab_class(bench.build))
        self.process, self.ip = stack.enter_context(self.laboratory.linux_echo(mode))

    def pids(self):
        # Not the process that entered the namespace for it, if there is one.
        return [self.process.pid]

    all_pids = pids

    def counters(self):
        return {}, None


def contenders(bench, stack):
    """{name: contender}, and notes: what sddf's network card is, what could not be run and why."""
    with bench.lab_class(bench.build) as laboratory:
        nic = laboratory.best_nic()
    found, refused = {}, [f"sddf over: {laboratory.over}, its network card {lab.NICS[nic]}; Linux over: "
                          f"{laboratory.over_linux}."]
    kinds = {"sddf": (Sddf, nic), "sddf passive driver": (Sddf, nic, PASSIVE),
             "sddf one virtualiser": (Sddf, nic, ONE_VIRTUALISER),
             "sddf in-process": (Sddf, nic, None, ("--in-process",)),
             "linux-recv": (Linux, "recv"), "linux-mmsg": (Linux, "mmsg")}
    for name, (kind, *how) in kinds.items():
        try:
            with contextlib.ExitStack() as own:
                contender = kind(bench, own, *how)
                contender.laboratory.wait_for_echo(contender.ip, timeout=30)
                stack.enter_context(own.pop_all())
                found[name] = contender
        except lab.LabError as error:
            if name == "sddf":
                raise
            refused.append(f"{name} was not run: {str(error).splitlines()[-1].split('.yaml:', 1)[-1]}")
    return found, refused


def sample(contender, outstanding, seconds, watched=None):
    """Counts of one run: {"calls", "signals": {hop: count}, "packets", "lost"}. `watched`: what frame/perf.py counts, the
    calls; None where it may not."""
    before, echoed_before = contender.counters()
    with perf.count(watched) if watched else contextlib.nullcontext(perf.Count()) as count:
        report = contender.laboratory.measure("--duration", seconds, "--window", outstanding, ip=contender.ip, timeout=60)
    after, echoed = contender.counters()
    if report["corrupt"]:
        raise lab.LabError(f"{report['corrupt']} packets came back other than they were sent")
    packets = report["received"] if echoed is None else echoed - echoed_before
    return {"calls": count.calls, "packets": max(1, packets), "lost": report["lost"],
            "signals": {name: after[name] - before[name] for name in after}}


def figures(bench, name, outstanding, samples):
    at = {"outstanding": outstanding}
    top = {"headline": outstanding in (OUTSTANDING[0], OUTSTANDING[-1])}
    found = [bench.figure("packets lost", name, [s["lost"] for s in samples], "packets", None, **at)]
    if all(s["calls"] is not None for s in samples):
        goal = {"goal": 0.1} if outstanding == OUTSTANDING[-1] and name.startswith("sddf") else {}
        found.append(bench.figure("system calls per packet", name, [s["calls"] / s["packets"] for s in samples],
                                  "per packet", "less", **goal, **top, **at))
    if samples[0]["signals"]:
        sums = [sum(s["signals"].values()) / s["packets"] for s in samples]
        found.append(bench.figure("notifications per packet", name, sums, "per packet", "less", **top, **at))
        found.append(bench.figure("notifications saved", name,
                                  [100 * (1 - value / LISTING_HOPS) for value in sums],
                                  "% of listing's", "more", **top, **at))
        for hop in samples[0]["signals"]:
            found.append(bench.figure("notifications per packet, by hop", name,
                                      [s["signals"][hop] / s["packets"] for s in samples], "per packet", "less",
                                      hop=hop, **at))
    return found


def picture(found, title, what, names, **options):
    """A figure over the load, a line a contender."""
    series = []
    for name in names:
        own = sorted((f for f in found if f["name"] == what and f["contender"] == name),
                     key=lambda f: f["where"]["outstanding"])
        if own:
            series.append({"name": name, "x": [f["where"]["outstanding"] for f in own],
                           **{key: [f[of] for f in own] for key, of in (("y", "value"), ("low", "low"), ("high", "high"))}})
    return plot(title, "lines", {"label": "load (packets outstanding)", "log": 2},
                {"label": what, **options}, series)


def allocations(bench, running, loads, seconds):
    """The figures, once each: nothing is warmed up any more."""
    found = []
    for outstanding in loads:
        for name, one in running.items():
            bench.step(f"{outstanding} outstanding, allocations of {name}")
            taken = sample(one, outstanding, seconds, perf.allocations(one.all_pids()))
            if taken["calls"] is None:
                raise lab.LabError(f"perf lost its count of {name}'s allocations")
            goal = {"goal": 0} if name.startswith("sddf") else {}
            found.append(bench.figure("allocations per packet", name, [taken["calls"] / taken["packets"]], "per packet",
                                      "less", headline=True, outstanding=outstanding, **goal))
    return found


def measure(bench):
    loads = bench.choose(OUTSTANDING, (OUTSTANDING[0], OUTSTANDING[-1]))
    rounds, seconds = bench.choose(3, 1), bench.choose(0.5, 0.4)
    with contextlib.ExitStack() as stack:
        bench.progress.step(0, "systems start")
        running, notes = contenders(bench, stack)
        why_no_calls, why_no_allocations = perf.why_no_system_calls(), perf.why_no_allocations()
        if why_no_allocations:
            notes.append(f"Allocations were not counted: {why_no_allocations}.")
        if why_no_calls:
            notes.append(f"System calls were not counted: {why_no_calls}.")
            running = {name: one for name, one in running.items() if isinstance(one, Sddf)}
        ends = bench.choose((loads[0], loads[-1]), loads[-1:]) if why_no_allocations is None else ()
        bench.steps((rounds * len(loads) + len(ends)) * len(running))
        found = []
        for outstanding in loads:
            taken = bench.interleave(
                {name: lambda _, one=one, load=outstanding: sample(
                    one, load, seconds, None if why_no_calls else perf.system_calls(one.pids()))
                 for name, one in running.items()}, rounds, text=f"{outstanding} outstanding,")
            for name, samples in taken.items():
                found += figures(bench, name, outstanding, samples)
        found += allocations(bench, running, ends, seconds)
    names = list(running)
    plots = [picture(found, "Notifications sent in the system per packet", "notifications per packet", names, log=10)]
    if why_no_calls is None:
        plots.append(picture(found, "System calls of all components per packet", "system calls per packet", names, log=10))
    notes.append("Notifications: what driver, virtualisers, copier and client sent, by their own counters; the "
                 f"listing sends {LISTING_HOPS} per packet, one at each hop. System calls: of all PDs of the system, counted by the kernel "
                 f"({perf.SYSTEM_CALLS}), without the device model, which plays the device. Allocations: calls of "
                 f"{', '.join(perf.FUNCTIONS)} (breakpoints of the processor) and of "
                 f"{', '.join(name.rsplit('_', 1)[1] for name in perf.MEMORY_CALLS)}, in all processes of the system, the "
                 "device's and the runner's among them.")
    return {"figures": found, "plots": plots, "peers": PEERS, "notes": notes}
