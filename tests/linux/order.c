/* SPDX-License-Identifier: BSD-2-Clause */
/* PDs that write down in one region who ran when; which one this is, the first letter of its name
 * says. low, equal, fair: priority 10; mid: 100; called: 150; high: 200. low begins and, last,
 * prints. Channels: at low 1 = high, 2 = equal, 3 = fair, 4 = called; at equal 1 = low, 2 = fair;
 * at high 2 = mid. */
#include <microkit.h>

struct trace {
    uint64_t length;
    char letters[64];
};
volatile uint64_t trace __attribute__((used)); /* its address */

static void note(char letter)
{
    volatile struct trace *shared = (volatile struct trace *)trace;
    if (shared->length < sizeof(shared->letters) - 1) {
        shared->letters[shared->length++] = letter;
    }
}

void init(void)
{
    if (microkit_name[0] != 'l') {
        note(microkit_name[0] == 'e' ? '1' : microkit_name[0] == 'f' ? '2' : '.');
        return;
    }
    note('a');
    microkit_notify(1); /* runs high, then mid */
    note('b');
    (void)microkit_ppcall(4, microkit_msginfo_new(0, 0));
    note('c');
    microkit_notify(3); /* runs neither: they are equals */
    microkit_notify(2);
    note('d');
}

void notified(microkit_channel ch)
{
    (void)ch;
    switch (microkit_name[0]) {
    case 'h':
        note('H');
        microkit_notify(2); /* lower: waits */
        note('h');
        break;
    case 'm':
        note('M');
        break;
    case 'f':
        note('F');
        break;
    case 'e':
        note('E');
        microkit_deferred_notify(1);
        note('e');
        microkit_notify(2);
        break;
    default:
        note('L');
        microkit_dbg_puts("order ");
        microkit_dbg_puts(((const struct trace *)trace)->letters);
        microkit_dbg_puts("\n");
        break;
    }
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    note('P');
    return msginfo;
}
