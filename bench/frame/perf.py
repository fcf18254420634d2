# SPDX-License-Identifier: BSD-2-Clause
"""What running processes do, counted by the kernel through perf: nothing in the processes changes, and nothing is
followed.

    system calls    its tracepoint of them
    allocations     breakpoints in the processor's debug registers at the C library's functions, and tracepoints of the
                    calls that ask the kernel for memory
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

from .context import BenchError

SYSTEM_CALLS = "raw_syscalls:sys_enter"
# Four: so many debug registers there are. Memory from any other function of the C library is given back by free(), or
# grows the heap, which asks the kernel for more.
FUNCTIONS = ("malloc", "calloc", "realloc", "free")
MEMORY_CALLS = tuple(f"syscalls:sys_enter_{name}" for name in ("mmap", "munmap", "mremap", "brk"))
PROBE_CALLS = 1000
PROBE = f"""
import ctypes, sys
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
print("ready", flush=True)
sys.stdin.readline()
for _ in range({PROBE_CALLS}):
    library.free(library.malloc(64))
print("done", flush=True)
sys.stdin.readline()
"""


class Refused(BenchError):
    """perf may not count that here; the text says what."""


class Count:
    """Filled in when count() ends."""
    calls = None


class Perf:
    """`perf stat` of running processes, all threads; counts only between begin() and end()."""

    def __init__(self, pids, events):
        self.events = events
        control_in, self.control = os.pipe()
        self.answer, answer_out = os.pipe()
        command = ["perf", "stat", "-x,", "-D", "-1", "--control", f"fd:{control_in},{answer_out}",
                   "-e", ",".join(events), "-p", ",".join(map(str, pids))]
        self.process = subprocess.Popen(command, pass_fds=(control_in, answer_out), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        os.close(control_in)
        os.close(answer_out)

    def begin(self):
        """Returns when it counts."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.control, b"enable\n")
        if not os.read(self.answer, 16):  # the end of the pipe: perf is gone
            raise Refused(f"perf may not count {' '.join(self.events)} here")

    def end(self):
        """How often the events came, all together; None if that is not known."""
        os.close(self.control)
        os.close(self.answer)
        if self.process.poll() is None:
            self.process.send_signal(2)
        _, said = self.process.communicate(timeout=20)
        return parse(said, self.events)


def parse(text, events):
    """The sum of counts in perf's comma-separated output; None if one of `events` is missing. "<not counted>": no
    process of those ran."""
    found = {}
    for line in text.splitlines():
        value, *rest = line.split(",")
        for event in events:
            if event in rest and (value.isdigit() or value == "<not counted>"):
                found[event] = int(value) if value.isdigit() else 0
    return sum(found.values()) if len(found) == len(set(events)) else None


@contextlib.contextmanager
def count(watched):
    """Counts while the body runs. `watched`: [(process ids, events), ...], all of it one number."""
    found, counters = Count(), []
    try:
        counters = [Perf(pids, events) for pids, events in watched]
        for counter in counters:
            counter.begin()
        yield found
    finally:
        counts = [counter.end() for counter in counters]
        found.calls = None if None in counts else sum(counts)


def system_calls(pids):
    return [(pids, [SYSTEM_CALLS])]


def allocations(pids):
    """Each process has the C library where it has it; one without has no functions that could be called."""
    return [([pid], [*(f"mem:{address:#x}:x" for address in functions(pid)), *MEMORY_CALLS]) for pid in pids]


def functions(pid):
    """Where FUNCTIONS lie in a process."""
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        part = line.split(maxsplit=5)
        if len(part) == 6 and part[2] == "00000000" and pathlib.PurePath(part[5]).name.startswith("libc.so"):
            return [int(part[0].split("-")[0], 16) + at for at in symbols(part[5])]
    return []


def symbols(path, known={}):  # noqa: B006  (shared on purpose: a library is read once)
    """The addresses of FUNCTIONS in a library, from its beginning."""
    if path not in known:
        from elftools.elf.elffile import ELFFile  # python3-pyelftools
        with open(path, "rb") as file:
            table = ELFFile(file).get_section_by_name(".dynsym")
            known[path] = [table.get_symbol_by_name(name)[0]["st_value"] for name in FUNCTIONS]
    return known[path]


# ---- What this machine permits ----

def why_no_system_calls():
    """What keeps this machine from counting them; None if it can."""
    if shutil.which("perf") is None:
        return "no perf (linux-perf)"
    tried = subprocess.run(["perf", "stat", "-x,", "-e", SYSTEM_CALLS, "true"], capture_output=True, text=True, check=False)
    if tried.returncode == 0 and parse(tried.stderr, [SYSTEM_CALLS]) is not None:
        return None
    return f"perf may not count {SYSTEM_CALLS} here"


def why_no_allocations():
    """The same, found by a program whose allocations are known: where nothing is seen, none would be seen of others."""
    if shutil.which("perf") is None:
        return "no perf (linux-perf)"
    with subprocess.Popen([sys.executable, "-c", PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:
        probe.stdout.readline()
        try:
            if not functions(probe.pid):
                return "the C library's functions are not found"
            with count(allocations([probe.pid])) as found:
                probe.stdin.write("\n")
                probe.stdin.flush()
                probe.stdout.readline()
        except Refused as why:
            return str(why)
        finally:
            probe.stdin.close()
    if found.calls is None or found.calls < 2 * PROBE_CALLS:
        return f"of {2 * PROBE_CALLS} calls of malloc() and free() perf saw {found.calls}"
    return None
