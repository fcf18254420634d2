# SPDX-License-Identifier: BSD-2-Clause
"""Where each instruction of a packet's path goes: the echo system in one process under callgrind."""
import collections
import contextlib
import shutil

from frame import callgrind
from frame.context import Skip, lab
from frame.figures import number
from frame.plots import plot

TITLE = "Where each instruction of a packet's path goes"
CLAIM = ("The talk: one more protection domain on a packet's path costs little (10 %; make bench-crossing "
         "measures it). Of what that cost is made: user instructions per packet, counted, by component, with "
         "one packet outstanding and with many.")
SECONDS, QUICK_SECONDS = 25, 14
NETWORK = True
YIELDS = ["instructions per packet", "instructions of an activation", "instructions of a packet in it"]

PLATFORM = "platform"
COMPONENTS = ("eth0_driver", "eth0_virt_rx", "echo0_copier", "echo0", "eth0_virt_tx", PLATFORM)
LOADS = (1, 64)  # packets outstanding
FUNCTIONS = 8  # of a component that are named one by one


class Counted:
    """The echo system, all PDs in one process, under callgrind."""

    def __init__(self, bench, stack):
        self.laboratory = stack.enter_context(bench.lab_class(bench.build))
        self.out = self.laboratory.directory / "callgrind"
        images = self.laboratory.directory / "images"
        images.mkdir()
        self.nic = self.laboratory.best_nic()
        self.system = self.laboratory.sddf(nic=self.nic, options=("--in-process", "--images", images), under=callgrind.command(self.out))
        stack.callback(self.system.stop)
        self.laboratory.wait_for_echo(timeout=60)
        self.pid = self.system.pids()["echo0"]

    def count(self, outstanding, seconds):
        """({(component, function): instructions} and {component: activations}, both per packet, and how many packets) of
        a closed loop; nothing is under way when counting starts or ends."""
        before = self.system.stats()
        callgrind.control(self.pid, "-z")
        report = self.laboratory.measure("--duration", seconds, "--window", outstanding, timeout=60)
        callgrind.control(self.pid, "-d")
        after = self.system.stats()
        if report["corrupt"] or not report["received"]:
            raise lab.LabError(f"{report['received']} packets came back, {report['corrupt']} of them not as they were sent")
        dump = max(self.out.parent.glob(f"{self.out.name}.{self.pid}.*"), key=lambda path: int(path.suffix[1:]))
        packets = after["echo0"]["udp_echoed"] - before["echo0"]["udp_echoed"]
        activations = {name: (after[name]["activations"] - before[name]["activations"]) / packets
                       for name in COMPONENTS if name != PLATFORM}
        activations[PLATFORM] = sum(activations.values())
        found = collections.Counter()
        for (program, function), count in callgrind.parse(dump.read_text()).items():
            component = program.removesuffix(".elf")
            found[component if component in COMPONENTS else PLATFORM, function] += count / packets
        return found, activations, packets


def by_component(counts):
    found = collections.Counter()
    for (component, _), count in counts.items():
        found[component] += count
    return found


def figures(bench, outstanding, counts, activations):
    """What was counted under one load; the batch that it made is the load's own, and the machine's."""
    at = {"outstanding": outstanding}
    totals = by_component(counts)
    found = [bench.figure("instructions per packet", component, [totals[component]], "instructions", None, headline=True,
                          **at) for component in COMPONENTS]
    found.append(bench.figure("instructions per packet", "all", [sum(totals.values())], "instructions", None,
                              headline=True, **at))
    found += [bench.figure("activations per packet", component, [count], "activations", None, headline=True, **at)
              for component, count in activations.items()]
    for component in COMPONENTS:
        own = {function: count for (of, function), count in counts.items() if of == component}
        found += [bench.figure("instructions per packet, by function", component, [own[function]], "instructions", None,
                               function=function, **at) for function in sorted(own, key=own.get, reverse=True)[:FUNCTIONS]]
    return found


def split(bench, counted):
    """What an activation costs and what each packet in it adds, from two loads with different batches: steady,
    whatever batches the machine made of the loads. Of the platform: an activation of any component."""
    (few, few_activations), (many, many_activations) = ((by_component(c), a) for _, c, a in counted)
    found = []
    for component in COMPONENTS:
        apart = few_activations[component] - many_activations[component]
        if apart < 0.1:  # no batches were made: nothing tells the two apart
            continue
        activation = (few[component] - many[component]) / apart
        packet = few[component] - activation * few_activations[component]
        found.append(bench.figure("instructions of an activation", component, [activation], "instructions", "less",
                                  headline=True))
        if component != PLATFORM:  # which sees no packets
            found.append(bench.figure("instructions of a packet in it", component, [packet], "instructions", "less",
                                      headline=True))
    return found


def functions_table(counts):
    """Who spends most, a column for each load. `counts`: [(outstanding, {(component, function): per packet})]."""
    rows = [["component", "function", *(f"{outstanding} outstanding" for outstanding, _ in counts)]]
    for component in COMPONENTS:
        most = {function: max(per_packet.get((of, function), 0) for _, per_packet in counts)
                for _, per_packet in counts for of, function in per_packet if of == component}
        for function in sorted(most, key=most.get, reverse=True)[:FUNCTIONS]:
            rows.append([component, function, *(number(round(per_packet.get((component, function), 0), 1))
                                                for _, per_packet in counts)])
    return {"title": "Instructions per packet by function, the most of each component", "rows": rows}


def picture(found):
    """Instructions per packet side by side."""
    series = []
    for load in LOADS:
        own = {f["contender"]: f["value"] for f in found
               if f["name"] == "instructions per packet" and f["where"] == {"outstanding": load}}
        series.append({"name": f"{load} outstanding", "x": list(COMPONENTS), "y": [own[name] for name in COMPONENTS]})
    return plot("User instructions per packet by component", "bars", {"label": ""},
                {"label": "instructions per packet", "min": 0}, series)


def measure(bench):
    if shutil.which("valgrind") is None:
        raise Skip("no valgrind")
    bench.steps(1 + len(LOADS))
    found, batches, counted = [], [], []
    with contextlib.ExitStack() as stack:
        bench.step("the system starts under callgrind")
        system = Counted(bench, stack)
        for outstanding in LOADS:
            bench.step(f"{outstanding} outstanding")
            counts, activations, packets = system.count(outstanding, bench.choose(4, 1))
            counted.append((outstanding, counts, activations))
            found += figures(bench, *counted[-1])
            batches.append(f"{packets} packets with {outstanding} outstanding")
    by_function = [(outstanding, counts) for outstanding, counts, _ in counted]
    return {"figures": found + split(bench, counted), "peers": {}, "tables": [functions_table(by_function)],
            "plots": [picture(found)],
            "notes": [f"{', '.join(batches)}, over a {bench.lab_class.over}, the network card {lab.NICS[system.nic]}, every one verified. platform: what runs PDs in one process, and the C library; "
                      "the kernel's instructions and the device model's are not counted. How large batches are depends on "
                      "the machine, since callgrind slows the system and not its load; what an activation costs and what a "
                      "packet adds does not. docs/sel4-cost.md has exact batches, and the kernel's share."]}
