/* SPDX-License-Identifier: BSD-2-Clause */
/* What the PDs of the tests of PD life share: the region in which they see one another's progress,
 * and their way to be told what to do, the text of a prefilled region. */
#ifndef TESTS_LINUX_LIFE_SHARED_H
#define TESTS_LINUX_LIFE_SHARED_H

#include <microkit.h>
#include <stddef.h>

enum { PARENT_CHANNEL = 5, SERVER_CHANNEL = 6 };

struct shared {
    volatile uint64_t beats;      /* the child adds one, again and again */
    volatile uint64_t starts;     /* how often the child's init() began */
    volatile uint64_t place;      /* address of the child's function that faults */
    volatile uint64_t may_answer; /* the server may answer */
    volatile uint64_t calls;      /* that the server got */
    volatile uint64_t answers;    /* that the child got */
    volatile uint64_t notified;   /* how often the child was */
};

extern volatile uint64_t action; /* address of the text */
extern volatile uint64_t shared_address;

static inline struct shared *shared(void)
{
    return (struct shared *)shared_address;
}

static inline bool is(const char *name)
{
    const char *text = (const char *)action;
    size_t i = 0;
    while (name[i] != '\0' && text[i] == name[i]) {
        i++;
    }
    return name[i] == '\0' && (text[i] == '\0' || text[i] == '\n');
}

static inline void say(const char *text)
{
    microkit_dbg_puts(text);
}

static inline void say_hex(uint64_t value)
{
    char text[17];
    size_t at = sizeof(text) - 1;
    text[at] = '\0';
    do {
        text[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    microkit_dbg_puts("0x");
    microkit_dbg_puts(&text[at]);
}

/* Waits until the word is no longer `old`; the other PD has a core or gets a turn. */
static inline void await_change(const volatile uint64_t *word, uint64_t old)
{
    while (*word == old) {
    }
}

#endif
