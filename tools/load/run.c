/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of sddf-load: one thread that never sleeps. Each turn serves every target once: stage
 * what is due, send it, take what came back, give up what is too old. It owns the streams. Echoes
 * are hostile: verified whole before they count.
 */
#include "run.h"

#include "clock.h"
#include "cpu.h"
#include "packet.h"
#include "stream.h"
#include "tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define CATCH_UP_NS   (SECOND_NS / 10) /* open loop: to send what is due when the time is over */
#define NEVER_GIVE_UP UINT64_MAX

/*
 * When a stream's packets are due. Packet n of stream s of S is packet n S + s of the run, due at
 * start + (n S + s) / rate: whole nanoseconds and the remainder that is carried on, so the rate is
 * exact for any duration.
 */
struct schedule {
    uint64_t next_ns;
    uint64_t remainder; /* in 1/rate ns */
    uint64_t step_ns;
    uint64_t step_remainder;
    uint64_t rate;
};

struct load {
    const struct options *options;
    struct result *result;
    struct stream streams[TARGETS_MAX];
    struct schedule schedules[TARGETS_MAX];
    uint64_t windows[TARGETS_MAX];
    uint64_t quotas[TARGETS_MAX]; /* packets that may still be staged; UINT64_MAX: no limit */
    bool measuring;               /* from the end of the warm-up to the beginning of the drain */
    uint64_t measure_ns;          /* measuring began */
    uint64_t end_ns;              /* and ends; UINT64_MAX while warming up */
    struct transport_counters counters_before; /* when measuring began */
    struct cpu_time cpu_before;
    uint64_t progress_ns;
};

static struct schedule schedule_start(uint64_t start_ns, uint64_t rate, unsigned index,
                                      unsigned streams)
{
    return (struct schedule){
        .next_ns = start_ns + index * SECOND_NS / rate,
        .remainder = index * SECOND_NS % rate,
        .step_ns = streams * SECOND_NS / rate,
        .step_remainder = streams * SECOND_NS % rate,
        .rate = rate,
    };
}

static void schedule_advance(struct schedule *schedule)
{
    schedule->next_ns += schedule->step_ns;
    schedule->remainder += schedule->step_remainder;
    if (schedule->remainder >= schedule->rate) {
        schedule->remainder -= schedule->rate;
        schedule->next_ns++;
    }
}

/* Packets due before `end_ns` that were not staged. */
static uint64_t schedule_remaining(const struct schedule *schedule, uint64_t end_ns)
{
    if (schedule->next_ns >= end_ns) {
        return 0;
    }
    double step =
        (double)schedule->step_ns + (double)schedule->step_remainder / (double)schedule->rate;
    return 1 + (uint64_t)((double)(end_ns - schedule->next_ns - 1) / step);
}

static uint64_t share(uint64_t all, unsigned index, unsigned streams)
{
    return all / streams + (index < all % streams);
}

static bool open_loop(const struct load *load)
{
    return load->options->rate_pps != 0;
}

static void stage(struct load *load, unsigned index, uint64_t now_ns)
{
    struct stream *stream = &load->streams[index];
    if (stream->staged != 0) {
        return; /* the rest of the last batch goes first */
    }
    if (open_loop(load)) {
        struct schedule *schedule = &load->schedules[index];
        while (stream->staged < BATCH && schedule->next_ns <= now_ns &&
               schedule->next_ns < load->end_ns && load->quotas[index] > 0) {
            stream_stage(stream, schedule->next_ns);
            schedule_advance(schedule);
            load->quotas[index]--;
        }
    } else {
        uint64_t outstanding = stream->tracker->outstanding;
        while (stream->staged < BATCH && outstanding + stream->staged < load->windows[index] &&
               load->quotas[index] > 0) {
            stream_stage(stream, now_ns);
            load->quotas[index]--;
        }
    }
}

