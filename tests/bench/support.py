# SPDX-License-Identifier: BSD-2-Clause
"""The frame of bench/, and reports made by hand."""
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from frame import report  # noqa: E402
from frame.figures import figure  # noqa: E402

MACHINE = {"processor": "P", "cores": 2, "kernel": "6.1", "compiler": "cc 12", "commit": "abc", "line_ns": [60.0, 70.0]}
STEADY = [100, 101, 99, 100, 102, 98, 100, 101]


def plot(title="Time over burst", **changes):
    return {"title": title, "kind": "lines", "x": {"label": "burst (entries)"}, "y": {"label": "time (ns)"},
            "series": [{"name": "sddf", "x": [1, 2], "y": [3.0, 2.0]}], **changes}


def entry(figures, name="queue", **changes):
    return {"name": name, "title": "The queue", "claim": "It is fast.", "command": "make bench-queue", "quick": False,
            "date": "2026-11-24T10:00:00+00:00", "seconds": 1.0, "machine": MACHINE, "figures": figures,
            "peers": {"rte_ring": "DPDK 22.11"}, "plots": [], "notes": [], **changes}


def time_of(samples, contender="sddf", **options):
    return figure("time", contender, samples, "ns", "less", **options)


def compare(folder, old, new, *options):
    """Runs bench/compare on two lists of experiments: exit status and what it printed."""
    paths = [folder / "old.json", folder / "new.json"]
    for path, experiments in zip(paths, (old, new)):
        report.write_json({"experiments": experiments}, path)
    done = subprocess.run([ROOT / "bench/compare", *paths, *options], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout
