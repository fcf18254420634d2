/* SPDX-License-Identifier: BSD-2-Clause */
/* MAC and IPv4 addresses in a system's file. Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/network.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 32 };

/* A number of `base` of at most `digits` digits, and what follows it; false if there is none. */
static bool take_number(const char **text, unsigned base, unsigned digits, unsigned *number)
{
    static const char DIGITS[] = "0123456789abcdef0123456789ABCDEF";
    unsigned count = 0;
    *number = 0;
    for (; count < digits && **text != '\0'; count++, (*text)++) {
        const char *digit = strchr(DIGITS, **text);
        unsigned value = digit == NULL ? base : (unsigned)(digit - DIGITS) % 16;
        if (value >= base)
            break;
        *number = *number * base + value;
    }
    return count > 0;
}

static bool take(const char **text, char wanted)
{
    bool there = **text == wanted;
    *text += there;
    return there;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        const char *start = text;
        unsigned byte = 0;
        if (!take_number(&text, 16, 2, &byte) || text != start + 2 || (i < 5 && !take(&text, ':')))
            return false;
        mac[i] = (uint8_t)byte;
    }
    return *text == '\0';
}

bool network_as_mac(const struct yaml_node *node, uint8_t mac[6])
{
    static const uint8_t NONE[6] = {0};
    char text[TEXT_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return false;
    if (!parse_mac(text, mac))
        yaml_error(node, "found \"%s\", expected a MAC address, as \"52:54:01:00:00:01\"", text);
    else if ((mac[0] & 1) != 0)
        yaml_error(node,
                   "found %s, a group's address (its first byte is odd), expected that of "
                   "one station, as \"52:54:01:00:00:01\"",
                   text);
    else if (memcmp(mac, NONE, 6) == 0)
        yaml_error(node, "found %s, expected an address other than zero", text);
    else
        return true;
    return false;
}

/* "a.b.c.d", with "/n" where `prefix_length` is not NULL. */
static bool parse_ip(const char *text, uint8_t ip[4], uint8_t *prefix_length)
{
    unsigned number = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (!take_number(&text, 10, 3, &number) || number > 255 || (i < 3 && !take(&text, '.')))
            return false;
        ip[i] = (uint8_t)number;
    }
    if (prefix_length != NULL) {
        if (!take(&text, '/') || !take_number(&text, 10, 2, &number) || number < 1 || number > 32)
            return false;
        *prefix_length = (uint8_t)number;
    }
    return *text == '\0';
}

bool network_as_ip(const struct yaml_node *node, uint8_t ip[4], uint8_t *prefix_length)
{
    char text[TEXT_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return false;
    if (!parse_ip(text, ip, prefix_length))
        yaml_error(node, "found \"%s\", expected %s", text,
                   prefix_length == NULL ? "an IPv4 address, as 10.0.0.1"
                                         : "an IPv4 address and the length of its network part in "
                                           "bits, 1 to 32, as 10.0.0.2/24");
    else if (ip[0] == 0 || ip[0] == 127 || ip[0] >= 224)
        yaml_error(node, "found %s, which no host can have; expected one as 10.0.0.2", text);
    else
        return true;
    return false;
}
