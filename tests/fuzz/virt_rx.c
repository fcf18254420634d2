/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser between a driver (honest or hostile, by the input), two hostile clients
 * and an honest one, whose frames must all arrive and whose buffers nobody may touch. */
#include "peer.h"
#include "target.h"

#include <string.h>

enum {
    BUFFERS = 16,
    CAPACITY = 16,
    CLIENTS = 3,
    HONEST = 1,
    HOLDS_MAX = 4, /* of the honest client, between entries */
    LENGTHS = 5,
    DRIVER_HOSTILE = 1, /* bits of the input's first byte */
    COHERENT = 2,
};
#define IO_BASE UINT64_C(0x80000000)

static const uint8_t macs[6][6] = {{2, 0, 0, 0, 0, 1},    {2, 0, 0, 0, 0, 2},
                                   {2, 0, 0, 0, 0, 0x83}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                   {1, 0, 0x5e, 0, 0, 1}, {2, 0, 0, 0, 1, 0}};
static const uint16_t lengths[LENGTHS] = {60, 1514, NET_BUFFER_SIZE, 13, NET_BUFFER_SIZE + 1};
static const struct fuzz_buffers driver_buffers = {IO_BASE, BUFFERS}, client_buffers = {0, BUFFERS};

static struct net_virt_rx_config *config;
static struct fuzz_peer driver, clients[CLIENTS];
static uint8_t *data;
static bool driver_hostile;
static uint32_t driver_has; /* sets of buffers: with the driver, if it is honest, */
static uint32_t holds;      /* with the honest client, */
static uint32_t fresh;      /* and what came to it in this entry */
static uint32_t expected;   /* frames for it that the component has not seen yet */
static uint32_t held_list[BUFFERS], held_count;

void target_make(void)
{
    config = fuzz_memory(sizeof(*config), 0);
    data = fuzz_memory((size_t)BUFFERS * NET_BUFFER_SIZE, 0);
    fuzz_header(&config->header, CONFIG_NET_VIRT_RX, sizeof(*config));
    config->data = (struct config_region){(uintptr_t)data, IO_BASE, BUFFERS * NET_BUFFER_SIZE};
    config->buffer_size = NET_BUFFER_SIZE;
    config->buffer_count = BUFFERS;
    config->client_count = CLIENTS;
    peer_make(&driver, &config->driver, CAPACITY, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_make(&clients[i], &config->clients[i].connection, CAPACITY, 1 + i);
        memcpy(config->clients[i].mac, macs[i], 6);
        config->clients[i].held_max = i == HONEST ? BUFFERS : 3;
    }
}

/* ---- The honest client ---- */

static void honest_give_back(void)
{
    uint32_t buffer = held_list[0];
    if (held_count != 0 &&
        peer_put(&clients[HONEST],
                 (struct net_desc){.address = (uint64_t)buffer * NET_BUFFER_SIZE})) {
        memmove(held_list, held_list + 1, --held_count * sizeof(*held_list));
        holds &= ~(1U << buffer);
    }
}

static bool is_for_honest(const struct net_desc *frame)
{
    const uint8_t *bytes = data + frame->address;
    return memcmp(bytes, macs[HONEST], 6) == 0 || memcmp(bytes, macs[3], 6) == 0;
}

static uint32_t honest_take(void)
{
    struct net_desc frame;
    uint32_t count = 0;
    for (fresh = 0; peer_take(&clients[HONEST], &frame); count++) {
        uint64_t buffer = frame.address / NET_BUFFER_SIZE;
        must(frame.address % NET_BUFFER_SIZE == 0 && buffer < BUFFERS,
             "a client got an offset that no buffer begins at");
        must((holds & 1U << buffer) == 0, "a client got a buffer that it holds");
        must(frame.length >= NET_ETHERNET_HEADER && frame.length <= NET_BUFFER_SIZE,
             "a client got a frame of bad length");
        must((driver_hostile && fuzz_record.disturbed) || is_for_honest(&frame),
             "a client got another's frame");
        holds |= 1U << buffer;
        fresh |= 1U << buffer;
        held_list[held_count++] = (uint32_t)buffer;
    }
    must(clients[HONEST].c.violations == 0, "the component's indices lie");
    return count;
}

static void honest_restart(void)
{
    peer_start(&clients[HONEST]);
    holds = held_count = 0;
    expected = 0;
}

