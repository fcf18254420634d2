/* SPDX-License-Identifier: BSD-2-Clause */
/* The client library of the serial class (lib/serial): formatting against the C library's, lines
 * and their room against a virtualiser that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <serial/client.h>
#include <serial/format.h>

enum { CAPACITY = 64, RX_CHANNEL = 3, TX_CHANNEL = 4 };

seL4_Bool microkit_have_signal;
static uint32_t told[MICROKIT_MAX_CHANNELS];

void microkit_notify(microkit_channel channel)
{
    told[channel]++;
}

void microkit_deferred_notify(microkit_channel channel)
{
    told[channel]++;
}

/* ---- Formatting ---- */

__attribute__((format(printf, 3, 4))) static uint32_t format(char *to, uint32_t size,
                                                             const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    uint32_t length = format_text(to, size, text, arguments);
    va_end(arguments);
    return length;
}

#define SAME(...)                                                  \
    do {                                                           \
        char ours[300], theirs[300];                               \
        uint32_t length = format(ours, sizeof(ours), __VA_ARGS__); \
        (void)snprintf(theirs, sizeof(theirs), __VA_ARGS__);       \
        assert_string_equal(ours, theirs);                         \
        assert_int_equal(length, strlen(theirs));                  \
    } while (0)

static void numbers_and_texts_are_formatted_as_by_printf(void **state)
{
    (void)state;
    SAME("plain, %% and nothing");
    SAME("%d %i %u %x", -1, 7, 42U, 0xbeefU);
    SAME("%d %d %u", INT32_MIN, INT32_MAX, UINT32_MAX);
    SAME("%ld %lld %lu %llx %zu", INT64_MIN, (long long)INT64_MAX, UINT64_MAX, ~0ULL, SIZE_MAX);
    SAME("[%5d] [%-5d] [%05d] [%2d]", 42, 42, 42, 12345);
    SAME("[%5d] [%-5d] [%05d]", -42, -42, -42);
    SAME("[%s] [%8s] [%-8s] [%.2s] [%-8.2s]", "text", "text", "text", "text", "text");
    SAME("%c%c [%3c] [%-3c]", 'a', 'b', 'c', 'd');
    SAME("%08x|%8x|%-8x|", 0xc0deU, 0xc0deU, 0xc0deU);
    SAME("%p", (void *)(uintptr_t)0x1234);
    SAME("%s", "");
}

static void random_numbers_are_formatted_as_by_printf(void **state)
{
    (void)state;
    const char *wanted = getenv("SDDF_SEED");
    unsigned seed = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 0) : (unsigned)time(NULL);
    printf("# seed %u\n", seed);
    srandom(seed);
    for (uint32_t i = 0; i < 20000; i++) {
        uint64_t value = ((uint64_t)random() << 33 ^ (uint64_t)random()) >> random() % 64;
        SAME("%ld|%lu|%lx|%30lu|%-30ld|%030ld", (int64_t)value, value, value, value, (int64_t)value,
             -(int64_t)value);
        SAME("%d|%u|%x|%011d", (int)value, (unsigned)value, (unsigned)value, (int)value);
    }
}

static void what_does_not_fit_is_cut_and_nothing_is_written_beyond(void **state)
{
    (void)state;
    for (uint32_t size = 1; size < 40; size++) {
        char *to = malloc(size); /* for a sanitizer to watch */
        uint32_t length = format(to, size, "%s-%d-%x-%50s|", "text", -12345, 0xabcdefU, "far");
        assert_true(length < size);
        assert_int_equal(to[length], '\0');
        assert_int_equal(length, strlen(to));
        assert_memory_equal(to, "text--12345-abcdef-                    ", length);
        free(to);
    }
}

/* The compiler would refuse them where they stand. */
static void directives_that_there_are_not_are_written_as_they_stand(void **state)
{
    static const char *const odd[] = {"%q", "%", "%-", "%08", "100%", "%5.3", "%l", "%y%z"};
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char to[64];
        const char *volatile text = odd[i];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)format(to, sizeof(to), text);
