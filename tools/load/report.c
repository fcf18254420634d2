/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the result of a run of sddf-load, for people and as JSON. */
#include "report.h"

#include "arguments.h"

#include <inttypes.h>

/* Every lost packet under one reason, so that the reasons add up to lost. */
struct lost_by_reason {
    uint64_t corrupt;      /* its echo came damaged */
    uint64_t late;         /* its echo came after it was given up */
    uint64_t bad_checksum; /* our side dropped its echo for its checksum */
    uint64_t generator;    /* our own queue had no room for its echo: not the target's loss */
    uint64_t unreachable;  /* an ICMP error came instead */
    uint64_t no_answer;
};

static uint64_t lost_of(const struct result *result)
{
    return result->total.sent - result->total.received;
}

/* Own drops: the counter has those for a bad checksum in it. */
static uint64_t receive_overflow(const struct result *result)
{
    return result->receive_drops > result->bad_checksums
               ? result->receive_drops - result->bad_checksums
               : 0;
}

/* Up to `count` of what is left of *rest. Counters of drops may include duplicates and warm-up. */
static uint64_t take(uint64_t *rest, uint64_t count)
{
    uint64_t taken = count < *rest ? count : *rest;
    *rest -= taken;
    return taken;
}

static struct lost_by_reason reasons(const struct result *result)
{
    struct lost_by_reason lost = {0};
    uint64_t rest = lost_of(result);
    lost.corrupt = take(&rest, result->total.damaged);
    lost.late = take(&rest, result->total.late);
    lost.corrupt += take(&rest, result->corrupt_unknown);
    lost.bad_checksum = take(&rest, result->bad_checksums);
    lost.generator = take(&rest, receive_overflow(result));
    lost.unreachable = take(&rest, result->unreachable);
    lost.no_answer = rest;
    return lost;
}

static double per_second(uint64_t count, const struct result *result)
{
    return result->duration_s > 0 ? (double)count / result->duration_s : 0;
}

static double percentile_us(const struct result *result, unsigned per_10000)
{
    return (double)histogram_percentile(&result->rtt_ns, per_10000) / 1000.0;
}

static void line_mode(FILE *file, const struct options *options, const struct result *result)
{
    char text[ADDRESS_TEXT_BYTES];
    if (options->rate_pps != 0) {
        fprintf(file, "open loop, %" PRIu64 " pps", options->rate_pps);
    } else {
        fprintf(file, "closed loop, window %" PRIu64, options->window);
    }
    fprintf(file, ", %zu bytes to %s", options->size, address_text(&options->targets[0], text));
    if (options->target_count > 1) {
        fprintf(file, " and %u more", options->target_count - 1);
    }
    static const char *const carriers[] = {
        [IO_SOCKET] = "",
        [IO_WIRE] = " over an in-memory wire",
        [IO_PACKET] = " through AF_PACKET",
        [IO_XDP] = " through AF_XDP",
    };
    fputs(carriers[options->io], file);
    fprintf(file, ", %.1f s%s: ", result->duration_s, result->interrupted ? " (interrupted)" : "");
}

void report_line(FILE *file, const struct options *options, const struct result *result)
{
    uint64_t lost = lost_of(result);
    uint64_t own = reasons(result).generator;
    line_mode(file, options, result);
    fprintf(file, "%.0f pps back of %.0f offered, lost %" PRIu64 " (%.3f %%",
            per_second(result->arrived, result), per_second(result->total.sent, result), lost,
            result->total.sent > 0 ? 100.0 * (double)lost / (double)result->total.sent : 0.0);
    if (own > 0) {
        fprintf(file, ", %" PRIu64 " by the generator", own);
    }
    fprintf(file, "), corrupt %" PRIu64 ", ", result->corrupt);
    if (result->not_sent > 0) {
        fprintf(file, "%" PRIu64 " due but not sent, ", result->not_sent);
    }
    if (result->rtt_ns.count == 0) {
        fprintf(file, "no round trip\n");
        return;
    }
    fprintf(file, "rtt us p50 %.1f p90 %.1f p99 %.1f max %.1f\n", percentile_us(result, 5000),
            percentile_us(result, 9000), percentile_us(result, 9900),
            (double)result->rtt_ns.max / 1000.0);
}

