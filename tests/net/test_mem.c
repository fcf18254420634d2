/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/mem against the C library. The build renames the four functions under test to sddf_*, so that
 * both are here. Each buffer ends at a page that faults.
 */
#include "support.h"
#include <string.h>

void *sddf_memcpy(void *restrict destination, const void *restrict source, size_t size);
void *sddf_memmove(void *destination, const void *source, size_t size);
void *sddf_memset(void *destination, int value, size_t size);
int sddf_memcmp(const void *left, const void *right, size_t size);

enum { ROUNDS = 20000, SPAN = 4096 };

static uint8_t *mine;
static uint8_t *model;
static uint8_t *source;

static int set_up(void **state)
{
    (void)state;
    mine = guarded_end() - SPAN;
    model = guarded_end() - SPAN;
    source = guarded_end() - SPAN;
    random_bytes(source, SPAN);
    random_bytes(mine, SPAN);
    memcpy(model, mine, SPAN);
    return 0;
}

/* Mostly small, sometimes large; a third of them end at the faulting page. */
static size_t random_size(void)
{
    return random_below(2) != 0 ? random_below(80) : random_below(SPAN + 1);
}

static size_t random_offset(size_t size)
{
    return random_below(3) == 0 ? SPAN - size : random_below(SPAN - size + 1);
}

static void memcpy_copies_what_libc_copies(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = random_size();
        size_t from = random_offset(size);
        size_t to = random_offset(size);
        assert_ptr_equal(sddf_memcpy(mine + to, source + from, size), mine + to);
        memcpy(model + to, source + from, size);
        assert_memory_equal(mine, model, SPAN);
    }
}

static void memmove_moves_what_libc_moves(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = random_size();
        size_t from = random_offset(size);
        /* Half the time near, so that overlaps of less than a word are common. */
        size_t to = random_offset(size);
        if (random_below(2) != 0 && from + size + 20 <= SPAN && from >= 20) {
            to = from - 20 + random_below(41);
        }
        assert_ptr_equal(sddf_memmove(mine + to, mine + from, size), mine + to);
        memmove(model + to, model + from, size);
        assert_memory_equal(mine, model, SPAN);
        random_bytes(mine + from, size < 64 ? size : 64);
        memcpy(model + from, mine + from, size < 64 ? size : 64);
    }
}

static void memset_sets_what_libc_sets(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = random_size();
        size_t to = random_offset(size);
        int value = (int)random_below(1024) - 512;
        assert_ptr_equal(sddf_memset(mine + to, value, size), mine + to);
        memset(model + to, value, size);
        assert_memory_equal(mine, model, SPAN);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void memcmp_orders_as_libc_does(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = random_size();
        size_t left = random_offset(size);
        size_t right = random_offset(size);
        memcpy(model + right, mine + left, size);
        for (size_t changes = random_below(3); changes > 0 && size > 0; changes--) {
            model[right + random_below(size)] ^= (uint8_t)(1U << random_below(8));
        }
        assert_int_equal(sign(sddf_memcmp(mine + left, model + right, size)),
                         sign(memcmp(mine + left, model + right, size)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("memcpy copies what libc's copies", memcpy_copies_what_libc_copies),
        SENTENCE("memmove moves what libc's moves, overlaps included",
                 memmove_moves_what_libc_moves),
        SENTENCE("memset sets what libc's sets", memset_sets_what_libc_sets),
        SENTENCE("memcmp orders as libc's does", memcmp_orders_as_libc_does),
    };
    random_start();
    return cmocka_run_group_tests(tests, set_up, NULL);
}
