/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading command line arguments as arguments.h describes. */
#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void argument_error(const char *option, const char *found, const char *expected)
{
    fprintf(stderr, "%s: option %s: found %s, expected %s; --help lists the options\n",
            program_invocation_short_name, option, found, expected);
    exit(2);
}

static _Noreturn void value_error(const char *option, const char *text, const char *expected)
{
    char found[80];
    snprintf(found, sizeof(found), "\"%.60s\"", text);
    argument_error(option, found, expected);
}

int argument_next(int argc, char **argv, const struct option *options)
{
    opterr = 0;
    int word = optind;
    int next = getopt_long(argc, argv, "+:", options, NULL);
    switch (next) {
    case ':':
        argument_error(argv[word], "nothing after it", "a value");
    case '?':
        if (strchr(argv[word], '=') != NULL) {
            argument_error(argv[word], "this", "an option that exists and takes a value");
        }
        argument_error(argv[word], "this", "an option that exists");
    case -1:
        if (optind < argc) {
            value_error("(none)", argv[optind], "an option that starts with --");
        }
        return -1;
    default:
        return next;
    }
}

uint64_t argument_number(const char *option, const char *text, uint64_t min, uint64_t max,
                         const char *unit)
{
    char expected[128];
    snprintf(expected, sizeof(expected), "a whole number from %ju to %ju %s", (uintmax_t)min,
             (uintmax_t)max, unit);
    size_t length = strlen(text);
    if (length == 0 || length > 18 || strspn(text, "0123456789") != length) {
        value_error(option, text, expected);
    }
    uint64_t number = strtoull(text, NULL, 10);
    if (number < min || number > max) {
        value_error(option, text, expected);
    }
    return number;
}

static double fraction(const char *option, const char *text, double min, double max,
                       const char *unit)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number) || number < min || number > max) {
        char expected[80];
        snprintf(expected, sizeof(expected), "%s from %g to %g", unit, min, max);
        value_error(option, text, expected);
    }
    return number;
}

uint64_t argument_seconds(const char *option, const char *text, double min, double max)
{
    return (uint64_t)(fraction(option, text, min, max, "seconds") * 1e9 + 0.5);
}

double argument_percent(const char *option, const char *text)
{
    return fraction(option, text, 0, 100, "percent");
}

unsigned argument_cpu_number(const char *option, const char *text)
{
    return (unsigned)argument_number(option, text, 0, CPU_SETSIZE - 1, "as CPU");
}

struct in_addr argument_ip(const char *option, const char *text)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1) {
        value_error(option, text, "an IPv4 address as in 10.0.0.1");
    }
    return address;
}

struct sockaddr_in argument_address(const char *option, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char ip[INET_ADDRSTRLEN];
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(ip)) {
        value_error(option, text, "an IPv4 address and port as in 10.0.0.1:1235");
    }
    memcpy(ip, text, (size_t)(colon - text));
    ip[colon - text] = '\0';
    address.sin_addr = argument_ip(option, ip);
    address.sin_port = htons((uint16_t)argument_number(option, colon + 1, 1, 65535, "as port"));
    return address;
}

uint64_t argument_mac(const char *option, const char *text)
{
    unsigned b[6];
    int end = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) !=
            6 ||
        text[end] != '\0' || (b[0] & 1) != 0) {
        value_error(option, text, "a host's MAC address as in 52:54:01:00:00:01");
    }
    uint64_t mac = 0;
    for (unsigned i = 0; i < 6; i++) {
        mac = mac << 8 | b[i];
    }
    return mac;
}

void argument_cpu(const char *option, const char *text)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(argument_cpu_number(option, text), &cpus);
    if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) {
        value_error(option, text, "a CPU that is online and that this process may use");
    }
}

const char *address_text(const struct sockaddr_in *address, char *text)
{
    char ip[INET_ADDRSTRLEN] = "?";
    inet_ntop(AF_INET, &address->sin_addr, ip, sizeof(ip));
    snprintf(text, ADDRESS_TEXT_BYTES, "%s:%u", ip, ntohs(address->sin_port));
    return text;
}