#pragma GCC diagnostic pop
        assert_string_equal(to, odd[i]);
    }
    char to[16];
    const char *volatile none = NULL;
    (void)format(to, sizeof(to), "%s", none);
    assert_string_equal(to, "(null)");
}

/* ---- Lines ---- */

static struct bench {
    struct serial_client serial;
    struct connection rx, tx; /* the virtualisers' */
    struct queue_side *sides[4];
} bench;

static struct config_connection end_of(uint32_t mine, uint32_t theirs, uint32_t channel)
{
    return (struct config_connection){.mine = (uintptr_t)bench.sides[mine],
                                      .theirs = (uintptr_t)bench.sides[theirs],
                                      .put_capacity = CAPACITY,
                                      .get_capacity = CAPACITY,
                                      .channel = channel};
}

static void adopt(struct connection *c)
{
    if (connection_poll(c) == CONNECTION_RESTARTED) {
        assert_true(connection_adopt(c));
        (void)connection_poll(c);
    }
}

static int start(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof(bench));
    memset(told, 0, sizeof(told));
    for (uint32_t i = 0; i < 4; i++) {
        bench.sides[i] = aligned_alloc(64, SERIAL_SIDE_SIZE(CAPACITY));
        memset(bench.sides[i], 0, SERIAL_SIDE_SIZE(CAPACITY));
    }
    struct config_connection rx = end_of(0, 1, RX_CHANNEL), tx = end_of(2, 3, TX_CHANNEL);
    assert_null(serial_client_open(&bench.serial, &rx, &tx));
    assert_true(connection_open(&bench.rx, bench.sides[1], bench.sides[0], CAPACITY, CAPACITY));
    assert_true(connection_open(&bench.tx, bench.sides[3], bench.sides[2], CAPACITY, CAPACITY));
    for (uint32_t i = 0; i < 3; i++) {
        adopt(&bench.rx);
        adopt(&bench.tx);
        serial_client_begin(&bench.serial);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        free(bench.sides[i]);
    }
    return 0;
}

/* All that was printed; '^' stands for a flush. */
static const char *printed(void)
{
    static char text[4096];
    size_t used = 0;
    struct serial_chunk chunk;
    for (uint32_t n = queue_available(&bench.tx); n != 0; n--) {
        assert_true(serial_get_chunk(&bench.tx, &chunk));
        memcpy(text + used, chunk.bytes, chunk.count);
        used += chunk.count;
        if (chunk.count == 0) {
            text[used++] = '^';
        }
    }
    queue_release(&bench.tx);
    text[used] = '\0';
    return text;
}

static void a_line_is_offered_when_it_ends_or_is_flushed_and_not_before(void **state)
{
    struct serial_client *serial = &bench.serial;
    (void)state;
    assert_true(serial_puts(serial, "begun"));
    assert_string_equal(printed(), "");
    assert_true(queue_arm(&bench.tx, 1));
    uint32_t before = told[TX_CHANNEL];
    assert_true(serial_printf(serial, " and ended by %s %d\nnext", "line", 1));
    serial_client_end(serial);
    assert_int_equal(told[TX_CHANNEL], before + 1);
    assert_string_equal(printed(), "begun and ended by line 1\n");
    assert_true(serial_flush(serial));
    assert_string_equal(printed(), "next^");
    assert_true(serial_flush(serial)); /* of nothing: nothing */
    assert_string_equal(printed(), "");
}

static void a_line_without_room_is_dropped_whole_and_counted(void **state)
{
    struct serial_client *serial = &bench.serial;
    uint32_t lines = 0;
    (void)state;
    while (serial_printf(serial, "line %03u of some bytes\n", lines)) {
        lines++;
    }
    assert_int_equal(serial->dropped, strlen("line 000 of some bytes\n"));
    const char *text = printed();
    assert_int_equal(strlen(text), lines * strlen("line 000 of some bytes\n"));
    assert_true(serial_printf(serial, "again\n"));
    assert_string_equal(printed(), "again\n");
}

