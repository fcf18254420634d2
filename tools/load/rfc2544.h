/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests of RFC 2544, "Benchmarking Methodology for Network Interconnect Devices", section 26,
 * as procedures over trials: what a trial is, the caller says. Pure: no clock, no I/O.
 *
 *     throughput     26.1  the fastest rate at which nothing is lost, by binary search
 *     latency        26.2  at 10 to 90 % of it, where the RFC has it at all of it
 *     loss           26.3  at the highest rate and then ever a tenth less, until two in turn lose
 * nothing back to back   26.4  the longest burst of which nothing is lost, by binary search
 */
#ifndef SDDF_LOAD_RFC2544_H
#define SDDF_LOAD_RFC2544_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RFC2544_STEPS 10u /* tenths of a rate */

/* The sizes of section 9.1: bytes of an Ethernet frame with its four of check sequence. */
#define RFC2544_FRAME_SIZES                 \
    {                                       \
        64, 128, 256, 512, 1024, 1280, 1518 \
    }
#define RFC2544_FRAME_OVERHEAD 46u /* of them, that are not payload of UDP over IPv4 */

struct trial {
    uint64_t rate_pps; /* to offer; UINT64_MAX: as fast as may be */
    uint64_t count;    /* packets; 0: for the caller's duration */
};

struct trial_outcome {
    double offered_pps; /* what was really offered */
    uint64_t sent, lost;
    double p50_us, p99_us, min_us, max_us, mean_us; /* round trip; 0 without any */
};

/* Runs one trial. False: end everything (an error, reported, or the user's wish). */
typedef bool trial_run(void *context, const struct trial *trial, struct trial_outcome *outcome);

struct rfc2544 {
    trial_run *run;
    void *context;
    uint64_t max_pps;      /* the highest rate to try */
    double accept_percent; /* of packets that may be lost where the RFC says none */
    double resolution;     /* of the searches, as a share of the highest value: 0.01 */
    uint64_t burst_max;    /* longest burst to try, packets */
    unsigned repeats;      /* of back to back, of which the mean is taken */
};

struct rfc2544_point {
    unsigned percent; /* of the throughput, or of the highest rate */
    uint64_t rate_pps;
    struct trial_outcome outcome;
};

struct rfc2544_result {
    uint64_t throughput_pps; /* 0: something was lost at any rate tried */
    unsigned trials;
    unsigned latency_count, loss_count;
    struct rfc2544_point latency[RFC2544_STEPS], loss[RFC2544_STEPS];
    double back_to_back; /* packets */
};

/* All four. False if a trial said so. */
bool rfc2544_run(const struct rfc2544 *test, struct rfc2544_result *result);

#endif
