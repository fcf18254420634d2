/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading command line arguments, for sddf-load and sddf-echo-linux. Every function that finds
 * something wrong names option, found and expected on standard error and exits with status 2.
 */
#ifndef SDDF_LOAD_ARGUMENTS_H
#define SDDF_LOAD_ARGUMENTS_H

#include <getopt.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_BYTES sizeof("255.255.255.255:65535")

/* `option` with its dashes, `found` what stood there, `expected` what may stand there. */
_Noreturn void argument_error(const char *option, const char *found, const char *expected);

/*
 * The next option as getopt_long gives it, or -1 after the last. Refuses unknown options, missing
 * or superfluous values and what is not an option.
 */
int argument_next(int argc, char **argv, const struct option *options);

/* A whole decimal number from `min` to `max`; `unit` as in "packets". */
uint64_t argument_number(const char *option, const char *text, uint64_t min, uint64_t max,
                         const char *unit);

/* Seconds, whole or with a fraction, as nanoseconds. */
uint64_t argument_seconds(const char *option, const char *text, double min, double max);

/* IPv4, as in 10.0.0.1 */
struct in_addr argument_ip(const char *option, const char *text);

/* IPv4 and port, as in 10.0.0.1:1235 */
struct sockaddr_in argument_address(const char *option, const char *text);

/* As in 52:54:01:00:00:01, not a group's; a number whose highest byte is the first. */
uint64_t argument_mac(const char *option, const char *text);

/* From 0 to 100, whole or with a fraction. */
double argument_percent(const char *option, const char *text);

/* The number of a CPU; whether there is one is not asked. */
unsigned argument_cpu_number(const char *option, const char *text);

/* Runs this process on CPU `text` only, from now on. */
void argument_cpu(const char *option, const char *text);

/* Writes the address as IP:PORT to `text`, ADDRESS_TEXT_BYTES long, and returns it. */
const char *address_text(const struct sockaddr_in *address, char *text);

#endif
