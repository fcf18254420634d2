#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""ablate.py NAME QUEUE_H OUT: writes the shipped queue.h with one thing of it taken out or moved, for
bench/transport. Each edit must find its text exactly once, so that an ablation always is of what ships.
"""
import pathlib
import sys

ALIGNED = "_Alignas(QUEUE_LINE) shared_u32 "


def at(word, line):
    return f"_Static_assert(offsetof(struct queue_side, {word}) == {line} * QUEUE_LINE, \"{word}\");\n"


SIZE = "_Static_assert(sizeof(struct queue_side) == 4 * QUEUE_LINE, \"queue_side\");\n"
CHECK = """    bool same_epoch = atomic_load_acquire(&theirs->epoch) == peer_epoch;
    if (__builtin_expect(!same_epoch || tail - head > capacity, 0)) {
        return queue_doubt(c, same_epoch);
    }
"""
CHECK_HEAD = """    bool same_epoch = atomic_load_acquire(&c->theirs->epoch) == c->peer_epoch;
    if (!same_epoch || head - c->peer_head > c->tail - c->peer_head) {
        c->violations += same_epoch;
        c->peer_head = c->tail - c->put_capacity;
        return 0;
    }
"""

ABLATIONS = {
    "index-not-cached": [("__builtin_expect(space >= wanted, 1) ?", "space >= wanted && wanted == 0 ?")],
    "mark-beside-head": [(ALIGNED + "mark;", "shared_u32 mark;"), (at("mark", 3), ""), (at("entries", 4), ""),
                         (SIZE, "")],
    "words-on-one-line": [(ALIGNED + "tail;", "shared_u32 tail;"), (ALIGNED + "head;", "shared_u32 head;"),
                          (ALIGNED + "mark;", "shared_u32 mark;"), (at("tail", 1), ""), (at("head", 2), ""),
                          (at("mark", 3), ""), (at("entries", 4), ""), (SIZE, "")],
    "no-fences": [("atomic_fence_seq_cst(); /* F1,", "/* F1,"), ("atomic_fence_seq_cst(); /* F2,", "/* F2,")],
    "no-checks": [(CHECK, "    (void)capacity;\n    (void)peer_epoch;\n"), (CHECK_HEAD, "")],
}


def ablate(text, edits):
    for old, new in edits:
        if text.count(old) != 1:
            raise LookupError(f"queue.h has this {text.count(old)} times, not once:\n{old}")
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    name, source, out = sys.argv[1:]
    try:
        pathlib.Path(out).write_text(ablate(pathlib.Path(source).read_text(), ABLATIONS[name]))
    except LookupError as error:
        sys.exit(f"ablate.py: {name}: {error}")
