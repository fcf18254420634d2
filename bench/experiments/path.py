# SPDX-License-Identifier: BSD-2-Clause
"""Where each instruction of a packet's path goes: the echo system in one process under callgrind."""
import collections
import contextlib
import shutil

from frame import callgrind
from frame.context import Skip, lab
from frame.plots import plot

TITLE = "Where each instruction of a packet's path goes"
CLAIM = ("The talk: what isolation costs is small beside what a packet costs anyway. Counted, not timed: user instructions "
         "per packet, by component, with one packet outstanding and with many.")
SECONDS, QUICK_SECONDS = 25, 14
NETWORK = True
YIELDS = ["instructions per packet"]

PLATFORM = "platform"
COMPONENTS = ("eth0_driver", "eth0_virt_rx", "echo0_copier", "echo0", "eth0_virt_tx", PLATFORM)
FUNCTIONS = 8  # of a component that are named one by one


class Counted:
    """The echo system, all PDs in one process, under callgrind."""

    def __init__(self, bench, stack):
        self.laboratory = stack.enter_context(bench.lab_class(bench.build))
        self.out = self.laboratory.directory / "callgrind"
        images = self.laboratory.directory / "images"
        images.mkdir()
        self.system = self.laboratory.sddf(options=("--in-process", "--images", images), under=callgrind.command(self.out))
        stack.callback(self.system.stop)
        self.laboratory.wait_for_echo(timeout=60)
        self.pid = self.system.pids()["echo0"]

    def count(self, outstanding, seconds):
        """({(component, function): instructions}, packets) of a closed loop; nothing is under way when counting starts
        or ends."""
        before = self.system.stats()
        callgrind.control(self.pid, "-z")
        report = self.laboratory.measure("--duration", seconds, "--window", outstanding, timeout=60)
        callgrind.control(self.pid, "-d")
        after = self.system.stats()
        if report["corrupt"] or not report["received"]:
            raise lab.LabError(f"{report['received']} packets came back, {report['corrupt']} of them not as they were sent")
        dump = max(self.out.parent.glob(f"{self.out.name}.{self.pid}.*"), key=lambda path: int(path.suffix[1:]))
        found = collections.Counter()
        for (program, function), count in callgrind.parse(dump.read_text()).items():
            component = program.removesuffix(".elf")
            found[component if component in COMPONENTS else PLATFORM, function] += count
        return found, after["echo0"]["udp_echoed"] - before["echo0"]["udp_echoed"]


def figures(bench, outstanding, counts, packets):
    found = []
    for component in COMPONENTS:
        own = {function: count / packets for (of, function), count in counts.items() if of == component}
        at = {"outstanding": outstanding}
        found.append(bench.figure("instructions per packet", component, [sum(own.values())], "instructions", "less",
                                  headline=True, **at))
        for function in sorted(own, key=own.get, reverse=True)[:FUNCTIONS]:
            found.append(bench.figure("instructions per packet, by function", component, [own[function]], "instructions",
                                      "less", function=function, **at))
    total = sum(counts.values()) / packets
    return found + [bench.figure("instructions per packet", "all", [total], "instructions", "less", headline=True, **at)]


def measure(bench):
    if shutil.which("valgrind") is None:
        raise Skip("no valgrind")
    loads = bench.choose((1, 64), (64,))
    bench.steps(1 + len(loads))
    found, batches = [], []
    with contextlib.ExitStack() as stack:
        bench.step("the system starts under callgrind")
        counted = Counted(bench, stack)
        for outstanding in loads:
            bench.step(f"{outstanding} outstanding")
            counts, packets = counted.count(outstanding, bench.choose(4, 2))
            found += figures(bench, outstanding, counts, packets)
            batches.append(f"{packets} packets with {outstanding} outstanding")
    series = [{"name": f"{load} outstanding", "x": list(COMPONENTS),
               "y": [next(f["value"] for f in found if f["contender"] == component and f["where"] == {"outstanding": load}
                          and f["name"] == "instructions per packet") for component in COMPONENTS]} for load in loads]
    return {"figures": found, "peers": {},
            "plots": [plot("User instructions per packet by component", "bars", {"label": ""},
                           {"label": "instructions per packet", "min": 0}, series)],
            "notes": [f"{', '.join(batches)}, every one verified. platform: what runs PDs in one process, and the C library; "
                      "the kernel's instructions and the device model's are not counted. Slow under callgrind, the system "
                      "finds larger batches than it would; docs/sel4-cost.md has exact batches, and the kernel's share."]}
