/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of sddf-load. */
#include "options.h"

#include "arguments.h"
#include "packet.h"
#include "rfc2544.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    "  --watch-cpu N     report how busy CPU N of this machine is, as that of a system under test\n"
    "  --rfc2544         the four tests of RFC 2544 (throughput at no loss, latency at 10 to 90 % "
    "of it,\n"
    "                    loss, longest burst), a trial as long as --duration. --rate: the highest "
    "to try\n"
    "                    (default: what the generator can offer)\n"
    "  --frames N,N...   of RFC 2544: bytes of a frame with its check sequence (default:\n"
    "                    64,128,256,512,1024,1280,1518)\n"
    "  --accept-loss P   of RFC 2544: percent that may be lost where it says none (default: 0)\n"
    "  --repeats N       of RFC 2544: of the longest burst (default: 3; the RFC asks for 50)\n"
    "  --csv FILE        write a line per run or trial to FILE, in ipbench's columns\n"
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
    OPTION_COUNT,
    OPTION_PATIENCE,
    OPTION_WARMUP,
    OPTION_CPU,
    OPTION_WATCH_CPU,
    OPTION_RFC2544,
    OPTION_FRAMES,
    OPTION_ACCEPT_LOSS,
    OPTION_REPEATS,
    OPTION_CSV,
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
    {"count", required_argument, NULL, OPTION_COUNT},
    {"patience", required_argument, NULL, OPTION_PATIENCE},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"watch-cpu", required_argument, NULL, OPTION_WATCH_CPU},
    {"rfc2544", no_argument, NULL, OPTION_RFC2544},
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"accept-loss", required_argument, NULL, OPTION_ACCEPT_LOSS},
    {"repeats", required_argument, NULL, OPTION_REPEATS},
    {"csv", required_argument, NULL, OPTION_CSV},
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

/* Sizes of frames, with commas between. */
static void set_frames(struct options *options, char *text)
{
    char *rest = NULL;
    options->frame_count = 0;
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (options->frame_count == FRAMES_MAX) {
            argument_error("--frames", "a 17th size", "at most 16");
        }
        options->frames[options->frame_count++] =
            (size_t)argument_number("--frames", word, PACKET_SIZE_MIN + RFC2544_FRAME_OVERHEAD,
                                    PACKET_SIZE_MAX + RFC2544_FRAME_OVERHEAD, "bytes of a frame");
    }
    if (options->frame_count == 0) {
        argument_error("--frames", "none", "sizes of frames, as in 64,1518");
    }
}

/* Where to, and over what. False: another kind of option. */
static bool apply_way(struct options *options, int option)
{
    switch (option) {
    case OPTION_TARGET:
        add_target(options, optarg);
        return true;
    case OPTION_BIND:
        options->bind_ip = argument_ip("--bind", optarg);
        return true;
    case OPTION_IO:
        set_io(options, optarg);
        return true;
    case OPTION_TARGET_MAC:
        options->target_mac = argument_mac("--target-mac", optarg);
        return true;
    case OPTION_WIRE:
        options->io = IO_WIRE;
        options->wire = optarg;
        return true;
    default:
        return false;
    }
}

/* How much, and for how long. */
static bool apply_load(struct options *options, int option)
{
    switch (option) {
    case OPTION_RATE:
        options->rate_pps = argument_number("--rate", optarg, 1, RATE_MAX, "packets per second");
        return true;
    case OPTION_WINDOW:
        options->window = argument_number("--window", optarg, 1, WINDOW_MAX, "packets");
        return true;
    case OPTION_SIZE:
        options->size = (size_t)argument_number("--size", optarg, PACKET_SIZE_MIN, PACKET_SIZE_MAX,
                                                "bytes of UDP payload");
        return true;
    case OPTION_DURATION:
        options->duration_ns = argument_seconds("--duration", optarg, 0.001, 86400);
        return true;
    case OPTION_COUNT:
        options->count = argument_number("--count", optarg, 1, COUNT_MAX, "packets");
        return true;
    case OPTION_PATIENCE:
        options->patience_ns = argument_seconds("--patience", optarg, 0.001, 3600);
        return true;
    case OPTION_WARMUP:
        options->warmup_ns = argument_seconds("--warmup", optarg, 0, 3600);
        return true;
    default:
        return false;
    }
}

static bool apply_rfc2544(struct options *options, int option)
{
    switch (option) {
    case OPTION_RFC2544:
        options->rfc2544 = true;
        return true;
    case OPTION_FRAMES:
        set_frames(options, optarg);
        return true;
    case OPTION_ACCEPT_LOSS:
        options->accept_percent = argument_percent("--accept-loss", optarg);
        return true;
    case OPTION_REPEATS:
        options->repeats = (unsigned)argument_number("--repeats", optarg, 1, 1000, "times");
        return true;
    default:
        return false;
    }
}

static void apply_rest(struct options *options, int option)
{
    switch (option) {
    case OPTION_CPU:
        argument_cpu("--cpu", optarg);
        break;
    case OPTION_WATCH_CPU:
        options->watch = true;
        options->watched_cpu = argument_cpu_number("--watch-cpu", optarg);
        break;
    case OPTION_CSV:
        options->csv_path = optarg;
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

static void apply(struct options *options, int option)
{
    if (!apply_way(options, option) && !apply_load(options, option) &&
        !apply_rfc2544(options, option)) {
        apply_rest(options, option);
    }
}

static void check_loop(struct options *options)
{
    if (options->rfc2544 && (options->window != 0 || options->count != 0)) {
        argument_error("--rfc2544", "it together with --window or --count",
                       "--rate and --duration only");
    }
    if (options->rate_pps != 0 && options->window != 0) {
        argument_error("--window", "it together with --rate", "one of the two");
    }
    if (options->rate_pps == 0 && options->window == 0) {
        options->window = options->target_count;
    }
    if (options->window != 0 && options->window < options->target_count) {
        argument_error("--window", "less than one packet per --target",
                       "at least as many packets as targets");
    }
}

struct options options_parse(int argc, char **argv)
{
    struct options options = {
        .size = 64,
        .duration_ns = 5000000000u,
        .patience_ns = 100000000u,
        .frames = RFC2544_FRAME_SIZES,
        .frame_count = 7,
        .repeats = 3,
    };
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
    check_loop(&options);
    return options;
}
