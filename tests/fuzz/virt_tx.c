/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser between a driver (honest or hostile, by the input), two hostile clients
 * and an honest one, whose frames must all reach the driver and whose buffers must all come back.
 * Whatever reaches the driver lies in a client's region and bears that client's address. */
#include "peer.h"
#include "target.h"

#include <string.h>

enum {
    BUFFERS = 16, /* of each client */
    CLIENT_CAPACITY = 16,
    DRIVER_CAPACITY = 64, /* all buffers fit, as in a good system, but ... */
    LITTLE_CAPACITY = 8,  /* ... with a hostile driver they need not */
    CLIENTS = 3,
    HONEST = 1,
    DRIVER_HOSTILE = 1, /* bits of the input's first byte */
    COHERENT = 2,
    BY_CALL = 32, /* the driver is passive; what its calls answer, the harness makes up */
};
#define IO_BASE    UINT64_C(0x80000000)
#define IO_STRIDE  UINT64_C(0x200000)
#define IO_OF(i)   (IO_BASE + (i)*IO_STRIDE)
#define BIT(i, b)  (1ULL << ((i)*BUFFERS + (b)))
#define HONEST_ALL (0xffffULL << (HONEST * BUFFERS))

static const uint8_t macs[CLIENTS][6] = {
    {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}};
static const struct fuzz_buffers client_buffers = {0, BUFFERS};

static struct net_virt_tx_config *config;
static struct fuzz_peer driver, clients[CLIENTS];
static uint8_t *data[CLIENTS];
static bool driver_hostile;
static uint64_t driver_has; /* buffers of all clients with the driver, if it is honest */
static uint64_t sent;       /* the honest client's, not back yet */
static uint64_t unseen;     /* of these, put since the component last ran */
static uint64_t marked;     /* buffers in which an input wrote a source address */

void target_make(void)
{
    config = fuzz_memory(sizeof(*config), 0);
    fuzz_header(&config->header, CONFIG_NET_VIRT_TX, sizeof(*config));
    config->buffer_size = NET_BUFFER_SIZE;
    config->client_count = CLIENTS;
    peer_make(&driver, &config->driver, DRIVER_CAPACITY, 0);
    marked = BIT(CLIENTS, 0) - 1;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        data[i] = fuzz_memory((size_t)BUFFERS * NET_BUFFER_SIZE, 0);
        peer_make(&clients[i], &config->clients[i].connection, CLIENT_CAPACITY, 1 + i);
        memcpy(config->clients[i].mac, macs[i], 6);
        config->clients[i].data =
            (struct config_region){(uintptr_t)data[i], IO_OF(i), BUFFERS * NET_BUFFER_SIZE};
    }
}

static uint8_t *source_of(uint32_t client, uint32_t buffer)
{
    marked |= BIT(client, buffer);
    return data[client] + (size_t)buffer * NET_BUFFER_SIZE + 6;
}

static void write_source(uint32_t client, uint32_t buffer, const uint8_t mac[6])
{
    memcpy(source_of(client, buffer), mac, 6);
}

/* ---- Clients ---- */

static void honest_send(void)
{
    uint32_t buffer = input_below(BUFFERS);
    struct net_desc frame = {.address = (uint64_t)buffer * NET_BUFFER_SIZE, .length = 60};
    if ((sent & BIT(HONEST, buffer)) != 0) {
        return;
    }
    write_source(HONEST, buffer, macs[HONEST]);
    if (peer_put(&clients[HONEST], frame)) {
        sent |= BIT(HONEST, buffer);
        unseen |= BIT(HONEST, buffer);
    }
}

static void honest_take(void)
{
    struct net_desc back;
    while (peer_take(&clients[HONEST], &back)) {
        uint64_t buffer = back.address / NET_BUFFER_SIZE;
        must(back.address % NET_BUFFER_SIZE == 0 && buffer < BUFFERS,
             "a client got an offset back that no buffer begins at");
        must((sent & BIT(HONEST, buffer)) != 0, "a client got a buffer back that is its own");
        must(driver_hostile || (driver_has & BIT(HONEST, buffer)) == 0,
             "a client got a buffer back that the driver holds");
        sent &= ~BIT(HONEST, buffer);
    }
    must(clients[HONEST].c.violations == 0, "the component's indices lie");
}

/* A hostile client's frame, mostly good. */
static void hostile_send(uint32_t client)
{
    struct net_desc frame = peer_desc(&client_buffers);
    uint32_t buffer = (uint32_t)(frame.address / NET_BUFFER_SIZE) % BUFFERS;
    write_source(client, buffer, macs[input_below(8) == 0 ? HONEST : client]);
    (void)peer_put(&clients[client], frame);
}

