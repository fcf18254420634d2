/* SPDX-License-Identifier: BSD-2-Clause */
/* See samples.h. The consumer's thread sleeps between samples; for a sample both meet at a barrier
 * of one word and then only spin. A sample in which the kernel took a core away is taken again. */
#include "samples.h"

#include "clock.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/resource.h>

enum { TRIES = 5, ROUND_TRIPS = 2000, WARM_UP = 200 };

/* What the two threads share, each word on a line of its own. */
static struct {
    _Alignas(128) uint32_t ping;
    _Alignas(128) uint32_t pong;
    _Alignas(128) uint32_t here; /* threads at the barrier */
} shared;

static struct {
    const struct contender *contender; /* NULL: the line latency */
    uint32_t count, burst;
    uint64_t wrong, end_ns;
    long switches; /* of the consumer's thread, involuntary */
} job;

static sem_t start, done;

static long switches(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

static void barrier(void)
{
    (void)__atomic_fetch_add(&shared.here, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&shared.here, __ATOMIC_ACQUIRE) != 2) {
        relax();
    }
}

static void await(const uint32_t *word, uint32_t value)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
    }
}

static void answer_pings(void)
{
    for (uint32_t i = 1; i <= WARM_UP + ROUND_TRIPS; i++) {
        await(&shared.ping, i);
        __atomic_store_n(&shared.pong, i, __ATOMIC_RELEASE);
    }
}

static void *second_core(void *unused)
{
    for (;;) {
        while (sem_wait(&start) != 0) {
        }
        long before = switches();
        barrier();
        if (job.contender == NULL) {
            answer_pings();
        } else {
            job.wrong = job.contender->consume(job.count, job.burst);
        }
        job.end_ns = clock_ns();
        job.switches = switches() - before;
        sem_post(&done);
    }
    return unused;
}

static void begin(const struct contender *contender, uint32_t count, uint32_t burst)
{
    job.contender = contender;
    job.count = count;
    job.burst = burst;
    shared.here = 0;
    sem_post(&start);
    barrier();
}

static void end(void)
{
    while (sem_wait(&done) != 0) {
    }
}

static bool pin(pthread_t thread, unsigned core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    struct sched_param priority = {.sched_priority = 1};
    (void)pthread_setschedparam(thread, SCHED_FIFO, &priority);
    errno = pthread_setaffinity_np(thread, sizeof(set), &set);
    return errno == 0;
}

bool samples_start(unsigned first, unsigned second)
{
    pthread_t thread;
    if (sem_init(&start, 0, 0) != 0 || sem_init(&done, 0, 0) != 0) {
        return false;
    }
    errno = pthread_create(&thread, NULL, second_core, NULL);
    return errno == 0 && pin(thread, second) && pin(pthread_self(), first);
}

double sample_line_ns(void)
{
    double least = 0;
    for (int try = 0; try < 3; try++) {
        shared.ping = shared.pong = 0;
        begin(NULL, 0, 0);
        uint64_t from = 0;
        for (uint32_t i = 1; i <= WARM_UP + ROUND_TRIPS; i++) {
            from = i == WARM_UP + 1 ? clock_ns() : from;
            __atomic_store_n(&shared.ping, i, __ATOMIC_RELEASE);
            await(&shared.pong, i);
        }
        double ns = (double)(clock_ns() - from) / ROUND_TRIPS / 2;
        end();
        least = try == 0 || ns < least ? ns : least;
    }
    return least;
}

/* What the contender itself says of the run. */
static void ask(const struct contender *contender, struct sample *sample)
{
    sample->audit = contender->audit != NULL ? contender->audit() : NULL;
    sample->signals = contender->signals != NULL ? contender->signals() : 0;
}

struct sample sample_one_core(const struct contender *contender, uint32_t capacity, uint32_t count,
                              uint32_t burst)
{
    struct sample sample = {.audit = "the queue cannot be opened"};
    for (int try = 0; try < TRIES && contender->open(capacity); try++) {
        long before = switches();
        uint64_t from = clock_ns();
        sample.wrong |= contender->alternate(count, burst);
        sample.ns = (double)(clock_ns() - from) / count;
        ask(contender, &sample);
        sample.disturbed = switches() != before;
        if (!sample.disturbed || sample.audit != NULL) {
            break;
        }
    }
    return sample;
}

struct sample sample_two_cores(const struct contender *contender, uint32_t capacity, uint32_t count,
                               uint32_t burst)
{
    struct sample sample = {.audit = "the queue cannot be opened"};
    for (int try = 0; try < TRIES && contender->open(capacity); try++) {
        long before = switches();
        begin(contender, count, burst);
        uint64_t from = clock_ns();
        contender->produce(count, burst);
        long mine = switches() - before;
        end();
        sample.wrong |= job.wrong;
        sample.ns = (double)(job.end_ns - from) / count;
        ask(contender, &sample);
        sample.disturbed = mine != 0 || job.switches != 0;
        if (!sample.disturbed || sample.audit != NULL) {
            break;
        }
    }
    return sample;
}
