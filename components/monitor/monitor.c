/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor: parent of all other PDs of its system. The kernel tells it of each fault; it says by
 * name who did what, counts it, and starts the child anew, so many times, or leaves it stopped.
 *
 * It reports as a client of the serial class, in release builds too; without a serial device, or
 * when one that shows its text has stopped for good, by Microkit's debug output. What is found
 * before the serial class is there, or while it has no room, waits here.
 *
 * Depends on no child: it calls none, waits for none, reads no memory of theirs but the words that
 * the client library of the serial class checks. A fault costs one line and one order, whatever the
 * child does; so many children with so many restarts make so many faults and no more. Trusts the
 * kernel, whose the words of a fault are. */
#include <base/fault.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/monitor.h>
#include <sddf/stats.h>
#include <serial/client.h>
#include <serial/format.h>
#include <stdarg.h>

enum {
    LINE_MAX = SERIAL_LINE_MAX, /* bytes of a report, with its newline */
    WAITING_MAX = 32 * LINE_MAX /* bytes of reports that wait for the serial class */
};

static const struct monitor_config *config;
static struct serial_client serial;
static struct stats_page *stats;
static uint32_t child_count;
static uint32_t restarted[MONITOR_CHILDREN_MAX]; /* times */
static bool unseen; /* what is printed on the serial device is not shown any more */

static char line[LINE_MAX + 1]; /* the report that is being written, and a zero */
static uint32_t line_length;
static char waiting[WAITING_MAX]; /* whole lines */
static uint32_t waiting_length;

enum counter {
    FAULTS,
    MEMORY,
    CAPABILITY,
    SYSTEM_CALL,
    EXCEPTION,
    OTHER,
    RESTARTS,
    STOPPED,
    REPORTS_LOST,
    COUNTERS /* then one for each child, of its faults */
};

static const char *const counter_names[COUNTERS] = {
    "faults",       "memory_faults", "capability_faults", "system_calls", "exceptions",
    "other_faults", "restarts",      "stopped",           "reports_lost",
};

/* ---- Reports ---- */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_length += format_text(line + line_length, sizeof(line) - line_length, format, arguments);
    va_end(arguments);
}

/* Hands over the lines that wait, each whole, as far as there is room for them. */
static void print_waiting(void)
{
    uint32_t done = 0;
    while (done < waiting_length && serial_client_ready(&serial)) {
        uint32_t end = done;
        while (waiting[end++] != '\n') {
        }
        if (serial_client_room(&serial) < end - done) {
            serial_client_want_room(&serial);
            break;
        }
        while (done < end) {
            (void)serial_putc(&serial, waiting[done++]);
        }
    }
    waiting_length -= done;
    for (uint32_t i = 0; done != 0 && i < waiting_length; i++) {
        waiting[i] = waiting[done + i];
    }
}

static void print(void)
{
    serial_client_begin(&serial);
    do {
        print_waiting();
    } while (!serial_client_may_wait(&serial));
    serial_client_end(&serial);
}

/* The line that was said, to wherever somebody sees it. What a serial driver holds when it is
 * started anew is lost: a report about it may be. */
static void report(bool may_be_lost)
{
    if (!serial.has_tx || unseen || may_be_lost) {
        log_line(line);
    }
    line[line_length < LINE_MAX ? line_length++ : LINE_MAX - 1] = '\n';
    if (WAITING_MAX - waiting_length < line_length) {
        stats_add(stats, REPORTS_LOST, 1);
    } else if (serial.has_tx) {
        for (uint32_t i = 0; i < line_length; i++) {
            waiting[waiting_length++] = line[i];
        }
    }
    line_length = 0;
}

/* ---- Faults ---- */

static enum counter say_memory_fault(void)
{
    static const char *const access[] = {
        [FAULT_ACCESS] = "access to", [FAULT_READ] = "read of", [FAULT_WRITE] = "write to"};
    seL4_Word status = microkit_mr_get(seL4_VMFault_FSR);
    bool fetch = microkit_mr_get(seL4_VMFault_PrefetchFault) != 0;
    say("memory fault: %s 0x%lx by the instruction at 0x%lx",
        fetch ? "execution of" : access[fault_access_of(status)],
        (unsigned long)microkit_mr_get(seL4_VMFault_Addr),
        (unsigned long)microkit_mr_get(seL4_VMFault_IP));
    return MEMORY;
}

