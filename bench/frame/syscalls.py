# SPDX-License-Identifier: BSD-2-Clause
"""System calls of running processes, counted by the kernel's tracepoint through perf: nothing in the processes
changes, and no call is followed."""
import contextlib
import shutil
import subprocess
import time

EVENT = "raw_syscalls:sys_enter"


def why_not():
    """What keeps this machine from counting; None if it can."""
    if shutil.which("perf") is None:
        return "no perf (linux-perf)"
    tried = subprocess.run(["perf", "stat", "-x,", "-e", EVENT, "true"], capture_output=True, text=True, check=False)
    if tried.returncode == 0 and parse(tried.stderr) is not None:
        return None
    return f"perf may not count {EVENT} here"


def parse(text):
    """The count in perf's comma-separated output; None if there is none."""
    for line in text.splitlines():
        value, *rest = line.split(",")
        if EVENT in rest and value.isdigit():
            return int(value)
    return None


class Count:
    """Filled in when count() ends."""
    calls = None


@contextlib.contextmanager
def count(pids):
    """Counts the calls of the processes `pids`, all threads, while the body runs."""
    found = Count()
    control = subprocess.Popen(["perf", "stat", "-x,", "-e", EVENT, "-p", ",".join(map(str, pids))],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(0.2)  # until it counts; what is divided by what was counted are packets of the same span
    try:
        yield found
    finally:
        control.send_signal(2)
        _, said = control.communicate(timeout=20)
        found.calls = parse(said)
