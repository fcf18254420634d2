/* SPDX-License-Identifier: BSD-2-Clause */
/* The target's side of ipbench's control protocol, as ipbench's own daemon speaks it: lines of text
 * over TCP. No I/O: whoever has the connection hands over its bytes, one at a time, and sends the
 * answers.
 *
 *     target      controller
 *     100 IPBENCH V1.0                                          the greeting
 *                 HELLO                          200 OK (Ready to go)
 *                 LOAD cpu_target_lukem          200 OK
 *                 SETUP args::"..."              200 OK         what stands there is not looked at
 *                 START                                         no answer: it measures
 *                 STOP                           220 VALID DATA (Data to follow)
 *                                                Content-length: N
 *                                                N bytes: how busy the CPU was, in percent, as C
 * prints %.1f, and a zero
 *
 * and then it closes. At any time HELP, STATUS, QUIT, and ABORT, which ends the measurement of
 * whoever measures. One controller at a time: HELLO is refused (421) from there until the end of
 * its connection.
 *
 * Lines are hostile: one that is too long, too early or unknown is answered 500, and who sends more
 * than IPBENCH_LINES_MAX lines is sent away. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    IPBENCH_LINE_MAX = 256,   /* bytes, without its end */
    IPBENCH_LINES_MAX = 64,   /* of one connection; a measurement takes 7 */
    IPBENCH_ANSWER_MAX = 256, /* bytes */
};

enum ipbench_state { IPBENCH_LISTEN, IPBENCH_LOAD, IPBENCH_SETUP, IPBENCH_READY, IPBENCH_MEASURE };

struct ipbench_session {
    uint8_t state; /* enum ipbench_state */
    bool too_long; /* the line at hand */
    uint16_t lines;
    uint16_t size;
    char line[IPBENCH_LINE_MAX];
};

/* What the sessions of one target share. */
struct ipbench_server {
    struct ipbench_session *measuring;             /* who said HELLO; NULL: nobody */
    bool (*start)(void);                           /* false: cannot be measured now */
    bool (*stop)(uint64_t *total, uint64_t *idle); /* false: worth nothing */
};

struct ipbench_answer {
    char text[IPBENCH_ANSWER_MAX];
    uint16_t size;
    uint16_t first; /* bytes that go by themselves, since the controller reads them with one look */
    bool close;     /* and then the connection ends */
    struct ipbench_session *abort; /* and so does that of this session; NULL: of none */
};

/* A connection begins; the answer is the greeting. */
void ipbench_open(struct ipbench_session *session, struct ipbench_answer *answer);

/* A byte came. True if there is an answer. */
bool ipbench_byte(struct ipbench_server *server, struct ipbench_session *session, char byte,
                  struct ipbench_answer *answer);

/* A connection has ended, however. */
void ipbench_close(struct ipbench_server *server, struct ipbench_session *session);