static enum counter say_capability_fault(void)
{
    say("capability fault: 0x%lx, %s, by the instruction at 0x%lx",
        (unsigned long)microkit_mr_get(seL4_CapFault_Addr),
        microkit_mr_get(seL4_CapFault_InRecvPhase) != 0 ? "to receive" : "to send or call",
        (unsigned long)microkit_mr_get(seL4_CapFault_IP));
    return CAPABILITY;
}

static enum counter say_system_call(void)
{
    say("unknown system call %ld by the instruction at 0x%lx",
        (long)microkit_mr_get(seL4_UnknownSyscall_Syscall),
        (unsigned long)microkit_mr_get(seL4_UnknownSyscall_FaultIP));
    return SYSTEM_CALL;
}

static enum counter say_exception(void)
{
    say("exception 0x%lx, code 0x%lx, of the instruction at 0x%lx",
        (unsigned long)microkit_mr_get(seL4_UserException_Number),
        (unsigned long)microkit_mr_get(seL4_UserException_Code),
        (unsigned long)microkit_mr_get(seL4_UserException_FaultIP));
    return EXCEPTION;
}

static enum counter say_kind(seL4_Word label)
{
    switch (label) {
    case seL4_Fault_VMFault:
        return say_memory_fault();
    case seL4_Fault_CapFault:
        return say_capability_fault();
    case seL4_Fault_UnknownSyscall:
        return say_system_call();
    case seL4_Fault_UserException:
        return say_exception();
    case seL4_Fault_Timeout:
        say("used up its budget: timeout fault, data 0x%lx",
            (unsigned long)microkit_mr_get(seL4_Timeout_Data));
        return OTHER;
    default:
        say("fault %lu", (unsigned long)label);
        return OTHER;
    }
}

/* Anew if it may, else never again. */
static void decide(microkit_child id, const struct monitor_child *child)
{
    if (restarted[id] < child->restarts) {
        restarted[id]++;
        stats_add(stats, RESTARTS, 1);
        say("; restarted, %u of %u times", restarted[id], child->restarts);
        microkit_pd_restart(id, MONITOR_IMAGE_START);
    } else {
        stats_add(stats, STOPPED, 1);
        unseen |= child->shows != 0;
        say("; stopped");
        microkit_pd_stop(id);
    }
}

seL4_Bool fault(microkit_child id, microkit_msginfo message, microkit_msginfo *reply)
{
    static const struct monitor_child unknown = {.name = "a child without a name"};
    const struct monitor_child *child = id < child_count ? &config->children[id] : &unknown;
    (void)reply;
    stats_add(stats, FAULTS, 1);
    if (id < child_count) {
        stats_add(stats, COUNTERS + id, 1);
    }
    say("%s: ", child->name);
    stats_add(stats, say_kind(microkit_msginfo_get_label(message)), 1);
    decide(id, child);
    report(child->shows != 0);
    print();
    return seL4_False; /* no reply: it goes on where it was told to, or nowhere */
}

/* ---- Start, and the serial class ---- */

static void name_children(const char **names)
{
    while (child_count < MONITOR_CHILDREN_MAX && config->children[child_count].name[0] != '\0') {
        const struct monitor_child *child = &config->children[child_count];
        if (child->name[CONFIG_INSTANCE_MAX - 1] != '\0') {
            config_refuse("a child's name is not terminated");
        }
        if (child->restarts > MONITOR_RESTARTS_MAX) {
            config_refuse("a child may restart more than 1000 times");
        }
        names[COUNTERS + child_count++] = child->name;
    }
}

void init(void)
{
    const char *names[COUNTERS + MONITOR_CHILDREN_MAX];
    config = config_get(CONFIG_MONITOR, MONITOR_CONFIG_VERSION, sizeof(*config));
    for (uint32_t i = 0; i < COUNTERS; i++) {
        names[i] = counter_names[i];
    }
    name_children(names);
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, names, COUNTERS + child_count);
    const char *wrong = serial_client_open(&serial, NULL, &config->serial);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    serial_client_end(&serial);
}

void notified(microkit_channel channel)
{
    (void)channel;
    print();
}
