/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and verifying the payload that packet.h describes. */
#include "packet.h"

#include <assert.h>
#include <string.h>

#define MAGIC 0x46444473u /* "sDDF" */

struct header {
    uint32_t magic;
    uint32_t check;
    struct packet_identity identity;
    struct packet_stamp stamp;
};

static_assert(sizeof(struct header) == PACKET_LONG_HEADER, "the long header");

enum { SHORT_SEQUENCE = 4, SHORT_SCHEDULED = 10 }; /* where they lie in the short header */
static_assert(SHORT_SCHEDULED + sizeof(uint64_t) == PACKET_SIZE_MIN, "the short header");

static size_t header_bytes(size_t size)
{
    return size < PACKET_LONG_HEADER ? PACKET_SIZE_MIN : PACKET_LONG_HEADER;
}

/* A bijection of 64-bit words in which each input bit flips half of the output's bits. */
static uint64_t mix(uint64_t word)
{
    word ^= word >> 30;
    word *= UINT64_C(0xbf58476d1ce4e5b9);
    word ^= word >> 27;
    word *= UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static uint64_t identity_word(struct packet_identity identity)
{
    return (uint64_t)identity.run_id << 32 | identity.stream;
}

static uint32_t check_of(const struct header *header, size_t size)
{
    uint64_t hash = mix(identity_word(header->identity) + 1);
    hash = mix(hash ^ header->stamp.sequence);
    hash = mix(hash ^ header->stamp.scheduled_ns);
    return (uint32_t)(mix(hash ^ size) >> 32);
}

static uint64_t pattern_base(struct packet_identity identity, uint64_t sequence)
{
    return mix(mix(identity_word(identity)) ^ sequence);
}

/* Word `index` of the pattern. No word depends on the one before, so compilers vectorise it. */
static uint64_t pattern_word(uint64_t base, uint64_t index)
{
    uint64_t word = base + index * UINT64_C(0x9e3779b97f4a7c15);
    return word ^ (word >> 31);
}

static void put_header(uint8_t *packet, const struct header *header, size_t size)
{
    if (size >= PACKET_LONG_HEADER) {
        memcpy(packet, header, sizeof(*header));
        return;
    }
    memcpy(packet, &header->check, sizeof(header->check));
    memcpy(packet + SHORT_SEQUENCE, &header->stamp.sequence, SHORT_SCHEDULED - SHORT_SEQUENCE);
    memcpy(packet + SHORT_SCHEDULED, &header->stamp.scheduled_ns, sizeof(uint64_t));
}

/* The header of a packet of `size` bytes; what a short one leaves out is taken to be as sent. */
static struct header get_header(const uint8_t *packet, size_t size, struct packet_identity identity)
{
    struct header header = {.magic = MAGIC, .identity = identity};
    if (size >= PACKET_LONG_HEADER) {
        memcpy(&header, packet, sizeof(header));
        return header;
    }
    memcpy(&header.check, packet, sizeof(header.check));
    memcpy(&header.stamp.sequence, packet + SHORT_SEQUENCE, SHORT_SCHEDULED - SHORT_SEQUENCE);
    memcpy(&header.stamp.scheduled_ns, packet + SHORT_SCHEDULED, sizeof(uint64_t));
    return header;
}

void packet_build(uint8_t *packet, size_t size, struct packet_identity identity,
                  struct packet_stamp stamp)
{
    assert(size >= PACKET_SIZE_MIN && stamp.sequence >> PACKET_SEQUENCE_BITS == 0);
    struct header header = {.magic = MAGIC, .identity = identity, .stamp = stamp};
    header.check = check_of(&header, size);
    put_header(packet, &header, size);

    uint8_t *body = packet + header_bytes(size);
    size_t body_size = size - header_bytes(size);
    uint64_t base = pattern_base(identity, stamp.sequence);
    size_t words = body_size / sizeof(uint64_t);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = pattern_word(base, i);
        memcpy(body + i * sizeof(word), &word, sizeof(word));
    }
    uint64_t last = pattern_word(base, words);
    memcpy(body + words * sizeof(last), &last, body_size % sizeof(last));
}

static int body_matches(const uint8_t *body, size_t body_size, uint64_t base)
{
    uint64_t difference = 0;
    size_t words = body_size / sizeof(uint64_t);
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, body + i * sizeof(word), sizeof(word));
        difference |= word ^ pattern_word(base, i);
    }
    uint64_t last = pattern_word(base, words);
    return difference == 0 &&
           memcmp(body + words * sizeof(last), &last, body_size % sizeof(last)) == 0;
}

enum packet_verdict packet_verify(const uint8_t *packet, size_t length, size_t size,
                                  struct packet_identity identity, struct packet_stamp *stamp)
{
    const size_t header_size = header_bytes(size);
    if (length < header_size) {
        return PACKET_DAMAGED;
    }
    const struct header header = get_header(packet, size, identity);
    if (header.magic != MAGIC || header.check != check_of(&header, size)) {
        return PACKET_DAMAGED;
    }
    if (header.identity.run_id != identity.run_id) {
        return PACKET_STRAY;
    }
    if (header.identity.stream != identity.stream) {
        return PACKET_DAMAGED; /* one target answered with what was sent to another */
    }
    *stamp = header.stamp;
    uint64_t base = pattern_base(identity, stamp->sequence);
    if (length != size || !body_matches(packet + header_size, size - header_size, base)) {
        return PACKET_DAMAGED_BODY;
    }
    return PACKET_INTACT;
}
