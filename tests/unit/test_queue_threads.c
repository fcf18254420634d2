/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads exchange buffers over the real queue, sleeping on semaphores as PDs do on
 * notifications. The buffers are plain memory: under ThreadSanitizer a missing release or acquire
 * is a reported race; a lost wake ends in the alarm. Prints TAP. */
#include <pthread.h>
#include <sddf/queue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CAPACITY = 8, ROUNDS = 200000 };

struct entry {
    uint64_t buffer, unused;
};

static union {
    struct queue_side side;
    char room[QUEUE_SIDE_SIZE(CAPACITY, sizeof(struct entry))];
} memory_a, memory_b;

static uint64_t buffers[CAPACITY]; /* plain: handed over by the queue alone */
static sem_t wake_a, wake_b;

/* Waits as a PD does: many notifications before a wait count as one. */
static void wait_on(sem_t *wake)
{
    while (sem_wait(wake) != 0) {
    }
    while (sem_trywait(wake) == 0) {
    }
}

static void check(struct connection *c, sem_t *peer)
{
    if (connection_poll(c) == CONNECTION_RESTARTED && connection_adopt(c)) {
        sem_post(peer);
        connection_poll(c);
    }
}

/* Owns all buffers at first; sends each filled, gets it back empty. */
static void *producer(void *unused)
{
    (void)unused;
    struct connection c;
    struct entry mine[CAPACITY];
    uint32_t count = CAPACITY;
    uint64_t sent = 0;
    connection_open(&c, &memory_a.side, &memory_b.side, CAPACITY, CAPACITY);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        mine[i].buffer = i;
    }
    sem_post(&wake_b);
    while (sent < ROUNDS) {
        check(&c, &wake_b);
        while (count != 0 && sent < ROUNDS && queue_space(&c, 1) != 0) {
            struct entry e = mine[--count];
            buffers[e.buffer] = ++sent;
            queue_put(&c, &e, 1, sizeof(e));
        }
        queue_publish(&c);
        if (queue_signal(&c)) {
            sem_post(&wake_b);
        }
        if (queue_available(&c) != 0) {
            count += queue_get(&c, &mine[count], CAPACITY - count, sizeof(struct entry));
            queue_release(&c);
        } else if (queue_arm(&c, 1) && sent < ROUNDS) {
            wait_on(&wake_a);
        }
    }
    return NULL;
}

static void *consumer(void *unused)
{
    (void)unused;
    struct connection c;
    uint64_t seen = 0, wrong = 0;
    connection_open(&c, &memory_b.side, &memory_a.side, CAPACITY, CAPACITY);
    sem_post(&wake_a);
    while (seen < ROUNDS) {
        struct entry batch[CAPACITY];
        check(&c, &wake_a);
        if (queue_available(&c) == 0) {
            if (queue_arm(&c, 1)) {
                wait_on(&wake_b);
            }
            continue;
        }
        uint32_t count = queue_get(&c, batch, CAPACITY, sizeof(struct entry));
        queue_release(&c);
        for (uint32_t i = 0; i < count; i++) {
            wrong += buffers[batch[i].buffer] != ++seen;
            buffers[batch[i].buffer] = 0;
        }
        queue_space(&c, count);
        queue_put(&c, batch, count, sizeof(struct entry));
        queue_publish(&c);
        if (queue_signal(&c)) {
            sem_post(&wake_a);
        }
    }
    return (void *)(uintptr_t)(wrong + c.violations);
}

int main(void)
{
    pthread_t a, b;
    void *wrong;
    alarm(100);
    sem_init(&wake_a, 0, 0);
    sem_init(&wake_b, 0, 0);
    pthread_create(&b, NULL, consumer, NULL);
    pthread_create(&a, NULL, producer, NULL);
    pthread_join(a, NULL);
    pthread_join(b, &wrong);
    printf("1..1\n%s 1 - %d buffers pass between two threads in order, without a lost wake\n",
           wrong == NULL ? "ok" : "not ok", ROUNDS);
    return 0;
}
