/* SPDX-License-Identifier: BSD-2-Clause */
/* An input's run, the same for every component (target.h). */
#include "target.h"

#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool made;
    if (!made) {
        target_make();
        made = true;
    }
    fuzz_begin(bytes, size);
    if (!target_start()) {
        return 0;
    }
    target_enter(0); /* the peers have opened: now all are ready */
    target_enter(1);
    while (!input_ended()) {
        target_step();
    }
    target_enter(0);
    return 0;
}