static void hostile_move(uint32_t client)
{
    uint8_t choice = input8();
    switch (choice / 32) {
    case 0:
    case 1:
    case 2:
        hostile_send(client);
        break;
    case 3:
        fuzz_race(source_of(client, choice % BUFFERS), 4, input32(), input8());
        break;
    default:
        peer_move(&clients[client], &client_buffers);
        break;
    }
}

/* ---- The driver ---- */

static uint32_t owner_of(const struct net_desc *frame, uint32_t *buffer)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint64_t offset = frame->address - IO_OF(i);
        if (offset < BUFFERS * NET_BUFFER_SIZE && offset % NET_BUFFER_SIZE == 0) {
            *buffer = (uint32_t)(offset / NET_BUFFER_SIZE);
            return i;
        }
    }
    fuzz_fail("the driver got what is no client's buffer");
}

static void check_offers(void)
{
    struct net_desc frame;
    while (peer_offered(&driver, &frame)) {
        uint32_t buffer;
        uint32_t owner = owner_of(&frame, &buffer);
        must(frame.length >= NET_ETHERNET_HEADER && frame.length <= NET_BUFFER_SIZE,
             "the driver got a frame of bad length");
        must(fuzz_record.disturbed ||
                 memcmp(data[owner] + (size_t)buffer * NET_BUFFER_SIZE + 6, macs[owner], 6) == 0,
             "the driver got a frame with another's source address");
        must(driver_hostile || (driver_has & BIT(owner, buffer)) == 0,
             "the driver got a buffer twice");
        must(owner != HONEST || driver_hostile || (unseen & BIT(HONEST, buffer)) != 0,
             "the driver got a frame that the honest client did not send");
        driver_has |= BIT(owner, buffer);
    }
}

/* An honest driver returns one that it has. */
static void driver_return(void)
{
    uint32_t at = input_below(CLIENTS * BUFFERS);
    for (uint32_t i = 0; i < CLIENTS * BUFFERS && (driver_has & 1ULL << at) == 0; i++) {
        at = (at + 1) % (CLIENTS * BUFFERS);
    }
    struct net_desc buffer = {.address = IO_OF(at / BUFFERS) + (at % BUFFERS) * NET_BUFFER_SIZE};
    if ((driver_has & 1ULL << at) != 0 && peer_put(&driver, buffer)) {
        driver_has &= ~(1ULL << at);
    }
}

static void driver_move(void)
{
    if (driver_hostile) {
        const struct fuzz_buffers all = {IO_OF(input_below(CLIENTS)), BUFFERS};
        peer_move(&driver, &all);
    } else {
        peer_start(&driver);
        driver_has = 0;
    }
}

/* ---- An input ---- */

/* What an honest client has sent is with an honest driver, or on its way back from it, which ends
 * here. */
static void check_honest(bool settled, uint64_t before)
{
    if (settled) {
        must((sent & HONEST_ALL) == (driver_has & HONEST_ALL),
             "a client's frame or buffer was lost, or made");
        must((unseen & ~driver_has) == 0, "an honest frame did not reach the driver");
        must((before & HONEST_ALL & ~driver_has) == 0, "the driver's hold was forgotten");
    }
}

void target_enter(uint32_t channel)
{
    bool settled = !driver_hostile && peer_settled(&driver) && peer_settled(&clients[HONEST]);
    uint64_t before = driver_has;
    peer_watch(&driver);
    fuzz_enter(channel);
    peer_poll(&clients[HONEST]);
    check_offers();
    honest_take();
    check_honest(settled, before);
    unseen = 0;
    if (!driver_hostile) {
        peer_drain(&driver);
    }
    peer_entered(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_entered(&clients[i]);
    }
}

void target_step(void)
{
    uint8_t choice = input8();
    switch (choice % 8) {
    case 0:
        honest_send();
        break;
    case 1:
        hostile_move(0);
        break;
    case 2:
        hostile_move(2);
        break;
    case 3:
        (void)queue_arm(&clients[HONEST].c, 1);
        break;
    case 4:
        driver_return();
        break;
    case 5:
        driver_move();
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
    driver.capacity = driver_hostile ? LITTLE_CAPACITY : DRIVER_CAPACITY;
    config->driver.put_capacity = config->driver.get_capacity = driver.capacity;
    config->dma_coherent = (flags & COHERENT) != 0;
    config->driver.by_call = (flags & BY_CALL) != 0;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        config->clients[i].per_round = 1U << (flags >> 2 & 7);
    }
    for (; marked != 0; marked &= marked - 1) { /* as no input before left it */
        uint32_t at = (uint32_t)__builtin_ctzll(marked);
        write_source(at / BUFFERS, at % BUFFERS, macs[at / BUFFERS]);
    }
    driver_has = sent = unseen = 0;
    driver.scanned = 0;
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    return true;
}
