/* SPDX-License-Identifier: BSD-2-Clause */
/* What start.S does not know: where an image's variables lie (microkit.ld), and that libmicrokit
 * has its own among them, some of which Microkit's tool has set. Runs before init(), on an empty
 * stack. */
#include <mem/mem.h>
#include <microkit.h>
#include <stdbool.h>
#include <stdint.h>

extern uint8_t _bss[], _bss_end[];
extern bool microkit_passive; /* libmicrokit's, not in its header */
void main(void);              /* libmicrokit's: init() and the event loop */
void start_component(bool again);

/* Set by the tool, in libmicrokit's part of what is made zero. */
struct set_by_tool {
    char name[MICROKIT_PD_NAME_LENGTH];
    bool passive;
    seL4_Word irqs, notifications, pps, ioports;
};

static void clear(void)
{
    struct set_by_tool kept = {
        .passive = microkit_passive,
        .irqs = microkit_irqs,
        .notifications = microkit_notifications,
        .pps = microkit_pps,
        .ioports = microkit_ioports,
    };
    memcpy(kept.name, microkit_name, sizeof(kept.name));
    __asm__ volatile("" ::: "memory"); /* to the compiler these are other variables than _bss */
    memset(_bss, 0, (size_t)(_bss_end - _bss));
    __asm__ volatile("" ::: "memory");
    memcpy(microkit_name, kept.name, sizeof(kept.name));
    microkit_passive = kept.passive;
    microkit_irqs = kept.irqs;
    microkit_notifications = kept.notifications;
    microkit_pps = kept.pps;
    microkit_ioports = kept.ioports;
}

__attribute__((used)) void start_component(bool again)
{
    if (again) {
        clear();
    }
    main();
}
