/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of fields.h: every key of a system's file, with its type, bounds, default and meaning.
 * docs/describe.md says the same for people; tests/describe holds the two together. */
#include "tools/sddf/model.h"
#include "tools/sddf/monitor.h"
#include "tools/sddf/network.h"
#include "tools/sddf/serial.h"
#include "tools/sddf/timer.h"

enum {
    PRIORITY_MAX = 254, /* Microkit keeps 255 for itself */
    CPU_MAX = 63,
    STACK_MAX = 16 << 20, /* bytes */
    BUDGET_MIN = 10,      /* microseconds */
    PERIOD_MAX = 60 * 1000 * 1000,
    BUFFER_SIZE_MAX = 16384,
    REGION_MAX = 1 << 30,
    RATE_MIN_BITS = 8000,
};

static const uint64_t PHYS_MAX = (UINT64_C(1) << 48) - 1;

/* NOLINTBEGIN(bugprone-macro-parentheses): a member's name cannot stand in parentheses */
#define AT(type, member) .offset = offsetof(struct type, member)

/* The keys of a protection domain's scheduling, which stand in `type` in a struct model_sched
 * called `member`. */
#define SCHED_FIELDS(type, member, default_priority)                                    \
    {"priority",                                                                        \
     FIELD_INTEGER,                                                                     \
     AT(type, member.priority),                                                         \
     .max = PRIORITY_MAX,                                                               \
     .fallback = default_priority,                                                      \
     .doc = "Priority; higher runs first."},                                            \
        {"budget",                                                                      \
         FIELD_DURATION,                                                                \
         AT(type, member.budget_us),                                                    \
         .min = BUDGET_MIN,                                                             \
         .max = PERIOD_MAX,                                                             \
         .fallback = "1ms",                                                             \
         .doc = "Time that it may run in each period."},                                \
        {"period",                                                                      \
         FIELD_DURATION,                                                                \
         AT(type, member.period_us),                                                    \
         .min = BUDGET_MIN,                                                             \
         .max = PERIOD_MAX,                                                             \
         .fallback = "the budget",                                                      \
         .doc = "How often the budget is filled up; as long as the budget: no limit."}, \
        {"cpu",          FIELD_INTEGER,   AT(type, member.cpu),                         \
         .max = CPU_MAX, .fallback = "0", .doc = "Core that it runs on."},              \
    {                                                                                   \
        "stack_size", FIELD_SIZE, AT(type, member.stack_size),                          \
            .min = PAGE_4K, .max = STACK_MAX, .multiple = PAGE_4K, .fallback = "8KiB",  \
            .doc = "Size of its stack."                                                 \
    }

#define RESTARTS_FIELD(type, member)                                                    \
    {                                                                                   \
        "restarts", FIELD_INTEGER, AT(type, member.restarts),                           \
            .max = MONITOR_RESTARTS_MAX, .fallback = "0",                               \
            .doc = "How often the monitor starts it anew after a fault; then it stays " \
                   "stopped."                                                           \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

struct sched_only {
    struct model_sched sched;
};

static const char *const DRIVER_MODELS[] = {"active", "passive", NULL};

#define DRIVER_MODEL_FIELD                                                           \
    {                                                                                \
        "model", FIELD_CHOICE, AT(sched_only, sched.model),                          \
            .choices = DRIVER_MODELS, .fallback = "active, a timer's passive",       \
            .doc = "Active, on time of its own, or passive, called on its caller's." \
    }

static const struct field DRIVER_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "110"),
                                             DRIVER_MODEL_FIELD,
                                             RESTARTS_FIELD(sched_only, sched),
                                             {0}};
static const struct field VIRT_RX_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "104"), {0}};
static const struct field VIRT_TX_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "105"), {0}};
static const struct field VIRT_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "105"), {0}};
static const struct field COPIER_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "100"), {0}};

