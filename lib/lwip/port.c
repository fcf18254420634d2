/* SPDX-License-Identifier: BSD-2-Clause */
/* lwIP over the client library (port.h). Runs in the client's PD; owns, for each buffer of the
 * client's, the pbuf that lies over it while lwIP has it. Trusts lwIP, and the copier with what it
 * has copied; nobody's packets. */
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/pbuf.h>
#include <lwip/port.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <mem/mem.h>
#include <netif/ethernet.h>

const char *const lwip_port_names[LWIP_PORT_COUNTERS] = {
    "received",     "sent",        "sent_in_place", "drop_no_buffer", "drop_too_long",
    "drop_tx_down", "drop_arp",    "drop_ip",       "drop_icmp",      "drop_udp",
    "drop_tcp",     "bad_returns", "activations",   "signals",
};

/* A received frame that lwIP has. */
struct received {
    struct pbuf_custom custom; /* first: lwIP hands its address back */
    bool sent;                 /* the transmit virtualiser has the buffer now */
};

static const struct net_client_config *config;
static struct stats_page *stats;
static struct net_client net;
static struct netif interface;
static struct received received[NET_BUFFERS_MAX]; /* by buffer */
static uint32_t ticks;

static struct net_desc buffer_of(const struct received *frame)
{
    return (struct net_desc){.address =
                                 net_buffer_offset(&net.buffers, (uint32_t)(frame - received))};
}

/* lwIP is done with a received frame. */
static void freed(struct pbuf *p)
{
    struct received *frame = (struct received *)(void *)p;
    struct net_desc buffer = buffer_of(frame);
    if (!frame->sent) {
        net_client_release(&net, &buffer);
    }
}

/* --- Transmit --- */

/* The received frame in which `p` may be sent where it lies: it has headers in one pbuf, which fill
 * exactly the room before a payload that is as it was received. NULL: none. */
static struct received *answer_in_place(const struct pbuf *p)
{
    const struct pbuf *payload = p->next;
    if (payload == NULL || payload->next != NULL || (payload->flags & PBUF_FLAG_IS_CUSTOM) == 0) {
        return NULL;
    }
    struct received *frame = (struct received *)(uintptr_t)payload;
    struct net_desc buffer = buffer_of(frame);
    return !frame->sent && net_client_data(&net, &buffer) + p->len == payload->payload ? frame
                                                                                       : NULL;
}

/* The interface's linkoutput: sends the frame in `p`, which stays lwIP's. */
static err_t transmit(struct netif *netif, struct pbuf *p)
{
    (void)netif;
    struct net_desc buffer;
    struct received *frame = answer_in_place(p);
    if (frame != NULL) {
        buffer = buffer_of(frame);
        memcpy(net_client_data(&net, &buffer), p->payload, p->len);
        frame->sent = true;
        stats_add(stats, LWIP_SENT_IN_PLACE, 1);
    } else {
        if (p->tot_len > config->buffer_size) {
            stats_add(stats, LWIP_DROP_TOO_LONG, 1);
            return ERR_BUF;
        }
        if (!net_client_buffer(&net, &buffer)) {
            stats_add(stats, LWIP_DROP_NO_BUFFER, 1);
            return ERR_MEM;
        }
        pbuf_copy_partial(p, net_client_data(&net, &buffer), p->tot_len, 0);
    }
    buffer.length = p->tot_len;
    net_client_send(&net, &buffer);
    stats_add(stats, LWIP_SENT, 1);
    return ERR_OK;
}

/* --- Receive --- */

/* The frame in a buffer of our own: where it lies, or as a copy. False: there is no buffer. */
static bool own(struct net_desc *frame)
{
    if (net_client_in_place(&net)) {
        return true;
    }
    struct net_desc copy;
    bool found = frame->length <= config->buffer_size && net_client_buffer(&net, &copy);
    if (found) {
        memcpy(net_client_data(&net, &copy), net_client_received(&net, frame), frame->length);
        copy.length = frame->length;
    }
    net_client_return(&net, frame);
    *frame = found ? copy : *frame;
    return found;
}

