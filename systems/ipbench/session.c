/* SPDX-License-Identifier: BSD-2-Clause */
/* ipbench's control protocol (session.h). Runs in the target's PD; owns nothing but the sessions
 * that it is handed; trusts nobody's lines. */
#include "session.h"

#include <mem/mem.h>
#include <stddef.h>

static void add_bytes(struct ipbench_answer *answer, const char *bytes, size_t size)
{
    size_t room = sizeof(answer->text) - answer->size;
    size = size < room ? size : room;
    memcpy(answer->text + answer->size, bytes, size);
    answer->size = (uint16_t)(answer->size + size);
}

static void add(struct ipbench_answer *answer, const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    add_bytes(answer, text, size);
}

static void add_number(struct ipbench_answer *answer, uint32_t value)
{
    char digits[10];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    add_bytes(answer, digits + at, sizeof(digits) - at);
}

static bool say(struct ipbench_answer *answer, const char *text)
{
    add(answer, text);
    return true;
}

static bool say_last(struct ipbench_answer *answer, const char *text)
{
    answer->close = true;
    return say(answer, text);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* True if the line's first word is `word`; the rest begins at `*rest`. */
static bool begins(const struct ipbench_session *session, const char *word, size_t *rest)
{
    size_t at = 0;
    while (word[at] != '\0') {
        if (at == session->size || session->line[at] != word[at]) {
            return false;
        }
        at++;
    }
    if (at < session->size && !is_space(session->line[at])) {
        return false;
    }
    while (at < session->size && is_space(session->line[at])) {
        at++;
    }
    *rest = at;
    return true;
}

static bool says(const struct ipbench_session *session, const char *word)
{
    size_t rest;
    return begins(session, word, &rest);
}

/* --- What a controller may say in each state --- */

static bool syntax_error(struct ipbench_answer *answer)
{
    return say(answer, "500 SYNTAX ERROR\n");
}

static bool listen(struct ipbench_server *server, struct ipbench_session *session,
                   struct ipbench_answer *answer)
{
    if (!says(session, "HELLO")) {
        return syntax_error(answer);
    }
    if (server->measuring != NULL) {
        return say_last(answer, "421 SERVICE NOT AVAILABLE (Already Running)\n");
    }
    server->measuring = session;
    session->state = IPBENCH_LOAD;
    return say(answer, "200 OK (Ready to go)\n");
}

static bool load(struct ipbench_session *session, struct ipbench_answer *answer)
{
    static const char test[] = "cpu_target_lukem";
    size_t rest;
    if (!begins(session, "LOAD", &rest)) {
        return syntax_error(answer);
    }
    if (session->size - rest != sizeof(test) - 1 ||
        memcmp(session->line + rest, test, sizeof(test) - 1) != 0) {
        return say_last(answer, "451 LOCAL PROCESSING ERROR (the one test is cpu_target_lukem)\n");
    }
    session->state = IPBENCH_SETUP;
    return say(answer, "200 OK\n");
}

static bool setup(struct ipbench_session *session, struct ipbench_answer *answer)
{
    size_t rest;
    if (!begins(session, "SETUP", &rest) || rest == session->size) {
        return syntax_error(answer);
    }
    session->state = IPBENCH_READY;
    return say(answer, "200 OK\n");
}

static bool start(struct ipbench_server *server, struct ipbench_session *session,
                  struct ipbench_answer *answer)
{
    if (!says(session, "START")) {
        return syntax_error(answer);
    }
    if (!server->start()) {
        return say_last(answer, "451 LOCAL PROCESSING ERROR (nothing measures the CPU)\n");
    }
    session->state = IPBENCH_MEASURE;
    return false;
}

/* Tenths of a percent, rounded, of `total` that were not `idle`. Both are made small enough first.
 */
static uint32_t busy(uint64_t total, uint64_t idle)
{
    while (total > UINT32_MAX) {
        total >>= 1;
        idle >>= 1;
    }
    if (total == 0 || idle > total) {
        return 0;
    }
    return (uint32_t)(((total - idle) * 1000 + total / 2) / total);
}

static bool stop(struct ipbench_server *server, struct ipbench_session *session,
                 struct ipbench_answer *answer)
{
    if (!says(session, "STOP")) {
        return syntax_error(answer);
    }
    uint64_t total = 0;
    uint64_t idle = 0;
    bool valid = server->stop(&total, &idle) && total != 0;
    uint32_t permille = busy(total, idle);
    struct ipbench_answer data = {.size = 0};
    add_number(&data, permille / 10);
    add(&data, ".");
    add_number(&data, permille % 10);
    add_bytes(&data, "\n", 2); /* with its zero */

    add(answer, valid ? "220 VALID DATA" : "221 INVALID DATA");
    add(answer, " (Data to follow)\n");
    answer->first = answer->size;
    add(answer, "Content-length: ");
    add_number(answer, data.size);
    add(answer, "\n");
    add_bytes(answer, data.text, data.size);
    answer->close = true;
    return true;
}

/* --- What it may say at any time --- */

static bool status(const struct ipbench_server *server, struct ipbench_answer *answer)
{
    add(answer, "Target Daemon mode\n");
    add(answer, server->measuring != NULL ? "Running a test (1)\n" : "Not running a test\n");
    return say(answer, "200 OK\n");
}

static bool abort_measurement(struct ipbench_server *server, struct ipbench_session *session,
                              struct ipbench_answer *answer)
{
    if (server->measuring != session) {
        answer->abort = server->measuring;
    }
    answer->close = true;
    return true;
}

static bool line(struct ipbench_server *server, struct ipbench_session *session,
                 struct ipbench_answer *answer)
{
    if (++session->lines > IPBENCH_LINES_MAX) {
        return say_last(answer, "222 CLOSING CONTROL CONNECTION (too many lines)\n");
    }
    if (session->too_long) {
        return syntax_error(answer);
    }
    if (says(session, "HELP")) {
        return say(answer, "\nHELP HELLO LOAD SETUP START STOP ABORT STATUS QUIT\n200 OK\n");
    }
    if (says(session, "STATUS")) {
        return status(server, answer);
    }
    if (says(session, "QUIT")) {
        return say_last(answer, "222 CLOSING CONTROL CONNECTION (Come back soon!)\n");
    }
    if (says(session, "ABORT")) {
        return abort_measurement(server, session, answer);
    }
    switch (session->state) {
    case IPBENCH_LISTEN:
        return listen(server, session, answer);
    case IPBENCH_LOAD:
        return load(session, answer);
    case IPBENCH_SETUP:
        return setup(session, answer);
    case IPBENCH_READY:
        return start(server, session, answer);
    default:
        return stop(server, session, answer);
    }
}

/* --- Entry points --- */

static void begin(struct ipbench_answer *answer)
{
    answer->size = 0;
    answer->first = 0;
    answer->close = false;
    answer->abort = NULL;
}

void ipbench_open(struct ipbench_session *session, struct ipbench_answer *answer)
{
    session->state = IPBENCH_LISTEN;
    session->too_long = false;
    session->lines = 0;
    session->size = 0;
    begin(answer);
    add(answer, "100 IPBENCH V1.0\n");
}

bool ipbench_byte(struct ipbench_server *server, struct ipbench_session *session, char byte,
                  struct ipbench_answer *answer)
{
    if (byte != '\n') {
        if (session->size == IPBENCH_LINE_MAX) {
            session->too_long = true;
        } else {
            session->line[session->size++] = byte;
        }
        return false;
    }
    while (session->size > 0 && is_space(session->line[session->size - 1])) {
        session->size--;
    }
    begin(answer);
    bool answered = line(server, session, answer);
    session->size = 0;
    session->too_long = false;
    return answered;
}

void ipbench_close(struct ipbench_server *server, struct ipbench_session *session)
{
    if (server->measuring == session) {
        server->measuring = NULL;
    }
}
