/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier between a receive virtualiser (honest or hostile, by the input) and a hostile client.
 * Each frame goes back to the virtualiser, in order; what the client gets is the frame, in a buffer
 * that it gave; no other byte of its region changes. */
#include "peer.h"
#include "target.h"

#include <string.h>

enum {
    VIRT_BUFFERS = 16,
    CLIENT_BUFFERS = 8,
    CAPACITY = 16,
    STAMP = 0xa5,
    LENGTHS = 6,
    VIRT_HOSTILE = 1, /* bit of the input's first byte */
};

static const uint16_t lengths[LENGTHS] = {60, 1, 0, 1514, NET_BUFFER_SIZE, NET_BUFFER_SIZE + 1};
static const struct fuzz_buffers virt_buffers = {0, VIRT_BUFFERS};
static const struct fuzz_buffers client_buffers = {0, CLIENT_BUFFERS};

static struct net_copier_config *config;
static struct fuzz_peer virt, client;
static uint8_t *virt_data, *client_data;
static bool virt_hostile;
static struct net_desc given[CAPACITY]; /* to the copier by an honest virtualiser, in order */
static uint32_t given_count;

void target_make(void)
{
    config = fuzz_memory(sizeof(*config), 0);
    virt_data = fuzz_memory((size_t)VIRT_BUFFERS * NET_BUFFER_SIZE, 0);
    client_data = fuzz_memory((size_t)CLIENT_BUFFERS * NET_BUFFER_SIZE, 0);
    for (uint32_t i = 0; i < VIRT_BUFFERS * NET_BUFFER_SIZE; i++) {
        virt_data[i] = (uint8_t)(1 + i / NET_BUFFER_SIZE); /* never STAMP */
    }
    fuzz_header(&config->header, CONFIG_NET_COPIER, sizeof(*config));
    config->virt_data =
        (struct config_region){(uintptr_t)virt_data, 0, VIRT_BUFFERS * NET_BUFFER_SIZE};
    config->client_data =
        (struct config_region){(uintptr_t)client_data, 0, CLIENT_BUFFERS * NET_BUFFER_SIZE};
    config->buffer_size = NET_BUFFER_SIZE;
    peer_make(&virt, &config->virt, CAPACITY, 0);
    virt.paced = true; /* "bounded: the virtualiser limits what we hold", says the copier */
    peer_make(&client, &config->client, CAPACITY, 1);
}

/* The sampled bytes of a client's buffer: its ends, and what follows the usual lengths. */
static const uint16_t samples[] = {0, 1, 59, 60, 1513, 1514, NET_BUFFER_SIZE - 1};
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static void stamp(uint32_t buffer)
{
    for (uint32_t i = 0; i < SAMPLES; i++) {
        client_data[(size_t)buffer * NET_BUFFER_SIZE + samples[i]] = STAMP;
    }
}

static void check_copy(const struct net_desc *copy)
{
    uint64_t buffer = copy->address / NET_BUFFER_SIZE;
    must(copy->address % NET_BUFFER_SIZE == 0 && buffer < CLIENT_BUFFERS,
         "the client got an offset that no buffer begins at");
    must(copy->length != 0 && copy->length <= NET_BUFFER_SIZE, "a frame of bad length");
    const uint8_t *bytes = client_data + copy->address;
    must(bytes[0] != STAMP && bytes[copy->length - 1] != STAMP, "a frame was not copied");
}

/* Every buffer that was not written holds its stamps; one that was, behind the longest frame. */
static void check_region(uint32_t written, const uint16_t longest[CLIENT_BUFFERS])
{
    for (uint32_t b = 0; b < CLIENT_BUFFERS; b++) {
        uint32_t from = (written & 1U << b) != 0 ? longest[b] : 0;
        for (uint32_t i = 0; i < SAMPLES; i++) {
            must(samples[i] < from ||
                     client_data[(size_t)b * NET_BUFFER_SIZE + samples[i]] == STAMP,
                 "the copier wrote where no frame is");
        }
        if (from != 0) {
            stamp(b);
        }
    }
}

/* What the copier offers its client, whatever the client thinks. */
static void check_client(void)
{
    struct net_desc copy;
    uint32_t written = 0;
    uint16_t longest[CLIENT_BUFFERS] = {0};
    while (peer_offered(&client, &copy)) {
        check_copy(&copy);
        uint32_t b = (uint32_t)(copy.address / NET_BUFFER_SIZE);
        written |= 1U << b;
        longest[b] = longest[b] > copy.length ? longest[b] : copy.length;
    }
    check_region(written, longest);
}

static void check_virt(bool settled)
{
    struct net_desc back;
    uint32_t at = 0;
    while (!virt_hostile && peer_take(&virt, &back)) {
        must(at < given_count && back.address == given[at].address &&
                 back.length == given[at].length,
             "the virtualiser got back what it did not give, or not in order");
        at++;
    }
    must(!settled || at == given_count, "a frame was not given back");
    must(virt_hostile || virt.c.violations == 0, "the component's indices lie");
    given_count = 0;
}

void target_enter(uint32_t channel)
{
    bool settled = !virt_hostile && peer_settled(&virt);
    peer_watch(&client);
    fuzz_enter(channel);
    check_client();
    check_virt(settled);
    peer_entered(&virt);
    peer_entered(&client);
}

static void give_frame(void)
{
    struct net_desc frame = {.address = (uint64_t)input_below(VIRT_BUFFERS) * NET_BUFFER_SIZE,
                             .length = lengths[input_below(LENGTHS)]};
    if (virt_hostile) {
        frame = peer_desc(&virt_buffers);
    }
    if (given_count < CAPACITY && peer_put(&virt, frame)) {
        given[given_count++] = frame;
    }
}

static void restart_virt(void)
{
    peer_start(&virt);
    given_count = 0;
}

void target_step(void)
{
    uint8_t choice = input8();
    struct net_desc empty = {.address = (uint64_t)(choice / 8 % CLIENT_BUFFERS) * NET_BUFFER_SIZE};
    switch (choice % 8) {
    case 0:
    case 1:
        give_frame();
        break;
    case 2:
        (void)peer_put(&client, empty);
        break;
    case 3:
    case 4:
        peer_move(&client, &client_buffers);
        break;
    case 5:
        if (virt_hostile) {
            peer_move(&virt, &virt_buffers);
        } else if (choice >= 200) {
            restart_virt();
        }
        break;
    default:
        target_enter(choice / 8 % 2);
        break;
    }
}

bool target_start(void)
{
    virt_hostile = (input8() & VIRT_HOSTILE) != 0;
    given_count = 0;
    client.scanned = 0;
    for (uint32_t b = 0; b < CLIENT_BUFFERS; b++) {
        stamp(b);
    }
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&virt);
    peer_start(&client);
    return true;
}