static void json_load(FILE *file, const struct options *options, const struct result *result)
{
    if (options->rate_pps != 0) {
        fprintf(file, "\"mode\": \"open\", \"rate_pps\": %" PRIu64 ", ", options->rate_pps);
    } else {
        fprintf(file, "\"mode\": \"closed\", \"window\": %" PRIu64 ", ", options->window);
    }
    fprintf(file, "\"size\": %zu, \"targets\": [", options->size);
    for (unsigned i = 0; i < options->target_count; i++) {
        char text[ADDRESS_TEXT_BYTES];
        fprintf(file, "%s\"%s\"", i > 0 ? ", " : "", address_text(&options->targets[i], text));
    }
    fprintf(file, "], \"duration_s\": %.6f, \"interrupted\": %s, ", result->duration_s,
            result->interrupted ? "true" : "false");
}

static void json_rtt(FILE *file, const struct result *result)
{
    if (result->rtt_ns.count == 0) {
        fprintf(file, "\"rtt_us\": {\"min\": null, \"mean\": null, \"deviation\": null, \"p50\": "
                      "null, \"p90\": null, "
                      "\"p99\": null, \"p999\": null, \"max\": null}");
        return;
    }
    fprintf(file,
            "\"rtt_us\": {\"min\": %.3f, \"mean\": %.3f, \"deviation\": %.3f, \"p50\": %.3f, "
            "\"p90\": %.3f, "
            "\"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}",
            (double)result->rtt_ns.min / 1000.0, histogram_mean(&result->rtt_ns) / 1000.0,
            histogram_deviation(&result->rtt_ns) / 1000.0, percentile_us(result, 5000),
            percentile_us(result, 9000), percentile_us(result, 9900), percentile_us(result, 9990),
            (double)result->rtt_ns.max / 1000.0);
}

/* The distribution, as pairs of percent and what so many do not exceed. */
static void json_distribution(FILE *file, const struct result *result)
{
    static const unsigned per_10000[] = {100,  500,  1000, 2000, 3000, 4000, 5000, 6000,
                                         7000, 8000, 9000, 9500, 9900, 9950, 9990, 9999};
    const char *separator = "";
    fprintf(file, ", \"distribution_us\": [");
    for (unsigned i = 0; result->rtt_ns.count > 0 && i < sizeof(per_10000) / sizeof(per_10000[0]);
         i++) {
        fprintf(file, "%s[%g, %.3f]", separator, per_10000[i] / 100.0,
                percentile_us(result, per_10000[i]));
        separator = ", ";
    }
    fprintf(file, "]");
}

void report_json(FILE *file, const struct options *options, const struct result *result)
{
    struct lost_by_reason lost = reasons(result);
    fprintf(file, "{");
    json_load(file, options, result);
    fprintf(file, "\"offered_pps\": %.1f, \"achieved_pps\": %.1f, ",
            per_second(result->total.sent, result), per_second(result->arrived, result));
    fprintf(file, "\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", ",
            result->total.sent, result->total.received, lost_of(result));
    fprintf(file,
            "\"lost_by_reason\": {\"corrupt\": %" PRIu64 ", \"late\": %" PRIu64
            ", \"bad_checksum\": %" PRIu64 ", \"generator\": %" PRIu64 ", \"unreachable\": %" PRIu64
            ", \"no_answer\": %" PRIu64 "}, ",
            lost.corrupt, lost.late, lost.bad_checksum, lost.generator, lost.unreachable,
            lost.no_answer);
    fprintf(file,
            "\"corrupt\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"late\": %" PRIu64
            ", \"reordered\": %" PRIu64 ", \"stray\": %" PRIu64 ", ",
            result->corrupt, result->total.duplicate, result->total.late, result->total.reordered,
            result->stray);
    fprintf(file,
            "\"generator\": {\"receive_overflow\": %" PRIu64 ", \"send_again\": %" PRIu64
            ", \"send_nobufs\": %" PRIu64 ", \"not_sent\": %" PRIu64 "}, ",
            receive_overflow(result), result->send_again, result->send_nobufs, result->not_sent);
    if (result->cpu_known) {
        fprintf(file, "\"cpu\": {\"core\": %u, \"percent\": %.2f}, ", options->watched_cpu,
                result->cpu_percent);
    }
    json_rtt(file, result);
    json_distribution(file, result);
    fprintf(file, "}\n");
}
