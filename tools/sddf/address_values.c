/* SPDX-License-Identifier: BSD-2-Clause */
/* MAC and IPv4 addresses in a system's file. Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/address_values.h"

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

bool yaml_as_mac(const struct yaml_node *node, uint8_t mac[6])
{
    static const uint8_t NONE[6] = {0};
    uint8_t parsed[6] = {0};
    char text[TEXT_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return false;
    if (!parse_mac(text, parsed))
        yaml_error(node, RULE_WRONG_TYPE,
                   "found \"%s\"" ALLOWED "a MAC address, as \"52:54:01:00:00:01\"" REMEDY
                   "write six bytes in hexadecimal",
                   text);
    else if ((parsed[0] & 1) != 0)
        yaml_error(node, RULE_BAD_ADDRESS,
                   "found %s, a group's address (its first byte is odd)" ALLOWED
                   "that of one station" REMEDY "make the first byte even",
                   text);
    else if (memcmp(parsed, NONE, 6) == 0)
        yaml_error(node, RULE_BAD_ADDRESS,
                   "found %s" ALLOWED "an address other than zero" REMEDY "choose one", text);
    else {
        memcpy(mac, parsed, sizeof(parsed));
        return true;
    }
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

bool yaml_as_ip(const struct yaml_node *node, uint8_t ip[4], uint8_t *prefix_length)
{
    uint8_t parsed[4] = {0};
    uint8_t parsed_length = 0;
    char text[TEXT_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return false;
    if (!parse_ip(text, parsed, prefix_length == NULL ? NULL : &parsed_length))
        yaml_error(node, RULE_WRONG_TYPE, "found \"%s\"" ALLOWED "%s" REMEDY "write one", text,
                   prefix_length == NULL ? "an IPv4 address, as 10.0.0.1"
                                         : "an IPv4 address and the length of its network part in "
                                           "bits, 1 to 32, as 10.0.0.2/24");
    else if (parsed[0] == 0 || parsed[0] == 127 || parsed[0] >= 224)
        yaml_error(node, RULE_BAD_ADDRESS,
                   "found %s, which no host can have" ALLOWED "one as 10.0.0.2" REMEDY "choose one",
                   text);
    else {
        memcpy(ip, parsed, sizeof(parsed));
        if (prefix_length != NULL)
            *prefix_length = parsed_length;
        return true;
    }
    return false;
}