const struct field COMPONENT_FIELDS[] = {
    {"image", FIELD_IMAGE, .required = true, AT(model_component, image_name),
     .doc = "Its program: IMAGE.elf is looked up where images are."},
    SCHED_FIELDS(model_component, sched, "97"),
    {"fpu", FIELD_FLAG, AT(model_component, fpu), .fallback = "true",
     .doc = "It uses floating-point registers; without them seL4 switches faster."},
    {"passive", FIELD_FLAG, AT(model_component, sched.passive), .fallback = "false",
     .doc = "After its start it runs on its caller's time only."},
    RESTARTS_FIELD(model_component, sched),
    {0},
};

const struct field CLIENT_FIELDS[] = {
    {"mac", FIELD_MAC, .required = true, AT(network_client, mac),
     .doc = "Its MAC address: frames to it are its own, and it can send from no other."},
    {"ip", FIELD_NETWORK, AT(network_client, ip), .fallback = "none",
     .doc = "Its IPv4 address and the length of the network part."},
    {"gateway", FIELD_IP, AT(network_client, gateway), .fallback = "none",
     .doc = "Where packets to other networks go."},
    {"copy", FIELD_FLAG, AT(network_client, copy), .fallback = "true",
     .doc =
         "A copier gives it receive buffers of its own; without one it can read what all clients "
         "of the device receive."},
    {"broadcast", FIELD_FLAG, AT(network_client, broadcast), .fallback = "true",
     .doc = "It gets broadcast frames."},
    {"multicast", FIELD_FLAG, AT(network_client, multicast), .fallback = "false",
     .doc = "It gets all multicast frames."},
    {"promiscuous", FIELD_FLAG, AT(network_client, promiscuous), .fallback = "false",
     .doc = "It gets every frame of the device."},
    {"rx_buffers", FIELD_INTEGER, AT(network_client, rx_buffers), .min = 1,
     .max = NET_BUFFERS_MAX - 1, .fallback = "256",
     .doc = "Receive buffers of its own; only with a copier."},
    {"tx_buffers", FIELD_INTEGER, AT(network_client, tx_buffers), .min = 1, .max = NET_BUFFERS_MAX,
     .fallback = "256", .doc = "Buffers to send from: what it can have in flight at once."},
    {"rx_queue", FIELD_INTEGER, AT(network_client, rx_queue), .min = 1, .max = QUEUE_CAPACITY_MAX,
     .doc = "Entries of the queues that bring received frames; a power of two that holds all "
            "buffers, the least by itself."},
    {"tx_queue", FIELD_INTEGER, AT(network_client, tx_queue), .min = 1, .max = QUEUE_CAPACITY_MAX,
     .doc = "Entries of the queues that take frames to send; likewise."},
    {"per_round", FIELD_INTEGER, AT(network_client, per_round), .min = 1, .max = NET_BUFFERS_MAX,
     .fallback = "64", .doc = "Frames that it may send before the next client's turn."},
    {"rate", FIELD_RATE, AT(network_client, rate_bits), .min = RATE_MIN_BITS,
     .max = (uint64_t)NET_RATE_MAX * 8, .fallback = "no limit",
     .doc = "How much it may send over time; needs a timer."},
    {"burst", FIELD_SIZE, AT(network_client, burst), .min = 1, .max = NET_BURST_BYTES_MAX,
     .fallback = "what it earns in 20 ms, and two frames at least",
     .doc = "How much of its rate it may send at once."},
    {0},
};

static const char *const VIRTUALISERS[] = {"two", "one", NULL};

