/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client, with a copier or without, between one who gives it frames and a transmit
 * virtualiser, each honest or hostile by the input. What it sends lies in its region, is its own
 * to send and bears its address; an honest packet is answered. */
#include "frames.h"
#include "peer.h"
#include "target.h"

enum {
    BUFFERS = 16,   /* of the client's data */
    RX_BUFFERS = 8, /* of these with the copier; and, without, of the device's data */
    CAPACITY = 16,
    RX_HOSTILE = 1, /* bits of the input's first byte */
    TX_HOSTILE = 2,
    IN_PLACE = 4,
};

static const struct fuzz_buffers buffers = {0, BUFFERS};

static struct net_client_config *config;
static struct fuzz_peer rx, tx;
static uint8_t *data, *rx_data;
static uint8_t flags;
static uint32_t rx_has, tx_has; /* sets of buffers with honest peers */
static uint32_t answers;        /* due in the next entry, at least */

void target_make(void)
{
    config = fuzz_memory(sizeof(*config), 0);
    data = fuzz_memory((size_t)BUFFERS * NET_BUFFER_SIZE, 0);
    rx_data = fuzz_memory((size_t)RX_BUFFERS * NET_BUFFER_SIZE, 0);
    fuzz_header(&config->header, CONFIG_NET_CLIENT, sizeof(*config));
    config->tx_data = (struct config_region){(uintptr_t)data, 0, BUFFERS * NET_BUFFER_SIZE};
    config->buffer_size = NET_BUFFER_SIZE;
    put(config->mac, OUR_MAC, 6);
    put(config->ip, OUR_ADDRESS, 4);
    config->prefix_length = 24;
    peer_make(&rx, &config->rx, CAPACITY, 0);
    peer_make(&tx, &config->tx, CAPACITY, 1);
    rx.paced = tx.paced = true;
}

/* ---- The peers ---- */

static bool in_place(void)
{
    return (flags & IN_PLACE) != 0;
}

/* A frame in a buffer that the giver has; a hostile one names any. */
static void give_frame(void)
{
    uint32_t count = in_place() ? BUFFERS : RX_BUFFERS;
    uint32_t buffer = input_below(count);
    for (uint32_t i = 0; i < count && (rx_has & 1U << buffer) == 0; i++) {
        buffer = (buffer + 1) % count;
    }
    if ((rx_has & 1U << buffer) == 0) {
        return;
    }
    bool answered;
    uint8_t *frame = (in_place() ? data : rx_data) + (size_t)buffer * NET_BUFFER_SIZE;
    size_t size = frame_from_input(frame, &answered);
    struct net_desc desc = {.address = (uint64_t)buffer * NET_BUFFER_SIZE,
                            .length = (uint16_t)size};
    if (peer_put(&rx, desc)) {
        rx_has &= ~(1U << buffer);
        answers += answered;
    }
}

/* The client's empty buffers; without a copier, the device's come back. */
static void rx_take(void)
{
    struct net_desc buffer;
    while (peer_take(&rx, &buffer)) {
        uint64_t number = buffer.address / NET_BUFFER_SIZE;
        must(buffer.address % NET_BUFFER_SIZE == 0 && number < (in_place() ? BUFFERS : RX_BUFFERS),
             "a buffer is given that is none");
        must((rx_has & 1U << number) == 0, "a buffer is given twice");
        must(!in_place() || (flags & TX_HOSTILE) != 0 || (tx_has & 1U << number) == 0,
             "a buffer is given that is being sent");
        rx_has |= 1U << number;
    }
    must(rx.c.violations == 0, "the component's indices lie");
}

/* What the client offers to send. Returns how many frames. */
static uint32_t check_sent(void)
{
    struct net_desc frame;
    uint32_t count = 0;
    for (; peer_offered(&tx, &frame); count++) {
        uint64_t buffer = frame.address / NET_BUFFER_SIZE;
        must(frame.address % NET_BUFFER_SIZE == 0 && buffer < BUFFERS, "what is sent is no buffer");
        must(frame.length >= NET_ETHERNET_HEADER && frame.length <= NET_BUFFER_SIZE,
             "a frame of bad length is sent");
        must(get(data + frame.address + 6, 6) == OUR_MAC, "a frame is sent with another's address");
        must((flags & TX_HOSTILE) != 0 || (tx_has & 1U << buffer) == 0, "a buffer is sent twice");
        tx_has |= 1U << buffer;
    }
    return count;
}

static void tx_return(void)
{
    uint32_t buffer = input_below(BUFFERS);
    for (uint32_t i = 0; i < BUFFERS && (tx_has & 1U << buffer) == 0; i++) {
        buffer = (buffer + 1) % BUFFERS;
    }
    struct net_desc back = {.address = (uint64_t)buffer * NET_BUFFER_SIZE};
    if ((tx_has & 1U << buffer) != 0 && peer_put(&tx, back)) {
        tx_has &= ~(1U << buffer);
    }
}

/* ---- An input ---- */

void target_enter(uint32_t channel)
{
    bool settled = peer_settled(&rx) && peer_settled(&tx) && in_place() &&
                   (flags & (RX_HOSTILE | TX_HOSTILE)) == 0;
    peer_watch(&tx);
    fuzz_enter(channel);
    uint32_t sent = check_sent();
    peer_entered(&rx);
    peer_entered(&tx);
    must(!settled || sent >= answers, "a good packet was not answered");
    answers = 0;
    if ((flags & TX_HOSTILE) == 0) {
        peer_drain(&tx);
    }
    if ((flags & RX_HOSTILE) == 0) {
        rx_take();
    }
}

void target_step(void)
{
    uint8_t choice = input8();
    switch (choice % 8) {
    case 0:
    case 1:
    case 2:
        give_frame();
        break;
    case 3:
        if ((flags & RX_HOSTILE) != 0) {
            peer_move(&rx, &buffers);
        }
        break;
    case 4:
        if ((flags & TX_HOSTILE) != 0) {
            peer_move(&tx, &buffers);
        }
        break;
    case 5:
        tx_return();
        break;
    default:
        target_enter(choice / 8 % 2);
        break;
    }
}

bool target_start(void)
{
    flags = input8();
    config->rx_data =
        in_place() ? config->tx_data
                   : (struct config_region){(uintptr_t)rx_data, 0, RX_BUFFERS * NET_BUFFER_SIZE};
    config->rx_buffers = in_place() ? RX_BUFFERS : 0;
    rx_has = in_place() && (flags & RX_HOSTILE) == 0 ? 0 : UINT32_MAX;
    tx_has = answers = 0;
    tx.scanned = 0;
    memset(data, 0, (size_t)BUFFERS * NET_BUFFER_SIZE);
    memset(rx_data, 0, (size_t)RX_BUFFERS * NET_BUFFER_SIZE);
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&rx);
    peer_start(&tx);
    return true;
}