/* ---- The driver ---- */

static void check_offers(void)
{
    struct net_desc buffer;
    while (peer_offered(&driver, &buffer)) {
        uint64_t offset = buffer.address - IO_BASE;
        must(offset % NET_BUFFER_SIZE == 0 && offset / NET_BUFFER_SIZE < BUFFERS &&
                 buffer.length == NET_BUFFER_SIZE,
             "the driver got what is no buffer");
        uint32_t bit = 1U << offset / NET_BUFFER_SIZE;
        must(((driver_hostile ? holds & ~fresh : holds) & bit) == 0,
             "the driver got a buffer that a client reads");
        must(driver_hostile || (driver_has & bit) == 0, "the driver got a buffer twice");
        driver_has |= bit;
    }
}

/* A frame in a buffer that the driver has; for a hostile one, in any. */
static void driver_frame(void)
{
    uint32_t buffer = input_below(BUFFERS), to = input_below(6);
    uint16_t length = lengths[input_below(LENGTHS)];
    if (!driver_hostile) {
        for (uint32_t i = 0; i < BUFFERS && (driver_has & 1U << buffer) == 0; i++) {
            buffer = (buffer + 1) % BUFFERS;
        }
        if ((driver_has & 1U << buffer) == 0) {
            return;
        }
    }
    uint8_t *frame = data + (size_t)buffer * NET_BUFFER_SIZE;
    memcpy(frame, macs[to], 6);
    uint64_t address = IO_BASE + (uint64_t)buffer * NET_BUFFER_SIZE;
    if (peer_put(&driver, (struct net_desc){.address = address, .length = length})) {
        driver_has &= ~(1U << buffer);
        expected +=
            (to == HONEST || to == 3) && length <= NET_BUFFER_SIZE && length >= NET_ETHERNET_HEADER;
    }
}

static void driver_restart(void)
{
    peer_start(&driver);
    driver_has = 0;
    expected = 0;
}

static void driver_move(void)
{
    if (!driver_hostile) {
        driver_restart();
    } else if (input_below(4) == 0) {
        fuzz_race(data + (size_t)input_below(BUFFERS) * NET_BUFFER_SIZE, 4, input32(), input8());
    } else {
        peer_move(&driver, &driver_buffers);
    }
}

/* ---- An input ---- */

void target_enter(uint32_t channel)
{
    bool settled = !driver_hostile && peer_settled(&driver) && peer_settled(&clients[HONEST]);
    peer_watch(&driver);
    fuzz_enter(channel);
    peer_poll(&clients[HONEST]);
    uint32_t came = honest_take();
    must(!settled || came == expected, "a client lost a frame, or got one that nobody sent");
    expected = 0;
    check_offers();
    if (!driver_hostile) {
        peer_drain(&driver);
    }
    peer_entered(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_entered(&clients[i]);
    }
    while (held_count > HOLDS_MAX && peer_settled(&clients[HONEST])) {
        uint32_t before = held_count;
        honest_give_back();
        if (held_count == before) {
            break;
        }
    }
}

void target_step(void)
{
    uint8_t choice = input8();
    switch (choice % 8) {
    case 0:
    case 1:
        driver_frame();
        break;
    case 2:
        honest_give_back();
        break;
    case 3:
        peer_move(&clients[0], &client_buffers);
        break;
    case 4:
        peer_move(&clients[2], &client_buffers);
        break;
    case 5:
        if (choice < 128) {
            driver_move();
        } else if (choice < 136) {
            honest_restart();
        }
        break;
    default:
        target_enter(choice / 8 % 4);
        break;
    }
}

bool target_start(void)
{
    uint8_t flags = input8();
    driver_hostile = (flags & DRIVER_HOSTILE) != 0;
    config->dma_coherent = (flags & COHERENT) != 0;
    config->clients[0].flags = flags >> 2 & 7;
    config->clients[HONEST].flags = NET_CLIENT_BROADCAST;
    config->clients[2].flags = flags >> 5 & 7;
    for (uint32_t b = 0; b < BUFFERS; b++) { /* as no input before left it */
        memset(data + (size_t)b * NET_BUFFER_SIZE, 0, 6);
    }
    driver_has = holds = held_count = expected = 0;
    driver.scanned = 0;
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    return true;
}
