# SPDX-License-Identifier: BSD-2-Clause
"""What an experiment is given: Bench. bench/README.md shows one."""
import pathlib
import subprocess
import sys
import time

from . import machine
from .figures import figure, ratios  # noqa: F401  (experiments reach them through Bench)

ROOT = machine.ROOT
sys.path.insert(0, str(ROOT / "tools/demo"))
import lab  # noqa: E402


class BenchError(lab.LabError):
    """Something that the user can act on; printed without a traceback."""


class Skip(Exception):
    """This machine does not permit the experiment; the text says what is missing."""


class Bench:
    """`lab_class`: lab.Lab, or lab.WireLab where namespaces are not permitted; None for experiments
    that did not say NETWORK = True."""
    system_core = lab.SYSTEM_CORE
    generator_core = lab.GENERATOR_CORE
    figure = staticmethod(figure)
    ratios = staticmethod(ratios)

    def __init__(self, build, quick, progress, lab_class=None):
        self.build, self.quick, self.progress = pathlib.Path(build).resolve(), quick, progress
        self.lab_class = lab_class
        self.steps_all, self.steps_done = 1, 0

    def choose(self, full, quick):
        """The first, or with --quick the second."""
        return quick if self.quick else full

    def program(self, path):
        """A program of the build directory."""
        found = self.build / path
        if not found.exists():
            raise BenchError(f"{found}: not built; `make build`, then NEEDS of the experiment")
        return found

    def output(self, *command, timeout=600, **options):
        """Runs a command to its end and returns what it printed; BenchError if it fails."""
        command = [str(part) for part in command]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, check=False, **options)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.strip()}")
        return done.stdout

    # ---- Progress ----

    def steps(self, count):
        """How many steps this experiment takes in all, for the progress bar."""
        self.steps_all, self.steps_done = max(1, count), 0

    def step(self, text):
        """Begins one more step."""
        self.progress.step(self.steps_done / self.steps_all, text)
        self.steps_done += 1

    # ---- Taking turns ----

    def interleave(self, contenders, rounds, settle_s=0.0, text=""):
        """Takes `rounds` samples of each contender in turns, A B A B; each round begins with another
        one, since who comes after whom may matter. `contenders`: {name: function of the round's
        number that returns a sample}. Returns {name: [samples]}, the n-th of each of the same round.
        Each sample is one step()."""
        names = list(contenders)
        found = {name: [] for name in names}
        for number in range(rounds):
            for place in range(len(names)):
                name = names[(place + number) % len(names)]
                self.step(f"{text}{' ' if text else ''}{name}, round {number + 1} of {rounds}")
                found[name].append(contenders[name](number))
                time.sleep(settle_s)
        return found
