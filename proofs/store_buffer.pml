/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory with store buffers, included by the models of this folder.
 *
 * Question: none of its own. It gives the models the memory of a real machine: a store waits in its
 * core's buffer and reaches memory later, at any time, while the core goes on loading.
 *
 * Mapping to include/sddf/atomic.h (side = the core that executes it, word = index into memory[]):
 *   store_relaxed(side, word, value)   a relaxed store
 *   store_release(side, word, value)   a store-release: leaves after this side's earlier stores
 *   fence(side)                        fence_seq_cst: waits until this side's buffer is empty
 *   memory[word]                       load_acquire: loads happen in program order
 *
 * Assumptions: stores reach all other cores at once (x86, Armv8, RISC-V: multi-copy atomic). No
 * side loads a word that it writes itself ("each side keeps its truth in private memory"), so a
 * load never has to look into its own buffer.
 *
 * Macros: MEMORY 0 = sequentially consistent, no buffer
 *                1 = TSO (x86): stores leave in program order
 *                2 = weak (Armv8, RISC-V): a relaxed store may pass earlier stores to other words,
 *                    releases included
 *         DEPTH  2 to 4: how many stores a buffer holds; a store to a full buffer waits
 *         WORDS  how many words of memory the model has
 */
#ifndef MEMORY
#define MEMORY 2
#endif
#ifndef DEPTH
#define DEPTH 3
#endif

typedef StoreBuffer {
	byte count;
	byte word[DEPTH];
	byte value[DEPTH];
	bit  is_release[DEPTH]
}

byte memory[WORDS];
StoreBuffer buffer[2];

#define FENCED(side) (buffer[side].count == 0)

/* Store at place `slot` may leave ahead of the stores before it. */
#define OTHER(side, slot, earlier) (buffer[side].word[slot] != buffer[side].word[earlier])
#define PASSES(side, slot) \
	(MEMORY == 2 && buffer[side].count > slot && !buffer[side].is_release[slot])
#define PASSES_1(side) (PASSES(side, 1) && OTHER(side, 1, 0))
#define PASSES_2(side) (PASSES(side, 2) && OTHER(side, 2, 0) && OTHER(side, 2, 1))
#define PASSES_3(side) \
	(PASSES(side, 3) && OTHER(side, 3, 0) && OTHER(side, 3, 1) && OTHER(side, 3, 2))

#if MEMORY == 0
inline store(side, at, what, release) { memory[at] = what }
#else
inline store(side, at, what, release)
{
	atomic {
		buffer[side].count < DEPTH ->
		buffer[side].word[buffer[side].count] = at;
		buffer[side].value[buffer[side].count] = what;
		buffer[side].is_release[buffer[side].count] = release;
		buffer[side].count++
	}
}
#endif

inline store_relaxed(side, at, what) { store(side, at, what, 0) }
inline store_release(side, at, what) { store(side, at, what, 1) }
inline fence(side) { FENCED(side) }

/* The store at `slot` of `side` reaches memory; those behind it close up. */
inline leave(side, slot)
{
	memory[buffer[side].word[slot]] = buffer[side].value[slot];
	leaving = slot;
	do
	:: leaving + 1 < buffer[side].count ->
		buffer[side].word[leaving] = buffer[side].word[leaving + 1];
		buffer[side].value[leaving] = buffer[side].value[leaving + 1];
		buffer[side].is_release[leaving] = buffer[side].is_release[leaving + 1];
		leaving++
	:: else -> break
	od;
	buffer[side].word[leaving] = 0;
	buffer[side].value[leaving] = 0;
	buffer[side].is_release[leaving] = 0;
	buffer[side].count--;
	leaving = 0
}

#if MEMORY > 0
active proctype StoresReachMemory()
{
	byte leaving;
end:	do
	:: d_step { buffer[0].count > 0 -> leave(0, 0) }
	:: d_step { buffer[1].count > 0 -> leave(1, 0) }
	:: d_step { PASSES_1(0) -> leave(0, 1) }
	:: d_step { PASSES_1(1) -> leave(1, 1) }
#if DEPTH > 2
	:: d_step { PASSES_2(0) -> leave(0, 2) }
	:: d_step { PASSES_2(1) -> leave(1, 2) }
#endif
#if DEPTH > 3
	:: d_step { PASSES_3(0) -> leave(0, 3) }
	:: d_step { PASSES_3(1) -> leave(1, 3) }
#endif
	od
}
#endif
