/* SPDX-License-Identifier: BSD-2-Clause */
/* The Microkit API that the image calls; runs on the PD's stack in the sandbox. Mistakes that
 * libmicrokit lets pass, or that lose something there, are said, and with --strict end the PD. */
#include "pd.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;
seL4_MessageInfo_t microkit_signal_msg;
seL4_Word microkit_irqs, microkit_notifications, microkit_pps, microkit_ioports;

void pd_log_flush(void)
{
    if (pd.line_length == 0) {
        return;
    }
    ssize_t written = write(pd.log_fd, pd.line, pd.line_length);
    size_t done = written > 0 ? (size_t)written : 0;
    if (done < pd.line_length) {
        uint64_t lost = atomic_load_explicit(&pd.report->output_lost, memory_order_relaxed);
        atomic_store_explicit(&pd.report->output_lost, lost + (pd.line_length - done),
                              memory_order_relaxed);
    }
    pd.line_length = 0;
}

void microkit_dbg_putc(int c)
{
    pd.line[pd.line_length++] = (char)c;
    if (c == '\n' || pd.line_length == sizeof(pd.line)) {
        pd_log_flush();
    }
}

void microkit_dbg_puts(const char *s)
{
    while (*s != '\0') {
        microkit_dbg_putc(*s++);
    }
}

static void put_decimal(uint64_t x)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + x % 10);
        x /= 10;
    } while (x != 0);
    while (count > 0) {
        microkit_dbg_putc(digits[--count]);
    }
}

void microkit_dbg_put8(seL4_Uint8 x)
{
    put_decimal(x);
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    put_decimal(x);
}

void pd_stop(const char *text)
{
    pd_log_flush();
    memcpy(pd.report->text, text, strnlen(text, PD_TEXT_MAX - 1));
    atomic_store_explicit(&pd.report->kind, PD_REPORT_STOPPED, memory_order_release);
    pd_exit(PD_EXIT_STOPPED);
}

void pd_misuse(const char *function, uint64_t argument, const char *what)
{
    if (pd.line_length > 0) {
        microkit_dbg_putc('\n');
    }
    microkit_dbg_puts(function);
    microkit_dbg_puts("(");
    put_decimal(argument);
    microkit_dbg_puts("): ");
    microkit_dbg_puts(what);
    if ((pd.options & PD_OPTION_STRICT) != 0) {
        char text[PD_LOG_LINE_MAX];
        size_t length = pd.line_length;
        memcpy(text, pd.line, length);
        text[length < sizeof(text) ? length : sizeof(text) - 1] = '\0';
        pd.line_length = 0;
        pd_stop(text);
    }
    microkit_dbg_putc('\n');
}

static struct pd_channel *channel_with(microkit_channel ch, enum pd_may may, const char *function)
{
    if (ch >= PD_CHANNELS || !pd.channels[ch].used) {
        pd_misuse(function, ch, "this PD has no channel with that id");
        return NULL;
    }
    if ((pd.channels[ch].may & may) == 0) {
        pd_misuse(function, ch, "the system description does not allow it on this channel");
        return NULL;
    }
    return &pd.channels[ch];
}

static void notify(struct pd_channel *channel)
{
    struct pd_peer *peer = &pd.peers[channel->peer];
    /* Release: what was written before is seen by whoever sees the new word. */
    atomic_store_explicit(&peer->out->notified[channel->peer_id], ++channel->notifications,
                          memory_order_release);
    pd_wake(peer);
}

void microkit_notify(microkit_channel ch)
{
    struct pd_channel *channel = channel_with(ch, PD_MAY_NOTIFY, "microkit_notify");
    if (channel != NULL) {
        notify(channel);
    }
}

static bool is_irq(microkit_channel ch, const char *function)
{
    if (ch < PD_CHANNELS && (pd.irq_ids >> ch & 1) != 0) {
        return true;
    }
    pd_misuse(function, ch, "this PD has no interrupt with that id");
    return false;
}

void microkit_irq_ack(microkit_channel ch)
{
    if (is_irq(ch, "microkit_irq_ack") && pd.irqs[ch] != NULL) {
        link_irq_ack(pd.irqs[ch]);
    }
}

/* libmicrokit has room for one. The same call twice is one call; another one would be lost. */
static void defer(microkit_channel ch, seL4_CPtr base, const char *function)
{
    if (*pd.deferred.have && *pd.deferred.cap != base + ch) {
        pd_misuse(function, ch,
                  "a deferred call already waited and is replaced: defer at most one per wait, "
                  "look at microkit_have_signal");
    }
    *pd.deferred.cap = base + ch;
    *pd.deferred.msg = seL4_MessageInfo_new(0, 0, 0, 0);
    *pd.deferred.have = seL4_True;
}

