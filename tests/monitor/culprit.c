/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the serial class that faults as it is told by what is typed to it, in each way that
 * a protection domain can. Run by the tests of the monitor only. */
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/stats.h>
#include <serial/client.h>

enum { NOTHING = 0x9000, NO_SUCH_CALL = 1000 }; /* an address and a call that nobody has */
enum counter { STARTS, COUNTERS };

static const char *const counter_names[COUNTERS] = {"starts"};
static const struct serial_client_config *config;
static struct serial_client serial;
static volatile uint32_t faults; /* of this life */

/* Deeper and deeper; the sum keeps each frame alive. */
/* NOLINTNEXTLINE(misc-no-recursion): on purpose */
static __attribute__((noinline)) uint32_t fall(uint32_t depth)
{
    volatile uint32_t frame[64];
    frame[depth % 64] = depth;
    return depth == UINT32_MAX ? 0 : fall(depth + 1) + frame[depth % 64];
}

static void illegal_instruction(void)
{
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile("udf #0");
#else
    __asm__ volatile("unimp");
#endif
}

static void system_call(void)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" ::"a"(NO_SUCH_CALL), "d"(NO_SUCH_CALL) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x7") = NO_SUCH_CALL;
    __asm__ volatile("svc #0" ::"r"(number) : "memory");
#else
    register long number __asm__("a7") = NO_SUCH_CALL;
    __asm__ volatile("ecall" ::"r"(number) : "memory");
#endif
}

static void obey(char order)
{
    faults++;
    switch (order) {
    case 'p': /* a peer's words */
        *(volatile uint32_t *)(uintptr_t)config->rx.theirs = 1;
        break;
    case 'r':
        (void)*(volatile uint32_t *)(uintptr_t)NOTHING;
        break;
    case 'x':
        ((void (*)(void))(uintptr_t)NOTHING)();
        break;
    case 'i':
        illegal_instruction();
        break;
    case 's':
        system_call();
        break;
    case 'd':
        (void)fall(0);
        break;
    default:
        faults--;
        break;
    }
}

void init(void)
{
    config = config_get(CONFIG_SERIAL_CLIENT, SERIAL_CONFIG_VERSION, sizeof(*config));
    struct stats_page *stats = (struct stats_page *)(uintptr_t)config->header.stats;
    uint64_t starts = atomic_load64_relaxed(&stats->counters[STARTS].value);
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    stats_set(stats, STARTS, starts + 1);
    const char *wrong = serial_client_open(&serial, &config->rx, &config->tx);
    if (wrong != NULL || faults != 0) { /* memory is as at the first start */
        config_refuse(wrong != NULL ? wrong : "it remembers its former life");
    }
    notified(config->rx.channel);
}

void notified(microkit_channel channel)
{
    static bool greeted;
    uint8_t byte;
    (void)channel;
    serial_client_begin(&serial);
    if (!greeted && serial_client_ready(&serial)) {
        greeted = serial_puts(&serial, "tell me how to fault\n");
    }
    do {
        while (serial_getc(&serial, &byte)) {
            obey((char)byte);
        }
    } while (!serial_client_may_wait(&serial));
    serial_client_end(&serial);
}
