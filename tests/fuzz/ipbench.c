/* SPDX-License-Identifier: BSD-2-Clause */
/* ipbench's control protocol (systems/ipbench/session.c): three connections that send anything,
 * words in their turn among it. Answers fit, one controller measures, stop follows start, and no
 * connection goes on without end. */
#include "../../systems/ipbench/session.h"
#include "harness.h"

#include <string.h>

enum { SESSIONS = 3 };

static struct ipbench_session sessions[SESSIONS];
static bool open[SESSIONS];
static bool started;
static uint64_t total, idle;

static bool start(void)
{
    started = input8() != 0;
    return started;
}

static bool stop(uint64_t *total_out, uint64_t *idle_out)
{
    must(started, "a stop without a start");
    started = false;
    *total_out = total = input64();
    *idle_out = idle = input64();
    return input8() != 0;
}

static struct ipbench_server server;

static void close_session(struct ipbench_session *session)
{
    started = started && server.measuring != session;
    ipbench_close(&server, session);
    must(server.measuring != session, "who has gone measures");
    open[session - sessions] = false;
}

static void check(struct ipbench_session *session, const struct ipbench_answer *answer)
{
    must(answer->size <= IPBENCH_ANSWER_MAX && answer->first <= answer->size, "an answer too long");
    must(answer->size != 0 || answer->close, "an answer of nothing");
    must(session->lines <= IPBENCH_LINES_MAX || answer->close, "lines without end");
    if (answer->abort != NULL) {
        must(answer->abort == server.measuring, "somebody else's connection is ended");
        close_session(answer->abort);
    }
    if (answer->close) {
        close_session(session);
    }
}

/* A word in its turn, or any bytes. */
static void say(struct ipbench_session *session)
{
    static const char *const right[] = {"HELLO\n", "LOAD cpu_target_lukem\n", "SETUP x\n",
                                        "START\n", "STOP\n"};
    static const char *const any[] = {"ABORT\n", "STATUS\n", "HELP\n", "QUIT\n"};
    char bytes[64];
    uint8_t choice = input8();
    const char *text = choice < 128 ? right[session->state] : any[choice % 4];
    size_t size = strlen(text);
    if (choice >= 192) {
        size = input_below(sizeof(bytes));
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (char)input8();
        }
        text = bytes;
    }
    struct ipbench_answer answer;
    for (size_t i = 0; i < size && open[session - sessions]; i++) {
        if (ipbench_byte(&server, session, text[i], &answer)) {
            check(session, &answer);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input = (struct fuzz_input){bytes, bytes + size};
    server = (struct ipbench_server){.start = start, .stop = stop};
    memset(open, 0, sizeof(open));
    started = false;
    while (!input_ended()) {
        uint32_t which = input_below(SESSIONS);
        if (!open[which]) {
            struct ipbench_answer answer;
            ipbench_open(&sessions[which], &answer);
            open[which] = true;
        }
        say(&sessions[which]);
        must(server.measuring == NULL || open[server.measuring - sessions], "nobody measures");
    }
    return 0;
}
