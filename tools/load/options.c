/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of sddf-load. */
#include "options.h"

#include "arguments.h"
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX   100000000u
#define WINDOW_MAX 65536u
#define COUNT_MAX  1000000000000u

static const char help[] =
    "usage: sddf-load --target IP:PORT [--target ...] [--rate PPS | --window N] [options]\n"
    "\n"
    "Sends UDP datagrams to echo servers and verifies every byte that comes back.\n"
    "\n"
    "  --target IP:PORT  an echo server; up to 16, served round robin\n"
    "  --rate PPS        open loop: packets per second in all, latency counted from the time each\n"
    "                    was due, however late it was sent\n"
    "  --window N        closed loop: N outstanding in all (default: one per target)\n"
    "  --size BYTES      of the UDP payload, at least 18 (default: 64)\n"
    "  --duration S      seconds to measure (default: 5)\n"
    "  --count N         measure N packets instead, however long it takes\n"
    "  --patience S      seconds until a packet is given up: in a closed loop, so that the loop "
    "goes "
    "on,\n"
    "                    and twice as long after the last one was sent (default: 0.1)\n"
    "  --warmup S        seconds to send before measuring (default: 0)\n"
    "  --bind IP         the address to send from\n"
    "  --io KIND         what carries the packets (default: socket):\n"
    "                      socket        the kernel's UDP\n"
    "                      packet:IFACE  an interface, through rings of AF_PACKET; as host "
    "--bind,\n"
    "                                    an address of its network that the kernel does not have\n"
    "                      xdp:IFACE[,queue=N][,busy-poll=US][,generic][,copy]\n"
    "                                    the same through AF_XDP, which takes all frames of a "
    "queue\n"
    "  --target-mac MAC  of all targets, with --io packet and xdp: for one that answers no ARP\n"
    "  --wire PATH       not through the kernel's network: over the in-memory wire of a system "
    "that\n"
    "                    runs with --wire DEVICE=memory:PATH, as host --bind of its network\n"
    "  --cpu N           run on this CPU only\n"
    "  --json FILE       write the result to FILE too\n"
    "  --progress        a line per second on standard error\n"
    "\n"
    "Prints a line for people, then one of JSON. Ctrl-C ends it early, with its result.\n"
    "Exit status: 0 measured, 1 failed, 2 wrong options.\n";

enum {
    OPTION_TARGET = 256,
    OPTION_BIND,
    OPTION_IO,
    OPTION_TARGET_MAC,
    OPTION_WIRE,
    OPTION_RATE,
    OPTION_WINDOW,
    OPTION_SIZE,
    OPTION_DURATION,
    OPTION_PATIENCE,
    OPTION_COUNT,
    OPTION_WARMUP,
    OPTION_CPU,
    OPTION_JSON,
    OPTION_PROGRESS,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"target", required_argument, NULL, OPTION_TARGET},
    {"bind", required_argument, NULL, OPTION_BIND},
    {"io", required_argument, NULL, OPTION_IO},
    {"target-mac", required_argument, NULL, OPTION_TARGET_MAC},
    {"wire", required_argument, NULL, OPTION_WIRE},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"patience", required_argument, NULL, OPTION_PATIENCE},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"json", required_argument, NULL, OPTION_JSON},
    {"progress", no_argument, NULL, OPTION_PROGRESS},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static void add_target(struct options *options, const char *text)
{
    if (options->target_count == TARGETS_MAX) {
        argument_error("--target", "a 17th target", "at most 16");
    }
    options->targets[options->target_count++] = argument_address("--target", text);
}

static void set_io(struct options *options, const char *text)
{
    static const char packet[] = "packet:", xdp[] = "xdp:";
    static struct xsk_wire wire; /* outlives the options, whose interface it names */
    char socket[128];
    char error[256];
    if (strncmp(text, packet, strlen(packet)) == 0 && text[strlen(packet)] != '\0') {
        options->io = IO_PACKET;
        options->interface = text + strlen(packet);
        return;
    }
    if (strncmp(text, xdp, strlen(xdp)) == 0) {
        snprintf(socket, sizeof(socket), "xsk:%s", text + strlen(xdp));
        if (xsk_wire_parse(socket, &wire, error)) {
            options->io = IO_XDP;
            options->interface = wire.interface;
            options->xdp = wire;
            return;
        }
    }
    if (strcmp(text, "socket") != 0) {
        argument_error(
            "--io", text,
            "socket, packet:IFACE or xdp:IFACE[,queue=N][,busy-poll=US][,generic][,copy]");
    }
}

static void apply(struct options *options, int option)
{
    switch (option) {
    case OPTION_TARGET:
        add_target(options, optarg);
        break;
    case OPTION_BIND:
        options->bind_ip = argument_ip("--bind", optarg);
        break;
    case OPTION_IO:
        set_io(options, optarg);
        break;
    case OPTION_TARGET_MAC:
        options->target_mac = argument_mac("--target-mac", optarg);
        break;
    case OPTION_WIRE:
        options->io = IO_WIRE;
        options->wire = optarg;
        break;
    case OPTION_RATE:
        options->rate_pps = argument_number("--rate", optarg, 1, RATE_MAX, "packets per second");
        break;
    case OPTION_WINDOW:
        options->window = argument_number("--window", optarg, 1, WINDOW_MAX, "packets");
        break;
    case OPTION_SIZE:
        options->size = (size_t)argument_number("--size", optarg, PACKET_SIZE_MIN, PACKET_SIZE_MAX,
                                                "bytes of UDP payload");
        break;
    case OPTION_DURATION:
        options->duration_ns = argument_seconds("--duration", optarg, 0.001, 86400);
        break;
    case OPTION_COUNT:
        options->count = argument_number("--count", optarg, 1, COUNT_MAX, "packets");
        break;
    case OPTION_PATIENCE:
        options->patience_ns = argument_seconds("--patience", optarg, 0.001, 3600);
        break;
    case OPTION_WARMUP:
        options->warmup_ns = argument_seconds("--warmup", optarg, 0, 3600);
        break;
    case OPTION_CPU:
        argument_cpu("--cpu", optarg);
        break;
    case OPTION_JSON:
        options->json_path = optarg;
        break;
    case OPTION_PROGRESS:
        options->progress = true;
        break;
    default:
        fputs(help, stdout);
        exit(0);
    }
}

struct options options_parse(int argc, char **argv)
{
    struct options options = {.size = 64, .duration_ns = 5000000000u, .patience_ns = 100000000u};
    int option = argument_next(argc, argv, long_options);
    while (option != -1) {
        apply(&options, option);
        option = argument_next(argc, argv, long_options);
    }
    if (options.target_count == 0) {
        argument_error("--target", "none", "at least one IP:PORT");
    }
    if (options.io != IO_SOCKET && options.bind_ip.s_addr == 0) {
        argument_error("--bind", "none",
                       "our own IP on the --wire or the interface of --io, as in 10.0.0.1");
    }
    if (options.rate_pps != 0 && options.window != 0) {
        argument_error("--window", "it together with --rate", "one of the two");
    }
    if (options.rate_pps == 0 && options.window == 0) {
        options.window = options.target_count;
    }
    if (options.window != 0 && options.window < options.target_count) {
        argument_error("--window", "less than one packet per --target",
                       "at least as many packets as targets");
    }
    return options;
}