void microkit_deferred_notify(microkit_channel ch)
{
    if (channel_with(ch, PD_MAY_NOTIFY, "microkit_deferred_notify") != NULL) {
        defer(ch, BASE_OUTPUT_NOTIFICATION_CAP, "microkit_deferred_notify");
    }
}

void microkit_deferred_irq_ack(microkit_channel ch)
{
    if (is_irq(ch, "microkit_deferred_irq_ack")) {
        defer(ch, BASE_IRQ_CAP, "microkit_deferred_irq_ack");
    }
}

void pd_deferred_place(seL4_Bool *have, seL4_CPtr *cap, seL4_MessageInfo_t *msg)
{
    pd.deferred.have = have;
    pd.deferred.cap = cap;
    pd.deferred.msg = msg;
}

void pd_deferred_send(void)
{
    if (!*pd.deferred.have) {
        return;
    }
    *pd.deferred.have = seL4_False;
    seL4_CPtr cap = *pd.deferred.cap;
    if (cap - BASE_IRQ_CAP < PD_CHANNELS) {
        microkit_irq_ack((microkit_channel)(cap - BASE_IRQ_CAP));
    } else if (cap - BASE_OUTPUT_NOTIFICATION_CAP < PD_CHANNELS) {
        microkit_notify((microkit_channel)(cap - BASE_OUTPUT_NOTIFICATION_CAP));
    } else {
        pd_misuse("microkit_signal_cap", cap,
                  "is neither a notification's capability nor an interrupt's");
    }
}

/* There libmicrokit puts the signal by which the monitor makes the PD passive in its place. */
void pd_deferred_lose(void)
{
    if (!*pd.deferred.have) {
        return;
    }
    seL4_CPtr cap = *pd.deferred.cap;
    bool ack = cap - BASE_IRQ_CAP < PD_CHANNELS;
    *pd.deferred.have = seL4_False;
    pd_misuse(ack ? "microkit_deferred_irq_ack" : "microkit_deferred_notify",
              cap - (ack ? BASE_IRQ_CAP : BASE_OUTPUT_NOTIFICATION_CAP),
              "deferred in init() of a passive PD, where it is lost: call microkit_notify");
}

static void make_call(struct pd_peer *peer, uint32_t channel, microkit_msginfo msginfo)
{
    struct pd_message *message = &peer->out->call;
    seL4_Word count = microkit_msginfo_get_count(msginfo);
    count = count <= PD_MESSAGE_WORDS ? count : PD_MESSAGE_WORDS;
    atomic_store_explicit(&message->begun, ++peer->calls_made, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* pairs with that in take_call() */
    memcpy(message->words, pd.message, count * sizeof(uint64_t));
    message->channel = channel;
    message->info =
        microkit_msginfo_new(microkit_msginfo_get_label(msginfo), (uint16_t)count).words[0];
    atomic_store_explicit(&message->count, peer->calls_made, memory_order_release);
    pd_wake(peer);
}

microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo)
{
    struct pd_channel *channel = channel_with(ch, PD_MAY_CALL, "microkit_ppcall");
    if (channel == NULL) {
        return microkit_msginfo_new(0, 0);
    }
    struct pd_peer *peer = &pd.peers[channel->peer];
    do {
        make_call(peer, channel->peer_id, msginfo);
    } while (!pd_wait_reply(peer));

    microkit_msginfo answer = {{*(volatile const uint64_t *)&peer->in->reply.info}};
    seL4_Word count = microkit_msginfo_get_count(answer);
    count = count <= PD_MESSAGE_WORDS ? count : PD_MESSAGE_WORDS;
    for (seL4_Word i = 0; i < count; i++) {
        pd.message[i] = *(volatile const uint64_t *)&peer->in->reply.words[i];
    }
    return microkit_msginfo_new(microkit_msginfo_get_label(answer), (uint16_t)count);
}

void microkit_mr_set(seL4_Uint8 mr, seL4_Word value)
{
    if (mr >= PD_MESSAGE_WORDS) {
        pd_misuse("microkit_mr_set", mr, "there are 120 message registers, from 0");
        return;
    }
    pd.message[mr] = value;
}

seL4_Word microkit_mr_get(seL4_Uint8 mr)
{
    if (mr >= PD_MESSAGE_WORDS) {
        pd_misuse("microkit_mr_get", mr, "there are 120 message registers, from 0");
        return 0;
    }
    return pd.message[mr];
}
