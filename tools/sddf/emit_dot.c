/* SPDX-License-Identifier: BSD-2-Clause */
/* The model as a picture, left to right: device, driver, virtualisers, copiers, clients. An edge is
 * a connection, drawn in the direction that its data takes; a box lists the data that its component
 * maps, and how. Run by the host tool. */
#include "tools/sddf/emit.h"

#include "tools/sddf/emit_dot.h"
#include "tools/sddf/network.h"
#include "tools/sddf/serial.h"
#include "tools/sddf/timer.h"

#include <inttypes.h>
#include <string.h>

#define RECEIVE  "#1f5fa8"
#define TRANSMIT "#b8541a"

static const char *const FILLS[] = {
    [ROLE_MONITOR] = TRUSTED, [ROLE_DRIVER] = HARDWARE,   [ROLE_VIRTUALISER] = TRUSTED,
    [ROLE_COPIER] = TRUSTED,  [ROLE_COMPONENT] = HOSTILE,
};

/* Memory as a box shows it. */
struct memory {
    const struct model_region *region; /* whose mapping tells the permissions; NULL: not shown */
    const char *name;
    const char *colour;
};

/* The board's words may hold anything. */
static void emit_escaped(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool safe = *c > ' ' && *c <= '~' && strchr("<>&\"\\", *c) == NULL;
        if (safe)
            fputc(*c, out);
        else
            fprintf(out, "&#%u;", (unsigned)(unsigned char)*c);
    }
}

static const struct model_map *find_map(const struct model_pd *pd, const struct memory *memory)
{
    for (size_t i = 0; i < pd->map_count; i++) {
        if (pd->maps[i].region == memory->region)
            return &pd->maps[i];
    }
    return NULL;
}

static void emit_memory(FILE *out, const struct memory *memory, const struct model_map *map,
                        bool alone)
{
    if (map != NULL)
        fprintf(out, "<td bgcolor=\"%s\" border=\"1\"%s><font point-size=\"8\">%s: %s</font></td>",
                memory->colour, alone ? " colspan=\"2\"" : "", memory->name,
                map->write ? "rw" : "r");
}

/* What of a protection domain's scheduling is not usual. */
static void emit_sched(FILE *out, const struct model_sched *sched)
{
    bool limited = sched->period_us != 0 && sched->budget_us != sched->period_us;
    if (!limited && !sched->passive && sched->cpu == 0)
        return;
    fputs("<tr><td colspan=\"2\"><font point-size=\"9\">", out);
    if (limited)
        fprintf(out, "%" PRIu64 " of %" PRIu64 " us", sched->budget_us, sched->period_us);
    if (sched->passive)
        fprintf(out, "%spassive", limited ? ", " : "");
    if (sched->cpu != 0)
        fprintf(out, "%score %u", limited || sched->passive ? ", " : "", sched->cpu);
    fputs("</font></td></tr>", out);
}

/* A box, from emit_box() to end_box(): title, image and priority, then rows. */
static void emit_box(FILE *out, const struct model_pd *pd, const char *title)
{
    fprintf(out,
            "        \"%s\" [fillcolor=\"%s\", label=<<table border=\"0\" cellspacing=\"2\" "
            "cellpadding=\"1\" color=\"#999999\"><tr><td colspan=\"2\"><b>%s</b></td></tr>"
            "<tr><td colspan=\"2\"><font point-size=\"9\">%s, priority %u</font></td></tr>",
            pd->name, FILLS[pd->role], title, pd->image, pd->sched.priority);
    emit_sched(out, &pd->sched);
}

static void end_box(FILE *out)
{
    fputs("</table>>];\n", out);
}

/* A row of what it maps of `first` and `second`. */
static void emit_memories(FILE *out, const struct model_pd *pd, struct memory first,
                          struct memory second)
{
    const struct model_map *one = find_map(pd, &first);
    const struct model_map *two = find_map(pd, &second);
    if (one == NULL && two == NULL)
        return;
    fputs("<tr>", out);
    emit_memory(out, &first, one, two == NULL);
    emit_memory(out, &second, two, one == NULL);
    fputs("</tr>", out);
}

static void emit_pd(FILE *out, const struct model_pd *pd, const char *title, struct memory first,
                    struct memory second)
{
    emit_box(out, pd, title);
    emit_memories(out, pd, first, second);
    end_box(out);
}

/* `columns`: how far apart the ends stand. */
static void emit_edge(FILE *out, const struct model_connection *connection, bool receive,
                      const char *label, unsigned columns)
{
    const struct model_channel *channel = connection->channel;
    const char *colour = receive ? RECEIVE : TRANSMIT;
    fprintf(
        out,
        "    \"%s\":e -> \"%s\":w [color=\"%s\", fontcolor=\"%s\", label=\"%s\", minlen=%u%s];\n",
        channel->pd[0]->name, channel->pd[1]->name, colour, colour, label, columns,
        receive ? "" : ", dir=back");
}

