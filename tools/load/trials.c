/* SPDX-License-Identifier: BSD-2-Clause */
/* See trials.h. */
#include "trials.h"

#include "csv.h"
#include "report.h"
#include "rfc2544.h"
#include "run.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define RESOLUTION  0.01 /* of searches */
#define BURST_S     2.0  /* the longest burst lasts so long at the highest rate: RFC 2544, 26.4 */
#define WIRE_EXTRA  20u  /* bytes of preamble and gap that a frame takes on a wire beside its own */
#define ALL_PERCENT 100.0

struct trials {
    struct options options; /* of the trial that runs */
    const volatile sig_atomic_t *stop;
    struct result result;
    FILE *csv;
};

static double us(uint64_t ns)
{
    return (double)ns / 1000.0;
}

static bool run_trial(void *context, const struct trial *trial, struct trial_outcome *outcome)
{
    struct trials *trials = context;
    struct result *result = &trials->result;
    trials->options.rate_pps = trial->rate_pps < RATE_MAX ? trial->rate_pps : RATE_MAX;
    trials->options.count = trial->count;
    memset(result, 0, sizeof(*result));
    if (*trials->stop || !run(&trials->options, trials->stop, result) || result->interrupted) {
        return false;
    }
    if (trials->csv != NULL) {
        csv_row(trials->csv, &trials->options, result);
    }
    *outcome = (struct trial_outcome){
        .offered_pps = result->duration_s > 0 ? (double)result->total.sent / result->duration_s : 0,
        .sent = result->total.sent,
        .lost = result->total.sent - result->total.received,
        .min_us = us(result->rtt_ns.min),
        .mean_us = histogram_mean(&result->rtt_ns) / 1000.0,
        .p50_us = us(histogram_percentile(&result->rtt_ns, 5000)),
        .p99_us = us(histogram_percentile(&result->rtt_ns, 9900)),
        .max_us = us(result->rtt_ns.max),
    };
    return true;
}

static double lost_percent(const struct trial_outcome *outcome)
{
    return outcome->sent > 0 ? ALL_PERCENT * (double)outcome->lost / (double)outcome->sent : 0;
}

static double megabits(double pps, size_t frame)
{
    return pps * 8.0 * (double)(frame + WIRE_EXTRA) / 1e6;
}

/* ---- For people ---- */

static void print(size_t frame, const struct rfc2544 *test, const struct rfc2544_result *found)
{
    printf("%zu bytes: throughput %" PRIu64 " frames/s (%.1f Mbit/s) of %" PRIu64
           " tried at most, longest burst %.0f, %u trials\n",
           frame, found->throughput_pps, megabits((double)found->throughput_pps, frame),
           test->max_pps, found->back_to_back, found->trials);
    for (unsigned i = 0; i < found->latency_count; i++) {
        const struct rfc2544_point *p = &found->latency[i];
        printf(
            "  latency at %3u %%: min %.1f mean %.1f p50 %.1f p99 %.1f max %.1f us, lost %" PRIu64
            "\n",
            p->percent, p->outcome.min_us, p->outcome.mean_us, p->outcome.p50_us, p->outcome.p99_us,
            p->outcome.max_us, p->outcome.lost);
    }
    for (unsigned i = 0; i < found->loss_count; i++) {
        const struct rfc2544_point *p = &found->loss[i];
        printf("  loss at %3u %% of the most: %.3f %% of %.0f frames/s\n", p->percent,
               lost_percent(&p->outcome), p->outcome.offered_pps);
    }
    fflush(stdout);
}

/* ---- JSON ---- */

static void json_points(FILE *file, const char *name, const struct rfc2544_point *points,
                        unsigned count)
{
    fprintf(file, ", \"%s\": [", name);
    for (unsigned i = 0; i < count; i++) {
        const struct trial_outcome *o = &points[i].outcome;
        fprintf(
            file,
            "%s{\"percent\": %u, \"rate_pps\": %" PRIu64
            ", \"offered_pps\": %.1f, \"sent\": %" PRIu64 ", \"lost\": %" PRIu64
            ", \"lost_percent\": %.4f, \"rtt_us\": {\"min\": %.3f, \"mean\": %.3f, \"p50\": %.3f, "
            "\"p99\": %.3f, \"max\": %.3f}}",
            i > 0 ? ", " : "", points[i].percent, points[i].rate_pps, o->offered_pps, o->sent,
            o->lost, lost_percent(o), o->min_us, o->mean_us, o->p50_us, o->p99_us, o->max_us);
    }
    fprintf(file, "]");
}

static void json_frame(FILE *file, size_t frame, const struct rfc2544 *test,
                       const struct rfc2544_result *found)
{
    fprintf(file,
            "{\"frame\": %zu, \"size\": %zu, \"max_pps\": %" PRIu64 ", \"throughput_pps\": %" PRIu64
            ", \"throughput_mbit\": %.3f, \"accepted_loss_percent\": %g, \"trials\": %u, "
            "\"back_to_back\": %.1f, \"repeats\": %u",
            frame, frame - RFC2544_FRAME_OVERHEAD, test->max_pps, found->throughput_pps,
            megabits((double)found->throughput_pps, frame), test->accept_percent, found->trials,
            found->back_to_back, test->repeats);
    json_points(file, "latency", found->latency, found->latency_count);
    json_points(file, "loss", found->loss, found->loss_count);
    fprintf(file, "}");
}

/* ---- All sizes ---- */

/* The highest rate to try, in test->max_pps: the user's, or what the generator can offer. */
static bool find_max(struct rfc2544 *test, const struct options *options)
{
    struct trial_outcome outcome = {0};
    test->max_pps = options->rate_pps;
    if (test->max_pps == 0) {
        if (!test->run(test->context, &(struct trial){.rate_pps = UINT64_MAX}, &outcome)) {
            return false;
        }
        test->max_pps = (uint64_t)ceil(outcome.offered_pps);
    }
    if (test->max_pps == 0) {
        fputs("sddf-load: --rfc2544: nothing could be sent at all; expected a --duration that is "
              "long enough to send something\n",
              stderr);
        return false;
    }
    test->burst_max = (uint64_t)ceil(BURST_S * (double)test->max_pps);
    return true;
}

bool trials_run(const struct options *options, const volatile sig_atomic_t *stop, FILE *json,
                FILE *csv)
{
    static struct trials trials; /* 35 KiB of histogram */
    FILE *const files[] = {stdout, json};
    static struct rfc2544 tests[FRAMES_MAX];
    static struct rfc2544_result found[FRAMES_MAX];
    trials = (struct trials){.options = *options, .stop = stop, .csv = csv};
    trials.options.window = 0;
    for (unsigned i = 0; i < options->frame_count; i++) {
        tests[i] = (struct rfc2544){
            .run = run_trial,
            .context = &trials,
            .accept_percent = options->accept_percent,
            .resolution = RESOLUTION,
            .repeats = options->repeats,
        };
        trials.options.size = options->frames[i] - RFC2544_FRAME_OVERHEAD;
        if (!find_max(&tests[i], options) || !rfc2544_run(&tests[i], &found[i])) {
            return false;
        }
        print(options->frames[i], &tests[i], &found[i]);
    }
    for (unsigned f = 0; f < 2 && files[f] != NULL; f++) {
        fprintf(files[f], "{\"rfc2544\": [");
        for (unsigned i = 0; i < options->frame_count; i++) {
            fputs(i > 0 ? ", " : "", files[f]);
            json_frame(files[f], options->frames[i], &tests[i], &found[i]);
        }
        fprintf(files[f], "]}\n");
    }
    return true;
}
