/* SPDX-License-Identifier: BSD-2-Clause */
/* ipbench's target for the CPU's use (session.h has its protocol), over lwIP's TCP, on port 8037. A
 * client of a network, of a timer, and of the benchmark component, which it calls when a
 * measurement starts and stops. Runs where the sources of lwIP were given to the build. Owns its
 * connections, few and of bounded size; trusts nobody's packets. */
#include <base/timer.h>
#include <lwip/port.h>
#include <lwip/tcp.h>
#include <microkit.h>
#include <sddf/benchmark.h>

#include "session.h"

enum {
    PORT = 8037, /* where ipbench looks for a target unless told otherwise */
    CONNECTIONS = 4,
    POLL_HALF_SECONDS = 4,
    SILENT_POLLS_MAX = 30,       /* a minute, but for who measures */
    KEEPALIVE_IDLE_MS = 60000,   /* then who measures is asked whether it lives; */
    KEEPALIVE_INTERVAL_MS = 5000 /* nine times without an answer: it does not */
};

enum { ACCEPTED = LWIP_PORT_COUNTERS, REFUSED, MEASURED, ABORTED, SILENT, COUNTERS };

static const char *counter_names[COUNTERS] = {
    [ACCEPTED] = "accepted", [REFUSED] = "refused", [MEASURED] = "measured",
    [ABORTED] = "aborted",   [SILENT] = "silent",
};

struct controller {
    struct ipbench_session session; /* first: the server knows controllers by it */
    struct tcp_pcb *pcb;            /* NULL: free */
    uint32_t silent_polls;
};

/* Set by the platform's tool: the channel to the benchmark component. */
__attribute__((used)) volatile uint64_t benchmark_channel = UINT64_MAX;

static struct controller controllers[CONNECTIONS];
static struct stats_page *stats;
static const struct timer_client_config *timer;

/* --- What is measured --- */

static bool start(void)
{
    microkit_msginfo reply = microkit_ppcall((microkit_channel)benchmark_channel,
                                             microkit_msginfo_new(BENCHMARK_START, 0));
    return microkit_msginfo_get_label(reply) == BENCHMARK_OK;
}

static bool stop(uint64_t *total, uint64_t *idle)
{
    microkit_msginfo reply = microkit_ppcall((microkit_channel)benchmark_channel,
                                             microkit_msginfo_new(BENCHMARK_STOP, 0));
    stats_add(stats, MEASURED, 1);
    if (microkit_msginfo_get_label(reply) != BENCHMARK_OK ||
        microkit_msginfo_get_count(reply) != 2) {
        return false;
    }
    *total = microkit_mr_get(0);
    *idle = microkit_mr_get(1);
    return true;
}

static struct ipbench_server server = {.start = start, .stop = stop};

/* --- Connections --- */

/* lwIP has forgotten the connection, or is about to. */
static void forget(struct controller *controller)
{
    ipbench_close(&server, &controller->session);
    controller->pcb = NULL;
}

static struct tcp_pcb *detach(struct controller *controller)
{
    struct tcp_pcb *pcb = controller->pcb;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    forget(controller);
    return pcb;
}

static err_t end_now(struct controller *controller)
{
    stats_add(stats, ABORTED, 1);
    tcp_abort(detach(controller));
    return ERR_ABRT;
}

/* Ends a connection after what was written has been sent. */
static err_t end(struct controller *controller)
{
    struct tcp_pcb *pcb = detach(controller);
    if (tcp_close(pcb) == ERR_OK) {
        return ERR_OK;
    }
    tcp_abort(pcb);
    return ERR_ABRT;
}

static bool write(struct tcp_pcb *pcb, const char *text, uint16_t size)
{
    return size == 0 ||
           (tcp_write(pcb, text, size, TCP_WRITE_FLAG_COPY) == ERR_OK && tcp_output(pcb) == ERR_OK);
}

/* Sends an answer. ERR_ABRT if the connection was ended there and then, as lwIP must be told. */
static err_t send(struct controller *controller, const struct ipbench_answer *answer)
{
    if (answer->abort != NULL) {
        (void)end_now((struct controller *)(void *)answer->abort);
    }
    if (!write(controller->pcb, answer->text, answer->first) ||
        !write(controller->pcb, answer->text + answer->first,
               (uint16_t)(answer->size - answer->first))) {
        return end_now(controller); /* it does not read */
    }
    return answer->close ? end(controller) : ERR_OK;
}