/* What a client's box says of one of its networks. */
static void emit_client_rows(FILE *out, const struct network *network,
                             const struct network_client *client)
{
    const uint8_t *ip = client->ip.address;
    fputs("<tr><td colspan=\"2\"><font point-size=\"9\">", out);
    if (client->component->network_count > 1)
        fprintf(out, "%s: ", network->name);
    if (client->ip.prefix_length == 0)
        fputs("no address", out);
    else
        fprintf(out, "%u.%u.%u.%u/%u", ip[0], ip[1], ip[2], ip[3], client->ip.prefix_length);
    fprintf(out, "%s</font></td></tr>", client->copy ? "" : ", zero copy");
    emit_memories(out, client->pd, (struct memory){network->rx_data, "rx data", DEVICE},
                  (struct memory){client->data, "data", HOSTILE});
}

/* A component, where it is a client first. */
static void emit_component(FILE *out, const struct model *model,
                           const struct model_component *component, const struct yaml_node *where)
{
    if (component->client != where)
        return;
    emit_box(out, component->pd, component->name);
    for (size_t i = 0; i < model->network_count; i++) {
        const struct network *network = &model->networks[i];
        for (size_t c = 0; c < network->client_count; c++) {
            if (network->clients[c].component == component)
                emit_client_rows(out, network, &network->clients[c]);
        }
    }
    end_box(out);
}

static void emit_client(FILE *out, const struct model *model, const struct network *network,
                        const struct network_client *client)
{
    fprintf(out, "    subgraph \"cluster_%s\" {\n        label=\"\"; margin=4;\n",
            client->component->name);
    if (client->copy)
        emit_pd(out, client->copier, "copier", (struct memory){network->rx_data, "rx data", DEVICE},
                (struct memory){client->data, "data", HOSTILE});
    emit_component(out, model, client->component, client->node);
    fputs("    }\n", out);
}

static void emit_virtualisers(FILE *out, const struct network *network)
{
    struct memory rx_data = {network->rx_data, "rx data", DEVICE};
    struct memory data = {network->clients[0].data, "clients' data", HOSTILE};
    struct memory none = {0};
    if (network->virtualisers == VIRTUALISERS_ONE) {
        emit_pd(out, network->virt_rx_pd, "both virtualisers", rx_data, data);
        return;
    }
    emit_pd(out, network->virt_tx_pd, "transmit virtualiser", data, none);
    emit_pd(out, network->virt_rx_pd, "receive virtualiser", rx_data, none);
}

/* Begins the frame around a device and what serves it. */
static void emit_device_box(FILE *out, const char *name, const struct board_device *device)
{
    fprintf(out,
            "    subgraph \"cluster_%s\" {\n        labelloc=t; labeljust=l; label=\"%s\";\n"
            "        \"device_%s\" [shape=box3d, style=filled, fillcolor=\"" DEVICE
            "\", label=<<b>device</b><br/><font point-size=\"9\">",
            name, name, name);
    emit_escaped(out, device->compatible);
    fputs("</font>>];\n", out);
}

static void emit_device(FILE *out, const struct network *network)
{
    emit_device_box(out, network->name, network->device);
    emit_pd(out, network->driver_pd, "driver",
            (struct memory){network->registers, "registers", DEVICE},
            (struct memory){network->rings, "rings", DEVICE});
    emit_virtualisers(out, network);
    fputs("    }\n", out);
    fprintf(out, "    \"device_%s\" -> \"%s\" [dir=both];\n", network->name,
            network->driver_pd->name);
    emit_edge(out, network->tx, false, network->tx->channel->call ? "tx, by call" : "tx", 1);
    emit_edge(out, network->rx, true, "rx", 1);
}

static void emit_network(FILE *out, const struct model *model, const struct network *network)
{
    emit_device(out, network);
    for (size_t i = 0; i < network->client_count; i++)
        emit_client(out, model, network, &network->clients[i]);
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        emit_edge(out, client->rx, true, "", client->copy ? 1 : 2);
        if (client->copies != NULL)
            emit_edge(out, client->copies, true, "", 1);
        emit_edge(out, client->tx, false, "", 2);
    }
}

