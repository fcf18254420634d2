/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of the load generator's datagrams: built before sending, verified whole when its
 * echo comes back. Used by sddf-load and its tests. The echo is believed in nothing: what does not
 * match what was sent, to the byte, is damaged.
 *
 *   byte 0       4       8        12       16         24             32             size
 *        | magic | check | run id | stream | sequence | scheduled ns | pattern ...  |
 *
 * Words are in the machine's own order: only the sender reads them. `check` is a hash of the rest
 * of the header and the size; the pattern follows from run, stream and sequence.
 *
 * A payload below 32 bytes, as the smallest frames have (18 bytes in one of 64), has a short
 * header. Its `check` covers run and stream too, which therefore cannot be told from damage:
 *
 *   byte 0       4          10             18            size
 *        | check | sequence | scheduled ns | pattern ... |
 */
#ifndef SDDF_LOAD_PACKET_H
#define SDDF_LOAD_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_SIZE_MIN      18u
#define PACKET_LONG_HEADER   32u    /* bytes; payloads below have the short one */
#define PACKET_SEQUENCE_BITS 48u    /* of the short header: 8 years at a million a second */
#define PACKET_SIZE_MAX      65507u /* the longest UDP payload in IPv4 */

/* Who sends: a random number per run, and which of the run's targets it is meant for. */
struct packet_identity {
    uint32_t run_id;
    uint32_t stream;
};

struct packet_stamp {
    uint64_t sequence;
    uint64_t scheduled_ns;
};

enum packet_verdict {
    PACKET_INTACT,       /* every byte as sent */
    PACKET_STRAY,        /* a sound header of another run; never with a short one */
    PACKET_DAMAGED_BODY, /* the stamp can be believed, but length or pattern is wrong */
    PACKET_DAMAGED,      /* the header is wrong, or is another stream's: nothing to believe */
};

/* Writes `size` bytes (at least PACKET_SIZE_MIN) to `packet`. */
void packet_build(uint8_t *packet, size_t size, struct packet_identity identity,
                  struct packet_stamp stamp);

/*
 * Judges `length` received bytes against a packet of `size` bytes of `identity`. Sets *stamp if
 * the verdict is PACKET_INTACT or PACKET_DAMAGED_BODY.
 */
enum packet_verdict packet_verify(const uint8_t *packet, size_t length, size_t size,
                                  struct packet_identity identity, struct packet_stamp *stamp);

#endif
