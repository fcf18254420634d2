#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs pytest on the given files and prints TAP, a line per test, for meson. What a test printed
follows its line as diagnostics when it failed."""
import sys

import pytest


class Tap:
    """Collects one outcome per test; setup and teardown count with their test."""

    def __init__(self):
        self.number = 0

    def pytest_addoption(self, parser):
        """Assertion messages ask for the verbosity, which the terminal plugin would have defined."""
        parser.addoption("--tap-verbose", dest="verbose", type=int, default=0)

    def line(self, outcome, name, note="", text=""):
        self.number += 1
        word = "not ok" if outcome == "failed" else "ok"
        print(f"{word} {self.number} - {name.replace('#', ' ')}{note}", flush=True)
        for row in text.splitlines()[-60:]:
            print("# " + row, flush=True)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1]
        if report.failed:
            self.line("failed", name + ("" if report.when == "call" else f" ({report.when})"),
                      text=report.longreprtext + "".join(t for _, t in report.sections))
        elif report.skipped:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.line("ok", name, f" # SKIP {why}")
        elif report.when == "call":
            self.line("ok", name)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line("failed", report.nodeid + " (collection)", text=str(report.longrepr))


tap = Tap()
status = pytest.main(["-p", "no:cacheprovider", "-p", "no:terminal", *sys.argv[1:]], plugins=[tap])
print(f"1..{tap.number}")
sys.exit(0 if status in (0, 1) else int(status))