const struct field NETWORK_FIELDS[] = {
    {"device", FIELD_WORD, AT(network, device_name), .fallback = "the entry's own name",
     .doc = "The device's name on the board."},
    {"driver", FIELD_MAP, AT(network, driver_sched), .fields = DRIVER_FIELDS,
     .doc = "The driver's protection domain."},
    {"virt_rx", FIELD_MAP, AT(network, virt_rx_sched), .fields = VIRT_RX_FIELDS,
     .doc = "The receive virtualiser's."},
    {"virt_tx", FIELD_MAP, AT(network, virt_tx_sched), .fields = VIRT_TX_FIELDS,
     .doc = "The transmit virtualiser's."},
    {"virt", FIELD_MAP, AT(network, virt_sched), .fields = VIRT_FIELDS,
     .doc = "That of both virtualisers, where they share one."},
    {"copier", FIELD_MAP, AT(network, copier_sched), .fields = COPIER_FIELDS,
     .doc = "That of each client's copier."},
    {"virtualisers", FIELD_CHOICE, AT(network, virtualisers), .choices = VIRTUALISERS,
     .fallback = "two", .doc = "Protection domains for the virtualisers: two, or one for both."},
    {"rx_buffers", FIELD_INTEGER, AT(network, rx_buffers),
     .min = NETWORK_DEVICE_HOLDS + NETWORK_HELD_MIN, .max = NET_BUFFERS_MAX, .fallback = "512",
     .doc = "Receive buffers of the device: 64, and 16 for each client, at least."},
    {"buffer_size", FIELD_SIZE, AT(network, buffer_bytes), .min = NET_BUFFER_SIZE,
     .max = BUFFER_SIZE_MAX, .fallback = "2KiB",
     .doc = "Size of a buffer, a power of two: the largest frame, 14 bytes more than the MTU."},
    {"clients", FIELD_NAMED, .required = true, .fields = CLIENT_FIELDS,
     .doc = "The components that share the device, at most 56."},
    {0},
};

static const struct field TIMER_DRIVER_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "150"),
                                                   DRIVER_MODEL_FIELD,
                                                   RESTARTS_FIELD(sched_only, sched),
                                                   {0}};

const struct field TIMER_FIELDS[] = {
    {"driver", FIELD_MAP, AT(timer, driver_sched), .fields = TIMER_DRIVER_FIELDS,
     .doc = "The driver's protection domain."},
    {"clients", FIELD_NAMES, .fallback = "none",
     .doc = "The components that ask it for the time and for wake-ups; virtualisers that limit "
            "rates do so by themselves."},
    {0},
};

static const struct field SERIAL_DRIVER_FIELDS[] = {
    SCHED_FIELDS(sched_only, sched, "103"), RESTARTS_FIELD(sched_only, sched), {0}};
static const struct field SERIAL_VIRT_TX_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "102"), {0}};
static const struct field SERIAL_VIRT_RX_FIELDS[] = {SCHED_FIELDS(sched_only, sched, "101"), {0}};

static const char *const COLOURS[] = {"plain", "red",     "green", "yellow",
                                      "blue",  "magenta", "cyan",  NULL};

const struct field SERIAL_CLIENT_FIELDS[] = {
    {"colour", FIELD_CHOICE, AT(serial_user, colour), .choices = COLOURS,
     .fallback = "red for the first, green for the second ...",
     .doc = "What its name is written in, before each of its lines."},
    {0},
};

const char *const SERIAL_ESCAPES[] = {"^]", "^^", "^_", "^A", "^B", "^T", NULL};

const struct field SERIAL_FIELDS[] = {
    {"driver", FIELD_MAP, AT(serial, driver_sched), .fields = SERIAL_DRIVER_FIELDS,
     .doc = "The driver's protection domain."},
    {"virt_rx", FIELD_MAP, AT(serial, virt_rx_sched), .fields = SERIAL_VIRT_RX_FIELDS,
     .doc = "The receive virtualiser's."},
    {"virt_tx", FIELD_MAP, AT(serial, virt_tx_sched), .fields = SERIAL_VIRT_TX_FIELDS,
     .doc = "The transmit virtualiser's."},
    {"escape", FIELD_CHOICE, AT(serial, escape), .choices = SERIAL_ESCAPES, .fallback = "^]",
     .doc =
         "The key, with Ctrl, that begins a command: then 0 to 9 or n gives the input to another "
         "client, ? lists them."},
    {"clients", FIELD_NAMED, .required = true, .fields = SERIAL_CLIENT_FIELDS,
     .doc = "The components that share the device, at most 55."},
    {0},
};

static const char *const PERMISSIONS[] = {"r", "rw", "rx", "rwx", NULL};