static void count_echo(struct load *load, struct stream *stream, const struct echo *echo,
                       uint64_t now_ns)
{
    struct result *result = load->result;
    struct packet_stamp stamp = {0};
    switch (packet_verify(echo->payload, echo->length, stream->size, stream->identity, &stamp)) {
    case PACKET_INTACT:
        break;
    case PACKET_STRAY:
        result->stray++;
        return;
    case PACKET_DAMAGED_BODY:
        result->corrupt++;
        (void)tracker_received(stream->tracker, stamp.sequence, false);
        return;
    default:
        result->corrupt++;
        result->corrupt_unknown++;
        return;
    }
    switch (tracker_received(stream->tracker, stamp.sequence, true)) {
    case TRACKER_ARRIVED:
        result->arrived += load->measuring;
        if (stamp.sequence >= stream->tracker->measured_from && now_ns >= stamp.scheduled_ns) {
            histogram_add(&result->rtt_ns, now_ns - stamp.scheduled_ns);
        }
        break;
    case TRACKER_UNKNOWN: /* a header that we would have made for a packet we did not send */
        result->corrupt++;
        result->corrupt_unknown++;
        break;
    default:
        break;
    }
}

static bool receive(struct load *load, struct stream *stream)
{
    int count = stream_receive(stream);
    if (count > 0) {
        uint64_t now_ns = clock_ns();
        for (unsigned i = 0; i < (unsigned)count; i++) {
            count_echo(load, stream, &stream->echoes[i], now_ns);
        }
    }
    return count >= 0;
}

/* One turn for one stream. Receives before it gives up: what lies in our queue came in time. */
static bool turn(struct load *load, unsigned index, bool sending)
{
    struct stream *stream = &load->streams[index];
    uint64_t now_ns = clock_ns();
    if (sending) {
        stage(load, index, now_ns);
        if (!stream_flush(stream, now_ns)) {
            return false;
        }
    }
    if (!receive(load, stream)) {
        return false;
    }
    tracker_expire(stream->tracker, now_ns,
                   open_loop(load) ? NEVER_GIVE_UP : load->options->patience_ns);
    return true;
}

static void measure(struct load *load, uint64_t now_ns)
{
    load->measuring = true;
    load->measure_ns = now_ns;
    load->end_ns = load->options->count > 0 ? UINT64_MAX : now_ns + load->options->duration_ns;
    load->counters_before = stream_counters(&load->streams[0]);
    histogram_reset(&load->result->rtt_ns);
    load->result->cpu_known =
        load->options->watch && cpu_read(load->options->watched_cpu, &load->cpu_before);
    for (unsigned i = 0; i < load->options->target_count; i++) {
        stream_measure(&load->streams[i]);
        if (load->options->count > 0) { /* what is staged already is measured, too */
            uint64_t staged = load->streams[i].staged - load->streams[i].sent;
            uint64_t quota = share(load->options->count, i, load->options->target_count);
            load->quotas[i] = quota > staged ? quota - staged : 0;
        }
    }
}

static bool all_sent(const struct load *load)
{
    for (unsigned i = 0; i < load->options->target_count; i++) {
        if (load->quotas[i] > 0 || load->streams[i].staged != 0) {
            return false;
        }
    }
    return true;
}

/* What was due before the end and still waits to be staged or sent. */
static uint64_t backlog(const struct load *load, uint64_t end_ns)
{
    uint64_t count = 0;
    for (unsigned i = 0; open_loop(load) && i < load->options->target_count; i++) {
        count += load->streams[i].staged - load->streams[i].sent;
        count += schedule_remaining(&load->schedules[i], end_ns);
    }
    return count;
}

static bool time_is_over(const struct load *load, uint64_t now_ns)
{
    if (load->measuring && load->options->count > 0) {
        return all_sent(load);
    }
    if (now_ns < load->end_ns) {
        return false;
    }
    return now_ns >= load->end_ns + CATCH_UP_NS || backlog(load, load->end_ns) == 0;
}

static void progress(struct load *load, uint64_t now_ns)
{
    if (!load->options->progress || now_ns < load->progress_ns) {
        return;
    }
    load->progress_ns = now_ns + SECOND_NS;
    uint64_t sent = 0;
    uint64_t received = 0;
    for (unsigned i = 0; i < load->options->target_count; i++) {
        sent += load->streams[i].tracker->counts.sent;
        received += load->streams[i].tracker->counts.received;
    }
    double seconds = (double)(now_ns - load->measure_ns) / (double)SECOND_NS;
    fprintf(stderr, "sddf-load: %s %.0f s: sent %ju, received %ju, corrupt %ju\n",
            load->measuring ? "measuring" : "warming up", seconds, (uintmax_t)sent,
            (uintmax_t)received, (uintmax_t)load->result->corrupt);
}

