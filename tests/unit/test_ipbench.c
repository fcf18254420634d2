/* SPDX-License-Identifier: BSD-2-Clause */
/* ipbench's control protocol (systems/ipbench/session.c): what a controller is answered, word by
 * word as ipbench's own daemon says it, and what a hostile one cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../systems/ipbench/session.h"

static bool startable, stoppable;
static uint64_t total, idle;
static uint32_t starts, stops;
static struct ipbench_server server;

static bool start(void)
{
    starts++;
    return startable;
}

static bool stop(uint64_t *total_out, uint64_t *idle_out)
{
    stops++;
    *total_out = total;
    *idle_out = idle;
    return stoppable;
}

static int begin(void **state)
{
    (void)state;
    startable = stoppable = true;
    starts = stops = 0;
    total = 1000;
    idle = 750;
    server = (struct ipbench_server){.start = start, .stop = stop};
    return 0;
}

/* All that a session answers to `text`; it ends where the connection would. */
static struct ipbench_answer answer;
static char said[8192];

static const char *say(struct ipbench_session *session, const char *text)
{
    size_t size = 0;
    answer.close = false;
    for (; *text != '\0' && !answer.close; text++) {
        if (ipbench_byte(&server, session, *text, &answer)) {
            assert_true(size + answer.size < sizeof(said));
            memcpy(said + size, answer.text, answer.size);
            size += answer.size;
        }
    }
    said[size] = '\0';
    return said;
}

static void open_session(struct ipbench_session *session)
{
    ipbench_open(session, &answer);
    assert_int_equal(answer.size, 17);
    assert_memory_equal(answer.text, "100 IPBENCH V1.0\n", 17);
    assert_false(answer.close);
}

static void make_ready(struct ipbench_session *session)
{
    open_session(session);
    assert_string_equal(say(session, "HELLO\nLOAD cpu_target_lukem\nSETUP args::\"\"\n"),
                        "200 OK (Ready to go)\n200 OK\n200 OK\n");
}

static void a_measurement_goes_as_with_ipbenchs_own_daemon(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    assert_string_equal(say(&session, "HELLO\n"), "200 OK (Ready to go)\n");
    assert_string_equal(say(&session, "LOAD cpu_target_lukem\n"), "200 OK\n");
    assert_string_equal(say(&session, "SETUP args::\"warmup=5,cooldown=5\"\n"), "200 OK\n");
    assert_string_equal(say(&session, "START\n"), "");
    assert_int_equal(starts, 1);
    const char wanted[] = "220 VALID DATA (Data to follow)\nContent-length: 6\n25.0\n";
    say(&session, "STOP\n");
    assert_int_equal(stops, 1);
    assert_int_equal(answer.size, sizeof(wanted)); /* with the zero */
    assert_memory_equal(answer.text, wanted, sizeof(wanted));
    assert_int_equal(answer.first, strlen("220 VALID DATA (Data to follow)\n"));
    assert_true(answer.close);
}

static void line_ends_and_spaces_do_not_matter(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    assert_string_equal(say(&session, "HELLO \r\nLOAD   cpu_target_lukem\t\r\nSETUP x\r\n"),
                        "200 OK (Ready to go)\n200 OK\n200 OK\n");
}

static void words_out_of_turn_are_syntax_errors_and_change_nothing(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    assert_string_equal(
        say(&session, "START\nSTOP\nLOAD x\nHELLOO\nhello\n\n HELLO\nHELLO\n"),
        "500 SYNTAX ERROR\n500 SYNTAX ERROR\n500 SYNTAX ERROR\n500 SYNTAX ERROR\n"
        "500 SYNTAX ERROR\n500 SYNTAX ERROR\n500 SYNTAX ERROR\n200 OK (Ready to go)\n");
    assert_string_equal(
        say(&session, "STOP\nSETUP\nLOAD cpu_target_lukem\nSETUP\nSTOP\n"),
        "500 SYNTAX ERROR\n500 SYNTAX ERROR\n200 OK\n500 SYNTAX ERROR\n500 SYNTAX ERROR\n");
    assert_int_equal(starts + stops, 0);
}

