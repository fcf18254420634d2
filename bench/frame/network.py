# SPDX-License-Identifier: BSD-2-Clause
"""Contenders of the experiments with packets: who echoes UDP on one end of a veth pair, one at a time, and the
generator (tools/load) on the other, which verifies every byte that comes back.

    sddf             each protection domain a process
    sddf in-process  the same images in one process
    sddf busy        in one process, polling its AF_XDP socket
    linux-recv, linux-mmsg    a UDP socket; one datagram a system call, or batches of 64
    testpmd          DPDK, swapping addresses of whatever comes (5tswap): no ARP, no checks, no client
"""
import contextlib
import os

from . import machine
from .context import Skip, lab

SDDF, IN_PROCESS, BUSY, RECV, MMSG, TESTPMD = (
    "sddf", "sddf in-process", "sddf busy", "linux-recv", "linux-mmsg", "testpmd")
IN_PROCESS_OPTION = "--in-process"
# Polled within the interface's driver, as testpmd polls; it sleeps after a millisecond without frames.
BUSY_WIRE = "xsk:sys0,busy-poll=1000"
WINDOW = 256  # outstanding in a closed loop that is to saturate
SIZE = 64     # bytes of UDP payload
WARMUP = 0.15  # seconds
# The generator is a host of its own on rings of AF_PACKET: the kernel's UDP would cost it more than the
# system spends, and AF_XDP would have the system's core handle the frames that come to the generator.
IO = "packet"
NOTE = (f"{SIZE} bytes of UDP payload over one veth pair; system on one core, generator on another; every byte that came "
        "back verified. testpmd swaps addresses of whatever comes, without ARP, checks or a client, and polls: "
        "its core is always busy. Frames that come to it, and to sddf busy, are handled by their own polling or on the "
        "sender's core; those that come to the others on the system's core.")


class Target:
    """A contender that runs: how the generator reaches it, and the system of sddf if it is one."""

    def __init__(self, ip, *options, system=None):
        self.ip, self.options, self.system = ip, options, system


class Network:
    """A laboratory and its contenders. `nic`: what sddf's eth0 is."""

    def __init__(self, bench, stack):
        if bench.lab_class is not lab.Lab:
            raise Skip("a veth pair between network namespaces is not permitted here")
        self.bench = bench
        self.laboratory = stack.enter_context(bench.lab_class(bench.build))
        self.nic = self.laboratory.best_nic()

    @contextlib.contextmanager
    def sddf(self, *options, busy=False, **where):
        wire = {"wire": BUSY_WIRE} if busy else {}
        system = self.laboratory.sddf(nic=self.nic, options=options, **wire, **where)
        if IN_PROCESS_OPTION in options:  # as nice as its peers: the value stands for priorities, of which one process has one
            os.setpriority(os.PRIO_PROCESS, next(pid for name, pid in system.pids().items() if not name.startswith("device:")), 0)
        try:
            yield Target(lab.ECHO_IP, system=system)
        finally:
            system.stop()

    @contextlib.contextmanager
    def linux(self, mode):
        with self.laboratory.linux_echo(mode) as (_, ip):
            yield Target(ip)

    @contextlib.contextmanager
    def testpmd(self):
        with self.laboratory.testpmd() as (_, mac):
            yield Target(lab.ECHO_IP, "--target-mac", mac)

    def all(self):
        """{name: function that starts it, as a context manager}"""
        found = {SDDF: self.sddf, IN_PROCESS: lambda: self.sddf(IN_PROCESS_OPTION)}
        if self.nic == "xsk":
            found[BUSY] = lambda: self.sddf(IN_PROCESS_OPTION, busy=True)
        found.update({RECV: lambda: self.linux("recv"), MMSG: lambda: self.linux("mmsg"), TESTPMD: self.testpmd})
        return found

    def turns(self, contenders, take, rounds, text=""):
        """`take(target)` of each contender, in turns: {name: [sample, ...]}, and why others could not
        be run: a peer that is not to be had costs its own figures only."""
        failed = {}

        def turn(name, start):
            if name in failed:
                return None
            try:
                with start() as target:
                    self.wait_for_echo(target)
                    return take(target)
            except lab.LabError as error:
                if name not in (RECV, MMSG, TESTPMD):
                    raise
                failed[name] = f"{name} was not run: {str(error).strip().splitlines()[0]}"
                return None

        self.bench.steps(rounds * len(contenders))
        taken = self.bench.interleave({name: lambda _, name=name, start=start: turn(name, start)
                                       for name, start in contenders.items()}, rounds, text=text)
        return ({name: samples for name, samples in taken.items() if name not in failed}, list(failed.values()))

    def wait_for_echo(self, target):
        lab.wait_until(lambda: self.run(target, 0.05, "--window", 1)["received"] > 0, 20, f"an echo from {target.ip}")

    def run(self, target, seconds, *load):
        """A run of the generator; its report. Packets that came back other than they were sent are an error."""
        report = self.laboratory.measure("--duration", seconds, "--warmup", WARMUP, "--size", SIZE,
                                         "--watch-cpu", lab.SYSTEM_CORE, *target.options, *load, ip=target.ip,
                                         io=IO, timeout=seconds + 60)
        if report["corrupt"]:
            raise lab.LabError(f"{report['corrupt']} packets came back other than they were sent")
        return report

    def saturate(self, target, seconds):
        return self.run(target, seconds, "--window", WINDOW)


def cpu_us(report):
    """Time of the system's core per packet that came back, in microseconds."""
    return 1e4 * report["cpu"]["percent"] / max(1.0, report["achieved_pps"])


def lost_percent(report):
    return 100 * report["lost"] / max(1, report["sent"])


def peers(contenders):
    versions = machine.record()
    said = {RECV: "recvfrom and sendto on a UDP socket, Linux {kernel}",
            MMSG: "recvmmsg and sendmmsg on a UDP socket, 64 at a time, Linux {kernel}",
            TESTPMD: "DPDK {dpdk}, testpmd 5tswap on AF_XDP"}
    return {name: text.format(**versions) for name, text in said.items() if name in contenders}
