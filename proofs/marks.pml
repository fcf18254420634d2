/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks: the producer signals only when the consumer asked to be woken.
 *
 * Question: can a consumer sleep for ever beside entries that it asked to be woken for (a lost
 * wake)? It would show as a deadlock, for the producer may wait at any time until all it published
 * is consumed.
 *
 * Mapping to include/sddf/queue.h:
 *   Producer   publish, then signal? with F1, hit and t_checked (tail_checked)
 *   Consumer   take; arm(k) with F2 and the second look; sleep (seL4_Wait: a binary notification,
 *              taken when set)
 *
 * Assumptions: see store_buffer.pml. Entries themselves are left out (queue.pml). Both sides run
 * for ever, so that the result holds for any number of entries and wraps. A notification arrives
 * after the stores before it.
 * For k > 1 the peer owes `capacity` entries and gives them without condition: so the producer may
 * then wait only when it has published all it owes.
 * Waiting for space is another instance of the same protocol; here the producer just waits for head
 * to move.
 *
 * Macros: CAPACITY; THRESHOLD: arm(k) with any k from 1 to this; PUBLISHES: up to so many publishes
 *         before the mark is checked once (two_publishes.pml); MEMORY, DEPTH.
 * Variants that must fail: NO_F1, NO_F2, NO_SECOND_LOOK, THRESHOLD=CAPACITY + 1 (more than the peer
 *         owes), COMPARE_WITH_LAST_PUBLISH (two_publishes.pml).
 */
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef THRESHOLD
#define THRESHOLD 1
#endif
#ifndef PUBLISHES
#define PUBLISHES 1
#endif

#define MODULUS (4 * CAPACITY)
#define MINUS(a, b) (((a) + 2 * MODULUS - (b)) % MODULUS)
#define DISARMED (MODULUS - 1)

#define PRODUCER 0
#define CONSUMER 1
#define TAIL 0
#define HEAD 1
#define MARK 2
#define NOTIFIED 3
#define WORDS 4
#include "store_buffer.pml"

#define USED MINUS(tail, memory[HEAD])
#define MAY_WAIT (THRESHOLD == 1)

proctype Producer()
{
	byte tail, tail_checked, published, mark;
#ifdef COMPARE_WITH_LAST_PUBLISH
	byte tail_before_publish;
#define COMPARED_WITH tail_before_publish
#else
#define COMPARED_WITH tail_checked
#endif

	do
	:: atomic { published < PUBLISHES && USED < CAPACITY ->
#ifdef COMPARE_WITH_LAST_PUBLISH
		tail_before_publish = tail;
#endif
		do
		:: tail = (tail + 1) % MODULUS;
			if
			:: USED < CAPACITY
			:: break
			fi
		od;
		published++;
		store_release(PRODUCER, TAIL, tail) }
	:: published > 0 ->				/* signal? */
#ifndef NO_F1
		fence(PRODUCER);
#endif
		mark = memory[MARK];
		atomic {
			if
			:: MINUS(tail, mark + 1) < MINUS(tail, COMPARED_WITH) ->
				store_release(PRODUCER, NOTIFIED, 1)
			:: else
			fi;
			tail_checked = tail;
			mark = 0;
			published = 0
		}
	:: atomic { MAY_WAIT && published == 0 && USED != 0 -> USED == 0 }
	od
}

inline sleep()
{
	atomic { memory[NOTIFIED] == 1 -> memory[NOTIFIED] = 0 }
}

proctype Consumer()
{
	byte head, threshold;

	do
	:: atomic {					/* take all there is */
		memory[TAIL] != head -> head = memory[TAIL];
		store_release(CONSUMER, HEAD, head)
	   }
	:: atomic {					/* arm(k), with all or some taken before */
		threshold = 1;
		do
		:: threshold < THRESHOLD -> threshold++
		:: break
		od;
		store_relaxed(CONSUMER, MARK, (head + threshold + MODULUS - 1) % MODULUS)
	   };
#ifndef NO_F2
	   fence(CONSUMER);
#endif
	   if
#ifndef NO_SECOND_LOOK
	   :: MINUS(memory[TAIL], head) >= threshold
	   :: MINUS(memory[TAIL], head) < threshold -> sleep()
#else
	   :: sleep()
#endif
	   fi;
	   threshold = 0
	od
}

init {
	atomic { memory[MARK] = DISARMED; run Producer(); run Consumer() }
}