static void another_test_is_refused(void **state)
{
    (void)state;
    const char *others[] = {"cpu_target", "cpu_target_lukem2", "cpu_target_lukem x", "x", ""};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct ipbench_session session;
        open_session(&session);
        char text[64];
        (void)snprintf(text, sizeof(text), "HELLO\nLOAD %s\n", others[i]);
        assert_string_equal(say(&session, text),
                            "200 OK (Ready to go)\n451 LOCAL PROCESSING ERROR (the one test is "
                            "cpu_target_lukem)\n");
        assert_true(answer.close);
        ipbench_close(&server, &session);
    }
}

static void a_line_that_is_too_long_is_an_error_and_the_next_one_is_read(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    char text[4 * IPBENCH_LINE_MAX];
    memset(text, 'H', sizeof(text));
    memcpy(text, "HELLO", 5);
    text[sizeof(text) - 1] = '\0';
    assert_string_equal(say(&session, text), "");
    assert_string_equal(say(&session, "\nHELLO\n"), "500 SYNTAX ERROR\n200 OK (Ready to go)\n");
    memset(text, ' ', sizeof(text)); /* the longest that is allowed, and one more */
    memcpy(text, "LOAD cpu_target_lukem", 21);
    text[IPBENCH_LINE_MAX] = '\n';
    text[IPBENCH_LINE_MAX + 1] = '\0';
    assert_string_equal(say(&session, text), "200 OK\n");
    text[IPBENCH_LINE_MAX] = ' ';
    text[IPBENCH_LINE_MAX + 1] = '\n';
    text[IPBENCH_LINE_MAX + 2] = '\0';
    memcpy(text, "SETUP x              ", 21);
    assert_string_equal(say(&session, text), "500 SYNTAX ERROR\n");
}

static void who_sends_lines_without_end_is_sent_away(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    for (uint32_t i = 0; i < IPBENCH_LINES_MAX; i++) {
        assert_string_equal(say(&session, "x\n"), "500 SYNTAX ERROR\n");
        assert_false(answer.close);
    }
    assert_string_equal(say(&session, "x\n"), "222 CLOSING CONTROL CONNECTION (too many lines)\n");
    assert_true(answer.close);
}

static void one_controller_measures_at_a_time(void **state)
{
    (void)state;
    struct ipbench_session first;
    make_ready(&first);
    struct ipbench_session second;
    open_session(&second);
    assert_string_equal(say(&second, "STATUS\nHELLO\n"),
                        "Target Daemon mode\nRunning a test (1)\n200 OK\n"
                        "421 SERVICE NOT AVAILABLE (Already Running)\n");
    assert_true(answer.close);
    ipbench_close(&server, &second);
    assert_ptr_equal(server.measuring, &first);
    ipbench_close(&server, &first);
    struct ipbench_session third;
    open_session(&third);
    assert_string_equal(say(&third, "STATUS\nHELLO\n"),
                        "Target Daemon mode\nNot running a test\n200 OK\n200 OK (Ready to go)\n");
}

static void abort_ends_whoever_measures(void **state)
{
    (void)state;
    struct ipbench_session first;
    make_ready(&first);
    struct ipbench_session second;
    open_session(&second);
    assert_string_equal(say(&second, "ABORT\n"), "");
    assert_true(answer.close);
    assert_ptr_equal(answer.abort, &first);
    assert_string_equal(say(&first, "ABORT\n"), "");
    assert_true(answer.close);
    assert_null(answer.abort);
}

static void quit_says_good_bye_and_help_helps(void **state)
{
    (void)state;
    struct ipbench_session session;
    open_session(&session);
    assert_non_null(strstr(say(&session, "HELP\n"), "SETUP START STOP"));
    assert_string_equal(say(&session, "QUIT\n"),
                        "222 CLOSING CONTROL CONNECTION (Come back soon!)\n");
    assert_true(answer.close);
}

static void a_start_that_fails_is_said_and_a_stop_without_figures_is_invalid(void **state)
{
    (void)state;
    struct ipbench_session session;
    make_ready(&session);
    startable = false;
    assert_string_equal(say(&session, "START\n"),
                        "451 LOCAL PROCESSING ERROR (nothing measures the CPU)\n");
    assert_true(answer.close);
    ipbench_close(&server, &session);
    startable = true;
    for (int which = 0; which < 2; which++) {
        stoppable = which == 0;
        total = which == 0 ? 0 : 1000;
        make_ready(&session);
        assert_string_equal(say(&session, "START\nSTOP\n"),
                            which == 0
                                ? "221 INVALID DATA (Data to follow)\nContent-length: 5\n0.0\n"
                                : "221 INVALID DATA (Data to follow)\nContent-length: 6\n25.0\n");
        ipbench_close(&server, &session);
    }
}

