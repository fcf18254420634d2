# SPDX-License-Identifier: BSD-2-Clause
"""What is taken out of the transport, one at a time, and must be missed (run by `mutants`).

Each mutant: name; file; function; what is replaced in its text, by what; any more such pairs. STRONGER lists what may go without any difference to be seen, and why it stays.
"""

QUEUE = "include/sddf/queue.h"
STREAM, LAZY, RESTART = (f"tests/weak/scenario_{name}.c" for name in ("stream", "lazy", "restart"))

FENCE = "atomic_fence_seq_cst();"


def relaxed_load(name, function, word, theirs="c->theirs"):
    """An acquire that is none."""
    text = f"atomic_load_acquire(&{theirs}->{word})"
    return (name, QUEUE, function, text, text.replace("acquire", "relaxed"))


def relaxed_store(name, function, word):
    """A release that is none."""
    text = f"atomic_store_release(&{word}"
    return (name, QUEUE, function, text, text.replace("release", "relaxed"))


MUTANTS = [
    # Fences and second looks.
    ("signal: without F1", QUEUE, "queue_signal", FENCE, ""),
    ("arm: without F2", QUEUE, "queue_arm", FENCE, ""),
    ("arm: without the second look", QUEUE, "queue_arm", "if (available < k) {", "if (true) {"),
    ("arm: F2 before the mark", QUEUE, "queue_arm",
     "atomic_store_relaxed(&c->mine->mark, head + k - 1);",
     FENCE + "atomic_store_relaxed(&c->mine->mark, head + k - 1); if (0)"),
    ("signal: F1 after the mark", QUEUE, "queue_signal",
     FENCE, "uint32_t early = atomic_load_relaxed(&theirs->mark);" + FENCE,
     "uint32_t mark = atomic_load_relaxed(&theirs->mark);", "uint32_t mark = early;"),
    ("signal_space: without F3", QUEUE, "queue_signal_space", FENCE, ""),
    ("signal_space: one entry early", QUEUE, "queue_signal_space", "head - mark - 1", "head - mark"),
    ("signal_space: never", QUEUE, "queue_signal_space", "return head", "return false && head"),
    ("arm_space: without F4", QUEUE, "queue_arm_space", FENCE, ""),
    ("arm_space: without the second look", QUEUE, "queue_arm_space", "return queue_space_look(c) < k", "return true"),
    ("arm_space: mark one entry late", QUEUE, "queue_arm_space", "c->put_capacity - 1)", "c->put_capacity)"),
    # Releases.
    relaxed_store("publish: tail relaxed", "queue_publish", "c->mine->tail"),
    relaxed_store("release: head relaxed", "queue_release", "c->mine->head"),
    relaxed_store("reset: tail relaxed", "connection_reset", "c->mine->tail"),
    relaxed_store("reset: head relaxed", "connection_reset", "c->mine->head"),
    relaxed_store("reset: mark relaxed", "connection_reset", "c->mine->mark"),
    relaxed_store("open: seen relaxed", "connection_open", "mine->seen"),
    relaxed_store("open: epoch relaxed", "connection_open", "mine->epoch"),
    relaxed_store("adopt: seen relaxed", "connection_adopt", "c->mine->seen"),
    # Acquires.
    relaxed_load("space: head relaxed", "queue_space_look", "head"),
    relaxed_load("space: epoch relaxed", "queue_space_look", "epoch"),
    relaxed_load("available: tail relaxed", "queue_available", "tail", "theirs"),
    relaxed_load("available: epoch relaxed", "queue_available", "epoch", "theirs"),
    relaxed_load("arm: tail relaxed", "queue_arm", "tail", "theirs"),
    relaxed_load("arm: epoch relaxed", "queue_arm", "epoch", "theirs"),
    relaxed_load("poll: epoch relaxed", "connection_poll", "epoch"),
    relaxed_load("poll: seen relaxed", "connection_poll", "seen"),
    relaxed_load("adopt: epoch relaxed", "connection_adopt", "epoch"),
    # Order and checks of indices and epochs.
    ("available: epoch before tail", QUEUE, "queue_available",
     "uint32_t tail = ",
     "bool early = atomic_load_acquire(&theirs->epoch) == peer_epoch; uint32_t tail = ",
     "same_epoch = atomic_load_acquire(&theirs->epoch) == peer_epoch", "same_epoch = early"),
    ("space: epoch before head", QUEUE, "queue_space_look",
     "uint32_t head = ",
     "bool early = atomic_load_acquire(&c->theirs->epoch) == c->peer_epoch; uint32_t head = ",
     "same_epoch = atomic_load_acquire(&c->theirs->epoch) == c->peer_epoch", "same_epoch = early"),
    ("available: tail believed without the epoch", QUEUE, "queue_available",
     "atomic_load_acquire(&theirs->epoch) == peer_epoch", "true"),
    ("space: head believed without the epoch", QUEUE, "queue_space_look",
     "atomic_load_acquire(&c->theirs->epoch) == c->peer_epoch", "true"),
    ("arm: looks again at another incarnation", QUEUE, "queue_arm", "!same_epoch ||", ""),
    ("space: not asked for", QUEUE, "queue_space_look", "c->peer_head = head;",
     "c->peer_head = head = c->tail;"),
    ("signal: one entry early", QUEUE, "queue_signal", "tail - mark - 1", "tail - mark"),
    ("signal: compares with the last publish", QUEUE, "queue_publish", "{",
     "{ c->tail_checked = atomic_load_relaxed(&c->mine->tail);"),
    ("arm: mark one entry late", QUEUE, "queue_arm", "head + k - 1)", "head + k)"),
    ("peer_waits: never", QUEUE, "queue_peer_waits", "return c->ready &&", "return false &&"),
    # Opening and adopting.
    ("open: epoch not odd first", QUEUE, "connection_open",
     "atomic_store_relaxed(&mine->epoch, odd);", ""),
    ("open: seen kept", QUEUE, "connection_open", "atomic_store_release(&mine->seen,", "(void)("),
    ("reset: tail kept", QUEUE, "connection_reset", "atomic_store_release(&c->mine->tail, 0);", ""),
    ("reset: head kept", QUEUE, "connection_reset", "atomic_store_release(&c->mine->head, 0);", ""),
    ("reset: mark kept", QUEUE, "connection_reset",
     "atomic_store_release(&c->mine->mark, UINT32_MAX);", ""),
    ("reset: tail_checked kept", QUEUE, "connection_reset", "c->tail = c->tail_checked = 0;",
     "c->tail = 0;"),
    ("close: the queue to an absent peer is not full", QUEUE, "queue_close",
     "c->peer_head = c->tail - c->put_capacity;", "c->peer_head = c->tail;"),
    ("poll: ready without seen", QUEUE, "connection_poll",
     "atomic_load_acquire(&c->theirs->seen) == c->epoch", "true"),
    ("adopt: seen before the reset", QUEUE, "connection_adopt", "connection_reset(c);",
     "atomic_store_release(&c->mine->seen, epoch); connection_reset(c);"),
    # What queue.h asks of its callers.
    ("caller: slots released before the copy", STREAM, "take",
     "uint32_t there = queue_available(c);",
     "uint32_t there = queue_available(c); c->head += there; queue_release(c); c->head -= there;"),
    ("caller: published before written", STREAM, "produce",
     "uint32_t count = 1 + sim_choose(most);",
     "uint32_t count = 1 + sim_choose(most); c->tail += count; queue_publish(c);"
     " c->tail -= count;"),
    ("caller: does not notify when it has adopted", RESTART, "open_or_poll",
     "sim_notify(me ^ 1);\n            p->step = POLL;", "p->step = POLL;"),
    ("caller: waits without a poll after adopting", RESTART, "open_or_poll",
     "sim_notify(me ^ 1);\n            p->step = POLL;", "sim_notify(me ^ 1);"),
    ("caller: does not take back from who restarted", RESTART, "open_or_poll",
     "start(me, p);", ""),
    ("caller: arms for lazy returns and tells nobody", LAZY, "client",
     "sim_notify(VIRTUALISER);\n        p->step = nothing", "p->step = nothing"),
    ("caller: passes a wish for lazy returns on silently", LAZY, "virtualiser",
     "sim_notify(DRIVER);\n            }\n        }", "}\n        }"),
]

STRONGER = {
    "reset: mark relaxed": "the release of epoch or seen follows, and a stale mark only wakes early",
    "reset: mark kept": "it only wakes early: who arms sets it anew before it sleeps",
    "open: seen relaxed": "the releases of the reset words follow, and they order the odd epoch",
    "open: seen kept": "it names the epoch of a peer that resets before it believes it",
    "space: epoch relaxed": "the acquire of head before it orders it after head; nothing follows",
    "available: epoch relaxed": "the acquire of tail before it orders the entries, too",
    "arm: tail relaxed": "F2 orders it; the caller's next look acquires",
    "arm: epoch relaxed": "the acquire of tail before it orders it after tail; nothing follows",
    "poll: epoch relaxed": "adopting acquires it again, and ready comes with the acquire of seen",
    "adopt: epoch relaxed": "polling acquired it, and ready comes with the acquire of seen",
}
