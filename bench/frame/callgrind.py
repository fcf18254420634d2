# SPDX-License-Identifier: BSD-2-Clause
"""Instructions by program and function, out of callgrind's files. Only what a function executes itself is read: the
stacks of several PDs in one process confuse who called whom, but not where an instruction lies.

Format: valgrind's manual, "Callgrind Format Specification"."""
import collections
import pathlib
import re
import subprocess

from .context import BenchError

NAMED = re.compile(r"^(ob|fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^(?:\+\d+|-\d+|\*|\d+) (\d+)")


def parse(text):
    """{(program's file name, function): instructions}."""
    found, names, now = collections.Counter(), {}, {"ob": "?", "fn": "?"}
    inclusive = False
    for line in text.splitlines():
        named = NAMED.match(line)
        if named:
            kind, number, name = named.groups()
            if name is not None:
                names[kind, number] = name
            now[kind] = names.get((kind, number), "?")
        elif line.startswith("calls="):
            inclusive = True  # the next line is what was spent below
        elif inclusive:
            inclusive = False
        elif (cost := COST.match(line)):
            found[pathlib.PurePath(now["ob"]).name, now["fn"].split("'")[0]] += int(cost.group(1))
        elif (other := re.match(r"^c(ob|fn)=\((\d+)\) (.*)$", line)):  # a name may come first as a callee's
            names[other.group(1), other.group(2)] = other.group(3)
    return found


def control(pid, what):
    """`what`: -z, all counts to zero; -d, a dump of them."""
    done = subprocess.run(["callgrind_control", what, str(pid)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0 or "OK" not in done.stdout:
        raise BenchError(f"callgrind_control {what} {pid}: {(done.stdout + done.stderr).strip()}")


def command(out):
    """What runs a program and what it starts under callgrind, its dumps named `out`.PID.NUMBER."""
    return ["valgrind", "--tool=callgrind", "--trace-children=yes", "--trace-children-skip=*/device/*",
            f"--callgrind-out-file={out}.%p"]