static void receive(struct net_desc *frame)
{
    if (!own(frame)) {
        stats_add(stats, LWIP_DROP_NO_BUFFER, 1);
        return;
    }
    uint32_t number;
    if (!net_buffer_at(&net.buffers, frame->address, &number)) {
        return; /* not of the library's */
    }
    struct received *it = &received[number];
    if (it->custom.pbuf.ref != 0) { /* sent from there, and lwIP has not let go of it yet */
        net_client_return(&net, frame);
        stats_add(stats, LWIP_DROP_NO_BUFFER, 1);
        return;
    }
    it->sent = false;
    it->custom.custom_free_function = freed;
    struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, frame->length, PBUF_REF, &it->custom,
                                         net_client_data(&net, frame), (u16_t)config->buffer_size);
    stats_add(stats, LWIP_RECEIVED, 1);
    if (interface.input(p, &interface) != ERR_OK) {
        pbuf_free(p);
    }
}

/* --- What the client calls --- */

static void show(void)
{
    stats_set(stats, LWIP_DROP_TX_DOWN, net.tx_down);
    stats_set(stats, LWIP_DROP_ARP, lwip_stats.etharp.drop);
    stats_set(stats, LWIP_DROP_IP, lwip_stats.ip.drop);
    stats_set(stats, LWIP_DROP_ICMP, lwip_stats.icmp.drop);
    stats_set(stats, LWIP_DROP_UDP, lwip_stats.udp.drop);
    stats_set(stats, LWIP_DROP_TCP, lwip_stats.tcp.drop);
    stats_set(stats, LWIP_BAD_RETURNS, net.bad_returns);
    stats_add(stats, LWIP_ACTIVATIONS, 1);
    stats_set(stats, LWIP_SIGNALS, net.signals.sent);
}

static void serve(void)
{
    struct net_desc frames[NET_BURST];
    uint32_t count;
    do {
        count = net_client_receive(&net, frames, NET_BURST);
        for (uint32_t i = 0; i < count; i++) {
            receive(&frames[i]);
        }
        net_client_push(&net);
    } while (!net_client_may_wait(&net));
}

static err_t interface_init(struct netif *netif)
{
    netif->name[0] = 's';
    netif->name[1] = 'd';
    netif->output = etharp_output;
    netif->linkoutput = transmit;
    netif->mtu = 1500;
    netif->hwaddr_len = sizeof(config->mac);
    memcpy(netif->hwaddr, config->mac, sizeof(config->mac));
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

const char *lwip_port_open(const struct net_client_config *client_config, struct stats_page *page)
{
    config = client_config;
    stats = page;
    const char *wrong = net_client_open(&net, config);
    if (wrong != NULL) {
        return wrong;
    }
    if (config->prefix_length < 1 || config->prefix_length > 32) {
        return "prefix_length: must be 1 to 32 bits";
    }
    ip4_addr_t address, mask, gateway;
    memcpy(&address, config->ip, sizeof(config->ip));
    memcpy(&gateway, config->gateway, sizeof(config->gateway));
    mask.addr = lwip_htonl((uint32_t)(UINT64_C(0xffffffff) << (32 - config->prefix_length)));

    lwip_init();
    if (netif_add(&interface, &address, &mask, &gateway, NULL, interface_init, ethernet_input) ==
        NULL) {
        return "lwIP refuses the interface";
    }
    netif_set_default(&interface);
    netif_set_up(&interface);
    return NULL;
}

void lwip_port_serve(void)
{
    net_client_begin(&net);
    serve();
    show();
}

void lwip_port_tick(void)
{
    net_client_begin(&net);
    ticks++;
    tcp_tmr();
    if (ticks % (ARP_TMR_INTERVAL / LWIP_PORT_TICK_MS) == 0) {
        etharp_tmr();
    }
}

void lwip_port_end(void)
{
    net_client_end(&net);
}