const struct field MAP_FIELDS[] = {
    {"perms", FIELD_CHOICE, .required = true, AT(model_map_wish, permissions),
     .choices = PERMISSIONS, .doc = "What the component may do with it: read, write, execute."},
    {"symbol", FIELD_SYMBOL, AT(model_map_wish, symbol),
     .doc = "An 8-byte variable of its program that is set to the region's address."},
    {"size_symbol", FIELD_SYMBOL, AT(model_map_wish, size_symbol),
     .doc = "One that is set to its size in bytes."},
    {"io_symbol", FIELD_SYMBOL, AT(model_map_wish, io_symbol),
     .doc = "One that is set to its physical address."},
    {"cached", FIELD_FLAG, AT(model_map_wish, cached), .fallback = "true",
     .doc = "False for registers; the same for all who map it."},
    {0},
};

static const char *const PAGES[] = {"4KiB", "2MiB", NULL};

const struct field REGION_FIELDS[] = {
    {"size", FIELD_SIZE, .required = true, AT(model_shared, size), .min = PAGE_4K,
     .max = REGION_MAX, .multiple = PAGE_4K, .doc = "Its size, in whole pages."},
    {"page_size", FIELD_CHOICE, AT(model_shared, large_pages), .choices = PAGES,
     .fallback = "2MiB where size and addresses are multiples of it, else 4KiB",
     .doc = "Size of its pages."},
    {"address", FIELD_ADDRESS, AT(model_shared, address), .max = PHYS_MAX, .fallback = "chosen",
     .doc = "Its virtual address, the same in all who map it."},
    {"physical", FIELD_ADDRESS, AT(model_shared, physical), .max = PHYS_MAX, .fallback = "any",
     .doc = "Its physical address, as that of a device's registers."},
    {"dma", FIELD_FLAG, AT(model_shared, dma), .fallback = "false",
     .doc = "A device reaches it: it gets a physical address in the board's window."},
    {"maps", FIELD_NAMED_OR_CHOICE, .required = true, .fields = MAP_FIELDS,
     .doc = "The components that map it: rw, or a map."},
    {0},
};

const struct field END_FIELDS[] = {
    {"id", FIELD_INTEGER, AT(model_end_wish, id), .max = SYSTEM_CHANNEL_ID_MAX,
     .fallback = "the lowest free one", .doc = "What the component calls the channel."},
    {"symbol", FIELD_SYMBOL, AT(model_end_wish, symbol),
     .doc = "An 8-byte variable of its program that is set to the id."},
    {"call", FIELD_FLAG, AT(model_end_wish, call), .fallback = "false",
     .doc = "It may make protected procedure calls to the other end, which must stand above it."},
    {"notify", FIELD_FLAG, AT(model_end_wish, notify), .fallback = "true",
     .doc = "It may notify the other end."},
    {0},
};

const struct field CHANNEL_FIELDS[] = {
    {"ends", FIELD_NAMED, .required = true, .fields = END_FIELDS,
     .doc = "The two components that it joins."},
    {0},
};

const struct field MONITOR_FIELDS[] = {
    {"serial", FIELD_NAME, AT(model_monitor, serial_name), .fallback = "the first, if there is one",
     .doc = "The serial device on which it reports."},
    SCHED_FIELDS(model_monitor, sched, "200"),
    {0},
};

const struct field SYSTEM_FIELDS[] = {
    {"system", FIELD_NAME, .required = true, AT(model, name),
     .doc = "The system's name, which names its files."},
    {"network", FIELD_NAMED, .fields = NETWORK_FIELDS, .doc = "The network devices in use."},
    {"serial", FIELD_NAMED, .fields = SERIAL_FIELDS, .doc = "The serial devices in use."},
    {"timer", FIELD_NAMED, .fields = TIMER_FIELDS, .doc = "The timers in use."},
    {"monitor", FIELD_MAP, AT(model, monitor), .fields = MONITOR_FIELDS,
     .doc = "The parent of all others, that reports their faults."},
    {"components", FIELD_NAMED, .required = true, .fields = COMPONENT_FIELDS,
     .doc = "The programs of the system's own, a protection domain each."},
    {"regions", FIELD_NAMED, .fields = REGION_FIELDS,
     .doc = "Memory that components share beside what the classes make."},
    {"channels", FIELD_NAMED, .fields = CHANNEL_FIELDS,
     .doc = "Channels between components beside those that the classes make."},
    {0},
};
