# SPDX-License-Identifier: BSD-2-Clause
"""What tests/monitor/faults.yaml does on Linux and on seL4: each key that is typed to the culprit, and what the
monitor says of the fault."""
KINDS = {
    "p": r"memory fault: write to 0x1[0-9a-f]+ by the instruction at 0x[0-9a-f]+",
    "r": r"memory fault: read of 0x9000 by the instruction at 0x[0-9a-f]+",
    "x": r"memory fault: execution of 0x9000 by the instruction at 0x9000",
    "i": r"exception 0x[0-9a-f]+, code 0x[0-9a-f]+, of the instruction at 0x[0-9a-f]+",
    "s": r"unknown system call 1000 by the instruction at 0x[0-9a-f]+",
    "d": r"memory fault: write to 0x[0-9a-f]+ by the instruction at 0x[0-9a-f]+",
}
READY = "tell me how to fault\r\n"
END = {**{life: f"; restarted, {life} of 6 times" for life in range(1, 7)}, 7: "; stopped"}
COUNTERS = {"faults": 7, "memory_faults": 5, "capability_faults": 0, "system_calls": 1, "exceptions": 1, "other_faults": 0,
            "restarts": 6, "stopped": 1, "reports_lost": 0, "culprit": 7, "console": 0}


def lives():
    """Of the culprit: its number, the key that ends it, and the report of that, but for the name."""
    for life, key in enumerate([*KINDS, "p"], 1):
        yield life, key, KINDS[key] + END[life] + "\r\n"


def check_counters(stats):
    monitor = stats["system_monitor"]
    assert {name: monitor[name] for name in COUNTERS} == COUNTERS, monitor
    assert stats["culprit"]["starts"] == 7
