/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs: either side of a connection may restart at any step.
 *
 * Question: is an entry of another incarnation ever consumed, or one twice, or out of order? Does
 * an honest restart ever look like a violation? When restarts end, do both sides become ready
 * again, and does all produced then arrive?
 *
 * A connection is two queues, one each way. Each side has one region that only it writes: epoch,
 * seen, the tail it produces at, the head it consumes at, its mark. Both sides run the same code:
 * the process Side.
 *
 * Mapping to include/sddf/queue.h (here -> C):
 *   open            connection_open, then notify
 *   poll, adopt     connection_poll, connection_adopt, then notify and poll again before waiting
 *   consume         queue_available (tail, then epoch), queue_get, queue_release, notify
 *   produce         queue_space (head, then epoch), queue_put, queue_publish, queue_signal
 *   arm             queue_arm(1); "look again" begins with poll
 *
 * Assumptions: a notification arrives after the stores before it, but is no full fence; it stays
 * pending over a restart, as do stores in the buffer. Loads are acquire loads, in program order.
 * Entries are written at once (that they are published whole is proved in queue.pml). Who frees a
 * place always notifies (space has no mark here). A restart between two loads equals one before
 * them, so programs die before stores and at poll and sleep. No epoch wraps.
 * No execution runs for ever (pan -l finds no cycle), so freedom from deadlock is progress.
 *
 * Macros: RESTARTS  up to so many restarts in all, on either side, at any step, also in the middle
 *                   of open and adopt
 *         CAPACITY  entries of a queue      ENTRIES  how many each side sends in each incarnation
 *         MEMORY, DEPTH: see store_buffer.pml
 * Variants that must fail:
 *         OPEN_NOT_ODD (the epoch is not made odd first), OPEN_RESETS_LATE (reset after the even
 *         epoch), OPEN_RELAXED (resets not released), ADOPT_SEEN_FIRST (seen before the resets),
 *         ADOPT_KEEPS_CHECKED (tail_checked survives), ADOPT_SILENT (no notification),
 *         ADOPT_THEN_WAIT (no poll before waiting), READY_WITHOUT_SEEN, INDEX_BEFORE_SEEN (uses a
 *         tail loaded before seen), EPOCH_FIRST (epoch loaded before the index), EPOCH_UNCHECKED
 *         (index believed without the epoch).
 */
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef ENTRIES
#define ENTRIES 2
#endif

#define MODULUS 8
#define MINUS(a, b) (((a) + MODULUS - (b)) % MODULUS)
#define DISARMED (MODULUS - 1)

#define EPOCH(side)    ((side) * 5)
#define SEEN(side)     ((side) * 5 + 1)
#define TAIL(side)     ((side) * 5 + 2)
#define HEAD(side)     ((side) * 5 + 3)
#define MARK(side)     ((side) * 5 + 4)
#define NOTIFIED(side) (10 + (side))
#define WORDS 12
#include "store_buffer.pml"

typedef Entry { byte producer_epoch; byte consumer_epoch; byte number }
typedef Ring { Entry slot[CAPACITY] }
Ring ring[2];

/* Known to the proof only. */
byte restarts_left[2];
byte produced[2];
byte consumed[2];

#define ARRIVED(side) (restarts_left[side] == 0 && produced[side] == ENTRIES && \
	consumed[side] == ENTRIES)

#define MAY_RESTART \
	if \
	:: restarts_left[me] > 0 -> restarts_left[me]--; produced[me] = 0; goto restart \
	:: true \
	fi

#ifdef EPOCH_UNCHECKED
#define BELIEVED true
#else
#define BELIEVED (peer_epoch == adopted)
#endif

#define SLOT(index) slot[(index) % CAPACITY]

/* One step of open or adopt; the program may die before it. */
inline then_release(at, what) { atomic { MAY_RESTART; store_release(me, at, what) } }
inline then_relaxed(at, what) { atomic { MAY_RESTART; store_relaxed(me, at, what) } }
inline then_notify() { then_release(NOTIFIED(peer), 1) }

inline reset_indices()
{
#ifdef OPEN_RELAXED
	then_relaxed(TAIL(me), 0);
	then_relaxed(HEAD(me), 0);
	then_relaxed(MARK(me), DISARMED)
#else
	then_release(TAIL(me), 0);
	then_release(HEAD(me), 0);
	then_release(MARK(me), DISARMED)
#endif
}

inline open()
{
#ifndef OPEN_NOT_ODD
	own_epoch = own_epoch | 1;
	then_relaxed(EPOCH(me), own_epoch);
#endif
#ifdef OPEN_RESETS_LATE
	own_epoch++;
	then_release(EPOCH(me), own_epoch);
	then_release(SEEN(me), 0);
	reset_indices();
#else
	then_release(SEEN(me), 0);
	reset_indices();
	own_epoch = (own_epoch | 1) + 1;
	then_release(EPOCH(me), own_epoch);
#endif
	then_notify()
}

inline adopt()
{
	d_step {
		adopted = peer_epoch;
		own_tail = 0;
		own_head = 0;
#ifndef ADOPT_KEEPS_CHECKED
		tail_checked = 0;
#endif
		produced[me] = 0;
		consumed[me] = 0
	};
#ifdef ADOPT_SEEN_FIRST
	then_release(SEEN(me), adopted);
	reset_indices();
#else
	reset_indices();
	then_release(SEEN(me), adopted);
#endif
#ifndef ADOPT_SILENT
	then_notify()
#endif
}

