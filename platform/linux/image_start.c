/* SPDX-License-Identifier: BSD-2-Clause */
/* What start.S does not know: where a shared object's variables lie (the linker's own script). Part
 * of a component's image; runs in the PD's sandbox, before init(), on an empty stack. */
#include <stdbool.h>
#include <stdint.h>

__attribute__((visibility("hidden"))) extern uint8_t __bss_start[], _end[];
void linux_run(void); /* the host's: init() and the event loop */
void start_component(bool again);

/* A sanitizer's guards between the variables are made zero, too, which they are. */
__attribute__((used, no_sanitize("address", "undefined"), visibility("hidden"))) void
start_component(bool again)
{
    for (volatile uint8_t *byte = __bss_start; again && byte != _end; byte++) {
        *byte = 0;
    }
    linux_run();
}