static void the_figure_is_right_at_the_edges(void **state)
{
    (void)state;
    const struct {
        uint64_t total, idle;
        const char *wanted;
    } rows[] = {
        {1, 0, "100.0"},
        {1, 1, "0.0"},
        {1000, 1, "99.9"},
        {10000, 1, "100.0"},
        {3, 1, "66.7"},
        {1, 2, "0.0"},
        {UINT64_MAX, 0, "100.0"},
        {UINT64_MAX, UINT64_MAX, "0.0"},
        {UINT64_MAX, UINT64_MAX / 2, "50.0"},
        {UINT32_MAX, UINT32_MAX / 4, "75.0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ipbench_session session;
        make_ready(&session);
        total = rows[i].total;
        idle = rows[i].idle;
        const char *found = strchr(strchr(say(&session, "START\nSTOP\n"), '\n') + 1, '\n') + 1;
        assert_int_equal(strncmp(found, rows[i].wanted, strlen(rows[i].wanted)), 0);
        ipbench_close(&server, &session);
    }
}

/* Words and bytes at random: an answer fits, nobody but who said HELLO measures, and stop follows
 * start. */
static void random_lines_break_nothing(void **state)
{
    (void)state;
    static const char *const right[] = {"HELLO\n", "LOAD cpu_target_lukem\n", "SETUP x\n",
                                        "START\n", "STOP\n"};
    static const char *const words[] = {"HELLO",
                                        "LOAD cpu_target_lukem",
                                        "SETUP args::\"\"",
                                        "START",
                                        "STOP",
                                        "ABORT",
                                        "QUIT",
                                        "HELP",
                                        "STATUS",
                                        "\n",
                                        "\n",
                                        "\n",
                                        " ",
                                        "\r"};
    unsigned seed = (unsigned)time(NULL);
    print_message("# seed %u\n", seed);
    struct ipbench_session sessions[3];
    bool open[3] = {false};
    for (uint32_t round = 0; round < 300000; round++) {
        size_t i = (size_t)rand_r(&seed) % 3;
        if (!open[i]) {
            ipbench_open(&sessions[i], &answer);
            open[i] = true;
        }
        const char byte[2] = {(char)rand_r(&seed), '\0'};
        size_t choice = (size_t)rand_r(&seed) % 16;
        const char *text = rand_r(&seed) % 4 != 0 ? right[sessions[i].state]
                           : choice < 14          ? words[choice]
                                                  : byte;
        for (const char *c = text; open[i] && *c != '\0'; c++) {
            if (!ipbench_byte(&server, &sessions[i], *c, &answer)) {
                continue;
            }
            assert_true(answer.size <= IPBENCH_ANSWER_MAX && answer.first <= answer.size);
            assert_true(answer.size > 0 || answer.close);
            struct ipbench_session *ended = answer.abort;
            for (size_t j = 0; j < 3; j++) {
                if (ended == &sessions[j] || (j == i && answer.close)) {
                    ipbench_close(&server, &sessions[j]);
                    open[j] = false;
                }
            }
        }
        assert_true(stops <= starts);
        assert_true(server.measuring == NULL || open[server.measuring - sessions]);
    }
    assert_true(stops > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_measurement_goes_as_with_ipbenchs_own_daemon, begin),
        cmocka_unit_test_setup(line_ends_and_spaces_do_not_matter, begin),
        cmocka_unit_test_setup(words_out_of_turn_are_syntax_errors_and_change_nothing, begin),
        cmocka_unit_test_setup(another_test_is_refused, begin),
        cmocka_unit_test_setup(a_line_that_is_too_long_is_an_error_and_the_next_one_is_read, begin),
        cmocka_unit_test_setup(who_sends_lines_without_end_is_sent_away, begin),
        cmocka_unit_test_setup(one_controller_measures_at_a_time, begin),
        cmocka_unit_test_setup(abort_ends_whoever_measures, begin),
        cmocka_unit_test_setup(quit_says_good_bye_and_help_helps, begin),
        cmocka_unit_test_setup(a_start_that_fails_is_said_and_a_stop_without_figures_is_invalid,
                               begin),
        cmocka_unit_test_setup(the_figure_is_right_at_the_edges, begin),
        cmocka_unit_test_setup(random_lines_break_nothing, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
