/* SPDX-License-Identifier: BSD-2-Clause */
/* Token bucket: how many bytes a client may send by now. Tokens are bytes; they come at `rate` per
 * second and no more than `burst` are kept. A frame may go while there is a token, and takes as
 * many as it has bytes, so the account may go below zero by less than one frame: in any time t a
 * client sends less than burst + rate * t + one frame. Pure; owned by the transmit virtualiser.
 *
 * Fractions of a byte are not lost: an account is filled by whole bytes, and time stands still at
 * the moment at which the last of them was earned. */
#ifndef VIRT_NET_BUCKET_H
#define VIRT_NET_BUCKET_H

#include <sddf/net.h>
#include <sddf/timer.h>
#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t rate;  /* bytes per second, 1 to NET_RATE_MAX; 0: no limit */
    uint64_t burst; /* bytes, 1 to NET_BURST_BYTES_MAX */
    int64_t tokens; /* at most burst; more than -NET_BUFFER_SIZE_MAX - 1 */
    uint64_t at_ns; /* until when tokens are counted */
};

/* Time to earn `bytes`, rounded up. At most 2^41 * 10^9 / 1 does not fit, hence two steps. */
static inline uint64_t bucket_time_ns(uint64_t bytes, uint64_t rate)
{
    return bytes / rate * TIMER_NS_PER_S + (bytes % rate * TIMER_NS_PER_S + rate - 1) / rate;
}

/* Full at `now_ns`. */
static inline void bucket_open(struct bucket *b, uint64_t rate, uint64_t burst, uint64_t now_ns)
{
    *b = (struct bucket){.rate = rate, .burst = burst, .tokens = (int64_t)burst, .at_ns = now_ns};
}

/* Adds what was earned until `now_ns`; a time before the last one adds nothing. */
static inline void bucket_fill(struct bucket *b, uint64_t now_ns)
{
    if (now_ns <= b->at_ns) {
        return;
    }
    uint64_t passed = now_ns - b->at_ns;
    uint64_t lacking = (uint64_t)((int64_t)b->burst - b->tokens);
    if (passed >= bucket_time_ns(lacking, b->rate)) {
        b->tokens = (int64_t)b->burst;
        b->at_ns = now_ns;
        return;
    }
    /* Less than what is lacking, so that the sums below are small; NET_RATE_MAX * 10^9 < 2^64. */
    uint64_t earned =
        passed / TIMER_NS_PER_S * b->rate + passed % TIMER_NS_PER_S * b->rate / TIMER_NS_PER_S;
    b->tokens += (int64_t)earned;
    b->at_ns += earned == 0 ? 0 : bucket_time_ns(earned, b->rate);
    b->at_ns = b->at_ns < now_ns ? b->at_ns : now_ns;
}

static inline bool bucket_may_send(const struct bucket *b)
{
    return b->tokens > 0;
}

static inline void bucket_sent(struct bucket *b, uint64_t bytes)
{
    b->tokens -= (int64_t)bytes;
}

/* When a quarter of the burst will be there: sending then, rather than byte by byte, spares wakes,
 * and the other three quarters forgive a timer that is late. */
static inline uint64_t bucket_ready_ns(const struct bucket *b)
{
    int64_t wanted = (int64_t)(b->burst / 4 != 0 ? b->burst / 4 : 1) - b->tokens;
    return wanted <= 0 ? b->at_ns : b->at_ns + bucket_time_ns((uint64_t)wanted, b->rate);
}

#endif
