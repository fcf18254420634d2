/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue: one producer, one consumer, wrapping indices, an entry of two words.
 *
 * Question: is every entry consumed exactly once, in order, whole? Is none overwritten before it is
 * released? Does a peer that lies in its own words ever make us touch more than `capacity` entries?
 *
 * Mapping to include/sddf/queue.h:
 *   Producer   space by load_acquire(peer.head), stage any number of entries, then publish:
 *              store_release(tail)
 *   Consumer   take: load_acquire(peer.tail), check, copy entries once; then store_release(head)
 *   Liar       a hostile peer: writes any value into its index at any time
 *
 * Assumptions: see store_buffer.pml. Each side runs for ever; an entry's value is its number modulo
 * VALUES (odd, above twice the capacity, so that an entry lost, repeated or late is seen). Indices
 * wrap at MODULUS instead of 2^32; the code depends only on MODULUS being a multiple of the
 * capacity and more than twice as large.
 * A side that finds nothing to do waits until the peer's index moves: waking is proved in
 * marks.pml.
 *
 * Macros: CAPACITY 1, 2, 4; HOSTILE 0 = both honest, 1 = the producer lies, 2 = the consumer lies;
 *         MEMORY, DEPTH.
 * Variants that must fail: TAIL_FIRST (published before written), TAIL_RELAXED (published without
 *         release), HEAD_EARLY (released before copied), NO_SPACE_CHECK, BELIEVE (an index beyond
 *         capacity is believed).
 */
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef HOSTILE
#define HOSTILE 0
#endif

#define MODULUS (4 * CAPACITY)
#define VALUES (2 * CAPACITY + 1)
#define MINUS(a, b) (((a) + MODULUS - (b)) % MODULUS)

#define PRODUCER 0
#define CONSUMER 1
#define TAIL 0
#define HEAD 1
#define LOW(index)  (2 + 2 * ((index) % CAPACITY))
#define HIGH(index) (3 + 2 * ((index) % CAPACITY))
#define WORDS (2 + 2 * CAPACITY)
#include "store_buffer.pml"

#define USED MINUS(tail, memory[HEAD])		/* as the producer sees it */
#define READY MINUS(memory[TAIL], head)		/* as the consumer sees it */

#ifdef TAIL_RELAXED
#define publish() store_relaxed(PRODUCER, TAIL, tail)
#else
#define publish() store_release(PRODUCER, TAIL, tail)
#endif
#define release() store_release(CONSUMER, HEAD, head)

#ifdef BELIEVE
#define BELIEVED(count) true
#else
#define BELIEVED(count) ((count) <= CAPACITY)
#endif

#if HOSTILE != 1
active proctype Producer()
{
	byte tail, value, space, staged;

	do
	:: atomic {
		if
#ifdef NO_SPACE_CHECK
		:: space = CAPACITY
#else
		:: BELIEVED(USED) && USED != CAPACITY -> space = MINUS(CAPACITY, USED)
#endif
#if HOSTILE == 2
		:: !BELIEVED(USED)			/* a violation: nothing is produced */
#endif
		fi
	   };
	   assert(space <= CAPACITY);
	   do
	   :: staged < space ->
#ifdef TAIL_FIRST
		atomic { tail = (tail + 1) % MODULUS; publish() };
		store_relaxed(PRODUCER, LOW(tail + MODULUS - 1), value);
		store_relaxed(PRODUCER, HIGH(tail + MODULUS - 1), value);
#else
		store_relaxed(PRODUCER, LOW(tail), value);
		store_relaxed(PRODUCER, HIGH(tail), value);
		tail = (tail + 1) % MODULUS;
#endif
		atomic { value = (value + 1) % VALUES; staged++ }
	   :: staged > 0 || space == 0 -> break
	   od;
#ifndef TAIL_FIRST
	   if
	   :: staged > 0 -> publish()
	   :: else
	   fi;
#endif
	   atomic { staged = 0; space = 0 }
	od
}
#endif

#if HOSTILE != 2
active proctype Consumer()
{
	byte head, expected, ready, taken, low;

	do
	:: atomic {
		if
		:: BELIEVED(READY) && READY != 0 -> ready = READY
#if HOSTILE == 1
		:: !BELIEVED(READY)			/* a violation reads as empty */
#endif
		fi
	   };
	   assert(ready <= CAPACITY);
#ifdef HEAD_EARLY
	   if
	   :: ready > 0 -> atomic { head = (head + ready) % MODULUS; release() }
	   :: else
	   fi;
#define FIRST (head + MODULUS - ready)
#else
#define FIRST (head)
#endif
	   do
	   :: taken < ready ->
		low = memory[LOW(FIRST + taken)];
		atomic {
#if HOSTILE == 0
			assert(low == expected);
			assert(memory[HIGH(FIRST + taken)] == expected);
#endif
			low = 0;
			expected = (expected + 1) % VALUES;
			taken++
		}
#ifndef HEAD_EARLY
	   :: taken > 0 && taken < ready -> break		/* may take less than is there */
#endif
	   :: taken == ready -> break
	   od;
#ifndef HEAD_EARLY
	   if
	   :: taken > 0 -> atomic { head = (head + taken) % MODULUS; release() }
	   :: else
	   fi;
#endif
	   atomic { taken = 0; ready = 0 }
	od
}
#endif

#if HOSTILE > 0
active proctype Liar()
{
	byte value;
#if HOSTILE == 1
#define LIE TAIL
#else
#define LIE HEAD
#endif
	do
	:: atomic {
		do
		:: value + 1 < MODULUS -> value++
		:: break
		od;
		memory[LIE] = value;
		value = 0
	   }
	od
}
#endif
