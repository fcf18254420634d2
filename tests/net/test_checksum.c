/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum against RFC 1071's own example and definition, and RFC 1624's. */
#include "support.h"
#include <net/checksum.h>
#include <string.h>

enum { ROUNDS = 3000, SIZE_MAX_TESTED = 65535 };

/* RFC 1071 section 1, word for word. */
static uint16_t reference_sum(const uint8_t *data, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void the_rfcs_example_gives_the_rfcs_sum(void **state)
{
    (void)state;
    /* RFC 1071 section 3. */
    const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(net_sum_checksum(net_sum_bytes(0, data, sizeof data)), 0xffff - 0xddf2);
}

static void any_size_at_any_address_sums_as_the_reference_does(void **state)
{
    (void)state;
    uint8_t *end = guarded_end();
    uint8_t *start = end - SIZE_MAX_TESTED - 16;

    random_bytes(start, SIZE_MAX_TESTED + 16);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t size = i < 300 ? i : random_below(SIZE_MAX_TESTED + 1);
        for (size_t offset = 0; offset < 9; offset++) {
            const uint8_t *data = end - size - offset;
            assert_int_equal(net_sum_checksum(net_sum_bytes(0, data, size)),
                             (uint16_t)~reference_sum(data, size));
            if (size > 300) {
                break; /* addresses vary with the size */
            }
        }
    }
}

static void all_ones_carry_and_do_not_overflow(void **state)
{
    (void)state;
    uint8_t *start = guarded_end() - SIZE_MAX_TESTED;

    memset(start, 0xff, SIZE_MAX_TESTED);
    for (size_t size = SIZE_MAX_TESTED - 64; size <= SIZE_MAX_TESTED; size++) {
        const uint8_t *data = start + SIZE_MAX_TESTED - size;
        assert_int_equal(net_sum_checksum(net_sum_bytes(UINT64_MAX, data, size)),
                         (uint16_t)~reference_sum(data, size));
    }
}

static void pieces_of_even_size_sum_as_the_whole(void **state)
{
    (void)state;
    uint8_t *data = guarded_end() - 4096;

    random_bytes(data, 4096);
    for (int i = 0; i < ROUNDS; i++) {
        size_t offset = random_below(9);
        size_t size = random_below(4096 - offset + 1);
        size_t cut = random_below(size / 2 + 1) * 2;
        uint64_t sum = net_sum_bytes(0, data + offset, cut);
        sum = net_sum_bytes(sum, data + offset + cut, size - cut);
        assert_int_equal(net_sum_fold(sum) % 0xffff,
                         net_sum_fold(net_sum_bytes(0, data + offset, size)) % 0xffff);
    }
}

static void numbers_sum_as_their_bytes_do(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[8];
        uint64_t number = random64() >> 8;
        net_write_be64(bytes, number);
        assert_int_equal(net_sum_fold(net_sum_of(number)) % 0xffff,
                         net_sum_fold(net_sum_bytes(0, bytes, 8)) % 0xffff);
    }
}

static void words_sum_as_bytes_do(void **state)
{
    (void)state;
    uint8_t *data = guarded_end() - 4096;

    random_bytes(data, 4096);
    for (size_t size = 0; size < 2000; size++) {
        const uint8_t *start = data + 4096 - (size + 7) / 8 * 8;
        assert_int_equal(
            net_sum_fold(net_sum_words(5, (const net_word *)(const void *)start, size)),
            net_sum_fold(net_sum_bytes(5, start, size)));
    }
}

static void a_sum_verifies_if_it_folds_to_all_ones(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS * 100; i++) {
        uint64_t sum = random64() >> random_below(64);
        uint64_t multiple = sum / 0xffff * 0xffff;
        assert_true(sum == 0 || net_sum_verifies(sum) == (net_sum_fold(sum) == 0xffff));
        assert_true(multiple == 0 || net_sum_verifies(multiple));
        assert_int_equal(multiple == 0 || net_sum_fold(multiple) == 0xffff, true);
    }
    assert_true(net_sum_verifies(UINT64_MAX));
}

static void an_updated_checksum_is_that_of_the_changed_data(void **state)
{
    (void)state;
    /* RFC 1624 section 4: the case that RFC 1141 gets wrong. */
    assert_int_equal(net_checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t data[64];
        random_bytes(data, sizeof data);
        uint16_t before = (uint16_t)~reference_sum(data, sizeof data);
        size_t at = random_below(sizeof data / 2) * 2;
        uint16_t old_word = net_read_be16(data + at);
        net_write_be16(data + at, (uint16_t)random64());
        assert_int_equal(net_checksum_update(before, old_word, net_read_be16(data + at)),
                         (uint16_t)~reference_sum(data, sizeof data));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("RFC 1071's example gives RFC 1071's sum", the_rfcs_example_gives_the_rfcs_sum),
        SENTENCE("any size at any address sums as the reference does",
                 any_size_at_any_address_sums_as_the_reference_does),
        SENTENCE("all ones carry and do not overflow", all_ones_carry_and_do_not_overflow),
        SENTENCE("pieces of even size sum as the whole", pieces_of_even_size_sum_as_the_whole),
        SENTENCE("numbers sum as their bytes do", numbers_sum_as_their_bytes_do),
        SENTENCE("words sum as bytes do", words_sum_as_bytes_do),
        SENTENCE("a sum verifies if it folds to all ones", a_sum_verifies_if_it_folds_to_all_ones),
        SENTENCE("an updated checksum is that of the changed data",
                 an_updated_checksum_is_that_of_the_changed_data),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
