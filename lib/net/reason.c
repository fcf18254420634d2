/* SPDX-License-Identifier: BSD-2-Clause */
/* The names and meanings of reason.h, for statistics pages and reports. */
#include <net/reason.h>

/* Arrays of characters, not of pointers: an image needs no relocation for them. */
#define NET_REASON_NAME_FITS(enumerator, name, meaning) \
    _Static_assert(sizeof(name) <= 24 && sizeof(meaning) <= 64, "too long for its table: " name);
NET_REASONS(NET_REASON_NAME_FITS)

#define NET_REASON_NAME(enumerator, name, meaning)    name,
#define NET_REASON_MEANING(enumerator, name, meaning) meaning,

static const char names[NET_REASON_COUNT][24] = {NET_REASONS(NET_REASON_NAME)};
static const char meanings[NET_REASON_COUNT][64] = {NET_REASONS(NET_REASON_MEANING)};

const char *net_reason_name(enum net_reason reason)
{
    return (unsigned)reason < NET_REASON_COUNT ? names[reason] : "unknown";
}

const char *net_reason_meaning(enum net_reason reason)
{
    return (unsigned)reason < NET_REASON_COUNT ? meanings[reason] : "unknown";
}
