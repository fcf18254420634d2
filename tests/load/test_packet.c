/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit tests of the load generator's payload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet.h"

#include <string.h>

#define LONGEST 1472u

static const struct packet_identity identity = {.run_id = 0x12345678, .stream = 3};
static const struct packet_stamp stamp = {.sequence = 77, .scheduled_ns = 123456789012345};
static uint8_t packet[LONGEST + 1];

static enum packet_verdict verdict(size_t length, size_t size)
{
    struct packet_stamp found;
    return packet_verify(packet, length, size, identity, &found);
}

static void a_packet_of_any_size_verifies_and_gives_its_stamp_back(void **state)
{
    (void)state;
    for (size_t size = PACKET_SIZE_MIN; size <= LONGEST; size++) {
        struct packet_stamp found = {0};
        memset(packet, 0xa5, sizeof(packet));
        packet_build(packet, size, identity, stamp);
        assert_int_equal(packet[size], 0xa5);
        assert_int_equal(packet_verify(packet, size, size, identity, &found), PACKET_INTACT);
        assert_int_equal(found.sequence, stamp.sequence);
        assert_int_equal(found.scheduled_ns, stamp.scheduled_ns);
    }
}

static void any_change_of_any_byte_is_found(void **state)
{
    (void)state;
    const size_t sizes[] = {PACKET_SIZE_MIN, 19, 31, 32, 33, 39, 40, 64, 71, 200};
    for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        packet_build(packet, sizes[s], identity, stamp);
        for (size_t at = 0; at < sizes[s]; at++) {
            size_t header = sizes[s] < PACKET_LONG_HEADER ? PACKET_SIZE_MIN : PACKET_LONG_HEADER;
            enum packet_verdict expected = at < header ? PACKET_DAMAGED : PACKET_DAMAGED_BODY;
            for (unsigned flip = 1; flip < 256; flip++) {
                packet[at] ^= (uint8_t)flip;
                assert_int_equal(verdict(sizes[s], sizes[s]), expected);
                packet[at] ^= (uint8_t)flip;
            }
        }
        assert_int_equal(verdict(sizes[s], sizes[s]), PACKET_INTACT);
    }
}

static void a_packet_cut_short_or_grown_is_damaged(void **state)
{
    (void)state;
    packet_build(packet, 100, identity, stamp);
    for (size_t length = 0; length < PACKET_LONG_HEADER; length++) {
        assert_int_equal(verdict(length, 100), PACKET_DAMAGED);
    }
    for (size_t length = PACKET_LONG_HEADER; length < 100; length++) {
        assert_int_equal(verdict(length, 100), PACKET_DAMAGED_BODY);
    }
    assert_int_equal(verdict(101, 100), PACKET_DAMAGED_BODY);

    packet_build(packet, 31, identity, stamp);
    assert_int_equal(verdict(PACKET_SIZE_MIN - 1, 31), PACKET_DAMAGED);
    assert_int_equal(verdict(PACKET_SIZE_MIN, 31), PACKET_DAMAGED_BODY);
    assert_int_equal(verdict(30, 31), PACKET_DAMAGED_BODY);
    assert_int_equal(verdict(32, 31), PACKET_DAMAGED_BODY);
}

static void a_short_packet_of_another_run_target_or_size_is_damaged(void **state)
{
    (void)state;
    packet_build(packet, 18, (struct packet_identity){identity.run_id + 1, 3}, stamp);
    assert_int_equal(verdict(18, 18), PACKET_DAMAGED);
    packet_build(packet, 18, (struct packet_identity){identity.run_id, 2}, stamp);
    assert_int_equal(verdict(18, 18), PACKET_DAMAGED);
    packet_build(packet, 18, identity, stamp);
    assert_int_equal(verdict(18, 19), PACKET_DAMAGED);
}

static void a_packet_of_another_run_is_a_stray(void **state)
{
    (void)state;
    const struct packet_identity other = {.run_id = identity.run_id + 1, .stream = 3};
    packet_build(packet, 64, other, stamp);
    assert_int_equal(verdict(64, 64), PACKET_STRAY);
}

static void a_packet_sent_to_another_target_is_damaged(void **state)
{
    (void)state;
    const struct packet_identity other = {.run_id = identity.run_id, .stream = 2};
    packet_build(packet, 64, other, stamp);
    assert_int_equal(verdict(64, 64), PACKET_DAMAGED);
}

static void a_body_under_the_header_of_another_sequence_is_damaged(void **state)
{
    (void)state;
    uint8_t other[64];
    packet_build(packet, 64, identity, stamp);
    packet_build(other, 64, identity,
                 (struct packet_stamp){.sequence = 78, .scheduled_ns = stamp.scheduled_ns});
    memcpy(packet + PACKET_LONG_HEADER, other + PACKET_LONG_HEADER, 64 - PACKET_LONG_HEADER);
    assert_int_equal(verdict(64, 64), PACKET_DAMAGED_BODY);
}

static void a_body_shifted_by_any_distance_is_damaged(void **state)
{
    (void)state;
    for (size_t shift = 1; shift <= 64; shift++) {
        packet_build(packet, LONGEST, identity, stamp);
        memmove(packet + PACKET_LONG_HEADER, packet + PACKET_LONG_HEADER + shift,
                LONGEST - PACKET_LONG_HEADER - shift);
        assert_int_equal(verdict(LONGEST, LONGEST), PACKET_DAMAGED_BODY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_of_any_size_verifies_and_gives_its_stamp_back),
        cmocka_unit_test(any_change_of_any_byte_is_found),
        cmocka_unit_test(a_packet_cut_short_or_grown_is_damaged),
        cmocka_unit_test(a_short_packet_of_another_run_target_or_size_is_damaged),
        cmocka_unit_test(a_packet_of_another_run_is_a_stray),
        cmocka_unit_test(a_packet_sent_to_another_target_is_damaged),
        cmocka_unit_test(a_body_under_the_header_of_another_sequence_is_damaged),
        cmocka_unit_test(a_body_shifted_by_any_distance_is_damaged),
    };
    return cmocka_run_group_tests_name("load: packet", tests, NULL, NULL);
}