static void a_long_text_is_offered_in_pieces(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SERIAL_LINE_MAX; i++) {
        assert_true(serial_putc(&bench.serial, 'x'));
    }
    assert_int_equal(strlen(printed()), SERIAL_LINE_MAX);
}

static void who_wants_room_waits_until_a_whole_line_fits(void **state)
{
    struct serial_client *serial = &bench.serial;
    struct serial_chunk chunk;
    (void)state;
    while (serial_puts(serial, "0123456\n")) {
    }
    assert_true(serial_client_room(serial) < SERIAL_LINE_MAX);
    serial_client_want_room(serial);
    assert_true(serial_client_may_wait(serial));
    for (uint32_t taken = 0; !queue_signal_space(&bench.tx); taken++) {
        assert_true(taken < CAPACITY);
        assert_true(serial_client_room(serial) < SERIAL_LINE_MAX);
        assert_true(queue_available(&bench.tx) != 0);
        (void)serial_get_chunk(&bench.tx, &chunk);
        queue_release(&bench.tx);
    }
    assert_true(serial_client_room(serial) >= SERIAL_LINE_MAX);
    serial_client_want_room(serial);
    assert_false(serial_client_may_wait(serial));
    assert_true(serial_client_may_wait(serial)); /* asked for once */
}

static void what_is_typed_is_read_byte_by_byte_and_rubbish_is_counted(void **state)
{
    struct serial_client *serial = &bench.serial;
    uint8_t byte;
    (void)state;
    (void)serial_put(&bench.rx, (const uint8_t *)"typed by somebody", 17);
    shared_write(queue_put_slot(&bench.rx, 8), 0xee);
    (void)serial_put(&bench.rx, (const uint8_t *)"!", 1);
    queue_publish(&bench.rx);
    for (const char *at = "typed by somebody!"; *at != '\0'; at++) {
        assert_false(serial_client_may_wait(serial));
        assert_true(serial_getc(serial, &byte));
        assert_int_equal(byte, *at);
    }
    assert_false(serial_getc(serial, &byte));
    assert_true(serial_client_may_wait(serial));
    assert_int_equal(serial->bad_chunks, 1);
}

static void ends_that_are_not_there_and_queues_too_small_are_told(void **state)
{
    struct serial_client serial;
    struct config_connection rx = end_of(0, 1, RX_CHANNEL), tx = end_of(2, 3, TX_CHANNEL);
    uint8_t byte;
    (void)state;
    assert_null(serial_client_open(&serial, NULL, NULL));
    serial_client_begin(&serial);
    assert_false(serial_puts(&serial, "nowhere\n"));
    assert_false(serial_getc(&serial, &byte));
    assert_int_equal(serial_client_room(&serial), 0);
    serial_client_want_room(&serial);
    assert_true(serial_client_may_wait(&serial));
    tx.put_capacity = 32;
    assert_non_null(strstr(serial_client_open(&serial, &rx, &tx), "64 entries at least"));
    tx.put_capacity = 63;
    assert_non_null(strstr(serial_client_open(&serial, &rx, &tx), "power of two"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_texts_are_formatted_as_by_printf),
        cmocka_unit_test(random_numbers_are_formatted_as_by_printf),
        cmocka_unit_test(what_does_not_fit_is_cut_and_nothing_is_written_beyond),
        cmocka_unit_test(directives_that_there_are_not_are_written_as_they_stand),
        cmocka_unit_test_setup_teardown(a_line_is_offered_when_it_ends_or_is_flushed_and_not_before,
                                        start, end),
        cmocka_unit_test_setup_teardown(a_line_without_room_is_dropped_whole_and_counted, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_long_text_is_offered_in_pieces, start, end),
        cmocka_unit_test_setup_teardown(who_wants_room_waits_until_a_whole_line_fits, start, end),
        cmocka_unit_test_setup_teardown(what_is_typed_is_read_byte_by_byte_and_rubbish_is_counted,
                                        start, end),
        cmocka_unit_test_setup_teardown(ends_that_are_not_there_and_queues_too_small_are_told,
                                        start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