/* The entry is checked against what only the proof knows: whose it is, for whom, and which. */
inline consume()
{
#ifdef EPOCH_FIRST
	peer_epoch = memory[EPOCH(peer)];
	peer_tail = memory[TAIL(peer)];
#else
#ifndef INDEX_BEFORE_SEEN
	peer_tail = memory[TAIL(peer)];
#endif
	peer_epoch = memory[EPOCH(peer)];
#endif
	atomic {
		if
		:: BELIEVED ->
			/* An honest peer never looks like a violator. */
			assert(MINUS(peer_tail, own_head) <= CAPACITY);
			if
			:: peer_tail != own_head ->
				assert(ring[peer].SLOT(own_head).producer_epoch == adopted);
				assert(ring[peer].SLOT(own_head).consumer_epoch == own_epoch);
				assert(ring[peer].SLOT(own_head).number == consumed[me]);
				own_head = (own_head + 1) % MODULUS;
				consumed[me]++;
				worked = true;
				store_release(me, HEAD(me), own_head)
			:: else
			fi
		:: else
		fi;
		peer_tail = 0
	};
	if
	:: worked -> then_notify()
	:: else
	fi
}

inline produce()
{
#ifdef EPOCH_FIRST
	peer_epoch = memory[EPOCH(peer)];
	peer_head = memory[HEAD(peer)];
#else
	peer_head = memory[HEAD(peer)];
	peer_epoch = memory[EPOCH(peer)];
#endif
	atomic {
		if
		:: BELIEVED ->
			assert(MINUS(own_tail, peer_head) <= CAPACITY);
			if
			:: produced[me] < ENTRIES && MINUS(own_tail, peer_head) < CAPACITY ->
				ring[me].SLOT(own_tail).producer_epoch = own_epoch;
				ring[me].SLOT(own_tail).consumer_epoch = adopted;
				ring[me].SLOT(own_tail).number = produced[me];
				own_tail = (own_tail + 1) % MODULUS;
				produced[me]++;
				worked = true;
				store_release(me, TAIL(me), own_tail)
			:: else
			fi
		:: else
		fi;
		peer_head = 0
	};
	if
	:: own_tail != tail_checked ->
		atomic { MAY_RESTART; fence(me) };	/* F1 */
		if
		:: MINUS(own_tail, memory[MARK(peer)] + 1) < MINUS(own_tail, tail_checked) ->
			store_release(me, NOTIFIED(peer), 1)
		:: else
		fi;
		tail_checked = own_tail
	:: else
	fi
}

proctype Side(byte me)
{
	byte peer = 1 - me;
	byte own_epoch, adopted, own_tail, own_head, tail_checked;
	byte peer_tail, peer_head, peer_epoch;
	bool ready, worked;

restart: skip;
	d_step {
		adopted = 0; ready = false; own_tail = 0; own_head = 0; tail_checked = 0;
		peer_tail = 0; peer_head = 0; peer_epoch = 0; worked = false;
		produced[me] = 0; consumed[me] = 0
	};
	open();

poll:	atomic {
		MAY_RESTART;
		worked = false;
		peer_epoch = memory[EPOCH(peer)]
	};
	if
	:: atomic { peer_epoch != adopted || peer_epoch == 0 -> ready = false };
		if
		:: peer_epoch == 0 || peer_epoch % 2 == 1 -> goto sleep
		:: else
		fi;
		adopt();
#ifdef ADOPT_THEN_WAIT
		goto sleep
#else
		goto poll
#endif
	:: else
	fi;
#ifdef INDEX_BEFORE_SEEN
	peer_tail = memory[TAIL(peer)];
#endif
#ifdef READY_WITHOUT_SEEN
	ready = true;
#endif
	if
	:: !ready && memory[SEEN(peer)] != own_epoch -> goto sleep
	:: else -> ready = true
	fi;

	consume();
	produce();
	if
	:: worked -> goto poll
	:: else
	fi;

	store_relaxed(me, MARK(me), own_head);		/* arm */
	fence(me);					/* F2 */
	atomic {
		peer_tail = MINUS(memory[TAIL(peer)], own_head);
		if
		:: peer_tail > 0 && peer_tail <= CAPACITY -> peer_tail = 0; goto poll
		:: else -> peer_tail = 0
		fi
	};

sleep:	atomic {
		peer_tail = 0; peer_head = 0; peer_epoch = 0; worked = false;
		if
		:: memory[NOTIFIED(me)] == 1 -> memory[NOTIFIED(me)] = 0; goto poll
		:: restarts_left[me] > 0 -> restarts_left[me]--; produced[me] = 0; goto restart
		:: ARRIVED(0) && ARRIVED(1)
		fi
	}
}

init {
	atomic {
		do
		:: restarts_left[0] < RESTARTS -> restarts_left[0]++
		:: break
		od;
		do
		:: restarts_left[0] + restarts_left[1] < RESTARTS -> restarts_left[1]++
		:: break
		od;
		run Side(0);
		run Side(1)
	}
}
