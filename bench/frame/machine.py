# SPDX-License-Identifier: BSD-2-Clause
"""What an experiment ran on: processor, kernel, versions, and how far apart the two cores were."""
import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {"dpdk": "libdpdk", "ck": "ck", "liburcu": "liburcu", "libxdp": "libxdp", "libbpf": "libbpf"}


def first_line(*command):
    """What a program says first of itself, or "not here"."""
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return "not here"
    return text.strip().split("\n")[0]


def processor():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return model.group(1) if model else platform.machine()


def debian():
    path = pathlib.Path("/etc/debian_version")
    return path.read_text().strip() if path.exists() else "not here"


def record():
    """What stays the same while the bench runs."""
    return {"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
            "debian": debian(), "compiler": first_line("cc", "--version"),
            "commit": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
            **{name: first_line("pkg-config", "--modversion", package)
               for name, package in PACKAGES.items()}}


def busy_percent(before, after, core):
    """How busy a core was between two results of core_times()."""
    busy, total = (after[core][i] - before[core][i] for i in (0, 1))
    return 100 * busy / max(1, total)


def core_times():
    """{core: (busy, all)} ticks since boot."""
    found = {}
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if re.fullmatch(r"cpu\d+", name):
            times = [int(field) for field in fields[:8]]
            found[int(name[3:])] = (sum(times) - times[3] - times[4], sum(times))
    return found


def line_ns(program, cores):
    """Nanoseconds for a cache line from one core to the other, by bench/cores; None if the program is
    missing or there is one core only."""
    if len(set(cores)) < 2 or not program.exists():
        return None
    done = subprocess.run([program, *map(str, cores)], stdout=subprocess.PIPE, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None
