/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client over lwIP instead of our own stack, for comparison: answers ARP, ping, and UDP to
 * port 1235 with what it got. Takes the place of echo.c in any description (image: echo_lwip) where
 * the sources of lwIP were given to the build. Trusts nobody's packets. */
#include <lwip/port.h>
#include <lwip/udp.h>
#include <microkit.h>
#include <sddf/log.h>

enum { ECHO_PORT = 1235 };

enum { ECHOED = LWIP_PORT_COUNTERS, DROP_PORT, DROP_GROUP, DROP_NOT_SENT, COUNTERS };

static const char *counter_names[COUNTERS] = {
    [ECHOED] = "udp_echoed",
    [DROP_PORT] = "drop_port",
    [DROP_GROUP] = "drop_group",
    [DROP_NOT_SENT] = "drop_not_sent",
};

static struct stats_page *stats;

/* A datagram from an echo port is not answered, as in echo.c; nor is one to a group. */
static void answer(struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *source, uint16_t port)
{
    if (port == ECHO_PORT || port == 7 || port == 0) {
        stats_add(stats, DROP_PORT, 1);
    } else if (!ip4_addr_cmp(ip4_current_dest_addr(), netif_ip4_addr(ip_current_input_netif()))) {
        stats_add(stats, DROP_GROUP, 1);
    } else if (udp_sendto(pcb, p, source, port) != ERR_OK) {
        stats_add(stats, DROP_NOT_SENT, 1);
    } else {
        stats_add(stats, ECHOED, 1);
    }
}

/* lwIP's callback for a datagram to our port. */
static void received(void *argument, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *source,
                     uint16_t port)
{
    (void)argument;
    answer(pcb, p, source, port);
    pbuf_free(p);
}

void init(void)
{
    const struct net_client_config *config =
        config_get(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    for (uint32_t counter = 0; counter < LWIP_PORT_COUNTERS; counter++) {
        counter_names[counter] = lwip_port_names[counter];
    }
    stats_open(stats, config->header.instance, counter_names, COUNTERS);

    const char *wrong = lwip_port_open(config, stats);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    struct udp_pcb *pcb = udp_new();
    if (pcb == NULL || udp_bind(pcb, IP4_ADDR_ANY, ECHO_PORT) != ERR_OK) {
        config_refuse("lwIP has no room for a UDP port");
    }
    udp_recv(pcb, received, NULL);
    lwip_port_serve();
    lwip_port_end();
}

void notified(microkit_channel channel)
{
    (void)channel;
    lwip_port_serve();
    lwip_port_end();
}