static err_t take(struct controller *controller, const struct pbuf *p)
{
    struct ipbench_answer answer;
    for (; p != NULL; p = p->next) {
        const char *bytes = p->payload;
        for (uint32_t i = 0; i < p->len; i++) {
            if (!ipbench_byte(&server, &controller->session, bytes[i], &answer)) {
                continue;
            }
            err_t result = send(controller, &answer);
            if (result != ERR_OK || controller->pcb == NULL) {
                return result; /* what else it sent is left */
            }
        }
    }
    return ERR_OK;
}

/* --- lwIP's callbacks --- */

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct controller *controller = argument;
    if (p == NULL) {
        return end(controller);
    }
    if (error != ERR_OK) {
        pbuf_free(p);
        return end_now(controller);
    }
    tcp_recved(pcb, p->tot_len);
    controller->silent_polls = 0;
    err_t result = take(controller, p);
    pbuf_free(p);
    return result;
}

static void failed(void *argument, err_t error)
{
    (void)error;
    forget(argument);
}

static err_t polled(void *argument, struct tcp_pcb *pcb)
{
    (void)pcb;
    struct controller *controller = argument;
    if (server.measuring == &controller->session ||
        ++controller->silent_polls <= SILENT_POLLS_MAX) {
        return ERR_OK;
    }
    stats_add(stats, SILENT, 1);
    return end_now(controller);
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error)
{
    (void)argument;
    struct controller *controller = controllers;
    while (controller < controllers + CONNECTIONS && controller->pcb != NULL) {
        controller++;
    }
    if (pcb == NULL || error != ERR_OK || controller == controllers + CONNECTIONS) {
        stats_add(stats, REFUSED, 1);
        return ERR_MEM; /* lwIP ends it */
    }
    stats_add(stats, ACCEPTED, 1);
    controller->pcb = pcb;
    controller->silent_polls = 0;
    pcb->so_options |= SOF_KEEPALIVE;
    pcb->keep_idle = KEEPALIVE_IDLE_MS;
    pcb->keep_intvl = KEEPALIVE_INTERVAL_MS;
    tcp_nagle_disable(pcb);
    tcp_arg(pcb, controller);
    tcp_recv(pcb, received);
    tcp_err(pcb, failed);
    tcp_poll(pcb, polled, POLL_HALF_SECONDS);
    struct ipbench_answer answer;
    ipbench_open(&controller->session, &answer);
    return send(controller, &answer);
}

/* --- Entry points --- */

static const char *listen(void)
{
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL || tcp_bind(pcb, IP4_ADDR_ANY, PORT) != ERR_OK) {
        return "lwIP has no room for a TCP port";
    }
    pcb = tcp_listen(pcb);
    if (pcb == NULL) {
        return "lwIP has no room for a listening port";
    }
    tcp_accept(pcb, accepted);
    return NULL;
}

void init(void)
{
    const struct net_client_config *config =
        config_get(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*config));
    timer = config_get(CONFIG_TIMER_CLIENT, TIMER_CONFIG_VERSION, sizeof(*timer));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    for (uint32_t counter = 0; counter < LWIP_PORT_COUNTERS; counter++) {
        counter_names[counter] = lwip_port_names[counter];
    }
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (benchmark_channel > MICROKIT_MAX_CHANNEL_ID) {
        config_refuse("no channel to the benchmark component (symbol benchmark_channel)");
    }
    uint64_t now;
    if (!timer_call(timer->channel, TIMER_SET_PERIODIC, 1, LWIP_PORT_TICK_MS * UINT64_C(1000000),
                    &now)) {
        config_refuse("the timer refuses the period of lwIP's tick");
    }
    const char *wrong = lwip_port_open(config, stats);
    if (wrong == NULL) {
        wrong = listen();
    }
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    lwip_port_serve();
    lwip_port_end();
}

void notified(microkit_channel channel)
{
    if (channel == timer->channel) {
        lwip_port_tick();
    }
    lwip_port_serve();
    lwip_port_end();
}