/* Its text lies in the queues: there is no data region. */
static void emit_serial(FILE *out, const struct model *model, const struct serial *serial)
{
    static const struct memory NONE = {0};
    emit_device_box(out, serial->name, serial->device);
    emit_pd(out, serial->driver_pd, "driver",
            (struct memory){serial->registers, "registers", DEVICE},
            (struct memory){serial->rings, "rings", DEVICE});
    emit_pd(out, serial->virt_tx_pd, "transmit virtualiser", NONE, NONE);
    emit_pd(out, serial->virt_rx_pd, "receive virtualiser", NONE, NONE);
    fputs("    }\n", out);
    fprintf(out, "    \"device_%s\" -> \"%s\" [dir=both];\n", serial->name,
            serial->driver_pd->name);
    emit_edge(out, serial->tx, false, "tx", 1);
    emit_edge(out, serial->rx, true, "rx", 1);
    fprintf(out, "    \"%s\" -> \"%s\" [color=\"" TRANSMIT "\", constraint=false];\n",
            serial->virt_rx_pd->name, serial->virt_tx_pd->name);
    for (size_t i = 0; i < serial->client_count; i++) {
        const struct serial_user *client = &serial->clients[i];
        emit_component(out, model, client->component, client->node);
        emit_edge(out, client->rx, true, "", 1);
        emit_edge(out, client->tx, false, "", 1);
    }
}

/* Its calls; data there is none. */
static void emit_timer(FILE *out, const struct model *model, const struct timer *timer)
{
    emit_pd(out, timer->driver_pd, timer->driver_pd->name,
            (struct memory){timer->registers, "registers", DEVICE}, (struct memory){0});
    for (size_t i = 0; i < timer->client_count; i++) {
        const struct timer_client *client = &timer->clients[i];
        if (client->component != NULL)
            emit_component(out, model, client->component, client->node);
        fprintf(out, "    \"%s\" -> \"%s\" [style=dashed, constraint=false];\n", client->pd->name,
                timer->driver_pd->name);
    }
}

/* Its children are all others: an arrow to each would hide the rest. */
static void emit_monitor(FILE *out, const struct model *model)
{
    const struct model_monitor *monitor = &model->monitor;
    if (monitor->node == NULL)
        return;
    emit_box(out, monitor->pd, monitor->pd->name);
    fprintf(
        out,
        "<tr><td colspan=\"2\"><font point-size=\"9\">parent of all %zu others</font></td></tr>",
        model->pd_count - 1);
    end_box(out);
    if (monitor->serial != NULL)
        emit_edge(out, monitor->serial->monitor, false, "", 1);
}

static void emit_legend(FILE *out, const struct model *model)
{
    static const struct {
        const char *colour, *text;
    } ENTRIES[] = {
        {DEVICE, "the device, memory that it writes"},
        {HARDWARE, "trusted with its device"},
        {TRUSTED, "trusted"},
        {HOSTILE, "not trusted, memory that it writes"},
        {SEVERAL, "memory that several write"},
    };
    size_t count = sizeof(ENTRIES) / sizeof(ENTRIES[0]) - (model->shared_count == 0);
    /* Room around the words: whoever shows the picture may have wider letters than who drew it. */
    fputs("    label=<<table border=\"0\" cellspacing=\"8\" cellpadding=\"3\"><tr>", out);
    fprintf(out, "<td><b>%s</b>&#160;on ", model->name);
    emit_escaped(out, model->board->name);
    fputs("</td><td width=\"16\"></td>", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<td bgcolor=\"%s\" cellpadding=\"5\">%s</td>", ENTRIES[i].colour,
                ENTRIES[i].text);
    fputs("</tr></table>>;\n", out);
}

void emit_dot(FILE *out, const struct model *model)
{
    fprintf(out,
            "// Written by \"sddf gen\" from the description of the system %s; change that.\n"
            "digraph \"%s\" {\n"
            "    rankdir=LR; nodesep=0.15; ranksep=%.1f; bgcolor=white; labelloc=b;\n"
            "    fontname=\"Helvetica\"; fontsize=10; color=\"#cccccc\"; fontcolor=\"#555555\";\n"
            "    node [shape=box, style=\"filled,rounded\", color=\"#666666\", margin=\"0.08,0.03\""
            ", fontname=\"Helvetica\", fontsize=11];\n"
            "    edge [color=\"#666666\", fontname=\"Helvetica\", fontsize=10, arrowsize=0.7];\n",
            model->name, model->name, 0.6 + 0.05 * (double)model->component_count);
    emit_legend(out, model);
    for (size_t i = 0; i < model->network_count; i++)
        emit_network(out, model, &model->networks[i]);
    for (size_t i = 0; i < model->timer_count; i++)
        emit_timer(out, model, &model->timers[i]);
    for (size_t i = 0; i < model->serial_count; i++)
        emit_serial(out, model, &model->serials[i]);
    emit_monitor(out, model);
    for (size_t i = 0; i < model->pd_count; i++) { /* those that no class drew */
        const struct model_pd *pd = &model->pds[i];
        if (pd->config == NULL)
            emit_pd(out, pd, pd->name, (struct memory){0}, (struct memory){0});
    }
    emit_dot_shared(out, model);
    fputs("}\n", out);
}