static bool send_and_receive(struct load *load, const volatile sig_atomic_t *stop)
{
    uint64_t now_ns = clock_ns();
    uint64_t warm_ns = now_ns + load->options->warmup_ns;
    load->end_ns = UINT64_MAX;
    load->measure_ns = now_ns;
    load->progress_ns = now_ns + SECOND_NS;
    for (unsigned i = 0; i < load->options->target_count; i++) {
        load->schedules[i] = schedule_start(now_ns, open_loop(load) ? load->options->rate_pps : 1,
                                            i, load->options->target_count);
    }
    for (; !*stop && !time_is_over(load, now_ns); now_ns = clock_ns()) {
        if (!load->measuring && now_ns >= warm_ns) {
            measure(load, now_ns);
        }
        for (unsigned i = 0; i < load->options->target_count; i++) {
            if (!turn(load, i, true)) {
                return false;
            }
        }
        progress(load, now_ns);
    }
    if (!load->measuring) {
        measure(load, now_ns);
    }
    load->result->interrupted = *stop != 0;
    load->result->duration_s = (double)(now_ns - load->measure_ns) / (double)SECOND_NS;
    load->result->not_sent =
        load->options->count > 0 ? 0 : backlog(load, now_ns < load->end_ns ? now_ns : load->end_ns);
    load->measuring = false;
    struct cpu_time cpu;
    if (load->result->cpu_known && cpu_read(load->options->watched_cpu, &cpu)) {
        load->result->cpu_percent = cpu_busy_percent(&load->cpu_before, &cpu);
    }
    return true;
}

static bool drain(struct load *load)
{
    uint64_t until_ns = clock_ns() + 2 * load->options->patience_ns;
    uint64_t outstanding;
    do {
        outstanding = 0;
        for (unsigned i = 0; i < load->options->target_count; i++) {
            if (!turn(load, i, false)) {
                return false;
            }
            outstanding += load->streams[i].tracker->outstanding;
        }
    } while (outstanding > 0 && clock_ns() < until_ns);
    return true;
}

static void collect(struct load *load)
{
    struct result *result = load->result;
    for (unsigned i = 0; i < load->options->target_count; i++) {
        const struct stream *stream = &load->streams[i];
        const struct tracker_counts *counts = &stream->tracker->counts;
        result->total.sent += counts->sent;
        result->total.received += counts->received;
        result->total.damaged += counts->damaged;
        result->total.duplicate += counts->duplicate;
        result->total.late += counts->late;
        result->total.reordered += counts->reordered;
        result->unreachable += stream->unreachable;
        result->receive_drops += stream_receive_drops(stream);
        result->send_again += stream->send_again;
        result->send_nobufs += stream->send_nobufs;
    }
    const struct transport_counters counters = stream_counters(&load->streams[0]);
    result->bad_checksums = counters.bad_checksums - load->counters_before.bad_checksums;
    result->stray += counters.stray - load->counters_before.stray;
}

bool run(const struct options *options, const volatile sig_atomic_t *stop, struct result *result)
{
    uint32_t run_id = 0;
    struct load *load = calloc(1, sizeof(*load));
    if (load == NULL || getrandom(&run_id, sizeof(run_id), 0) != sizeof(run_id)) {
        perror("sddf-load: memory or random number");
        free(load);
        return false;
    }
    load->options = options;
    load->result = result;
    unsigned targets = options->target_count;
    for (unsigned i = 0; i < targets; i++) {
        stream_open(&load->streams[i], options, i, run_id);
        load->windows[i] = share(options->window, i, targets);
        load->quotas[i] = UINT64_MAX;
    }
    bool done = send_and_receive(load, stop) && drain(load);
    if (done) {
        collect(load);
    }
    for (unsigned i = 0; i < targets; i++) {
        stream_close(&load->streams[i]);
    }
    free(load);
    return done;
}
