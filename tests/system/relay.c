/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of two network devices, for tests: what it gets on one it sends on the other, to all,
 * from its own address there. Its library is that of a client of one, twice. */
#include <microkit.h>
#include <net/client.h>
#include <net/ethernet.h>
#include <sddf/stats.h>

enum { DEVICES = 2 };

enum counter { RELAYED, DROP_SHORT, DROP_NO_BUFFER, COUNTERS };

static const char *const names[COUNTERS] = {"relayed", "drop_short", "drop_no_buffer"};

static const struct net_client_config *configs[DEVICES];
static struct net_client nets[DEVICES];
static struct stats_page *stats;

static void relay(struct net_client *from, const struct net_desc *frame, struct net_client *to)
{
    struct net_desc copy;
    if (frame->length < NET_ETHERNET_HEADER_SIZE) {
        stats_add(stats, DROP_SHORT, 1);
    } else if (!net_client_buffer(to, &copy)) {
        stats_add(stats, DROP_NO_BUFFER, 1);
    } else {
        const uint8_t *in = net_client_received(from, frame);
        uint8_t *out = net_client_data(to, &copy);
        copy.length = frame->length;
        for (uint32_t i = 0; i < frame->length; i++) {
            out[i] = i < 6 ? 0xff : i < 12 ? to->config->mac[i - 6] : in[i];
        }
        net_client_send(to, &copy);
        stats_add(stats, RELAYED, 1);
    }
    net_client_return(from, frame);
}

static void serve(struct net_client *from, struct net_client *to)
{
    struct net_desc frames[NET_BURST];
    uint32_t count = net_client_receive(from, frames, NET_BURST);
    for (uint32_t i = 0; i < count; i++) {
        relay(from, &frames[i], to);
    }
}

void init(void)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        configs[i] = config_find(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*configs[i]), i);
        const char *wrong =
            configs[i] == NULL ? "two networks are needed" : net_client_open(&nets[i], configs[i]);
        if (wrong != NULL) {
            config_refuse(wrong);
        }
    }
    stats = (struct stats_page *)(uintptr_t)configs[0]->header.stats;
    stats_open(stats, configs[0]->header.instance, names, COUNTERS);
    notified(configs[0]->rx.channel);
}

void notified(microkit_channel channel)
{
    bool may_wait;
    (void)channel;
    net_client_begin(&nets[0]);
    net_client_begin(&nets[1]);
    do {
        serve(&nets[0], &nets[1]);
        serve(&nets[1], &nets[0]);
        net_client_push(&nets[0]);
        net_client_push(&nets[1]);
        may_wait = net_client_may_wait(&nets[0]);
        may_wait &= net_client_may_wait(&nets[1]);
    } while (!may_wait);
    net_client_end(&nets[0]);
    net_client_end(&nets[1]);
}
