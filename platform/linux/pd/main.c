/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf-pd`: the story of a PD's process, in the order of what happens; see pd.h. Started by the
 * runner, which it trusts. */
#include "pd.h"
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>
#if PD_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

struct pd_own pd = {
    .image_fd = -1,
    .log_fd = -1,
    .wake_fd = -1,
    .bell_fd = -1,
    .deferred = {&microkit_have_signal, &microkit_signal_cap, &microkit_signal_msg},
};
char microkit_name[MICROKIT_PD_NAME_LENGTH];

static struct handoff_item items[HANDOFF_ITEMS_MAX];

static void on_stack(void)
{
#if PD_SANITIZED
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    pd_announced();
    if (pd.program_entry != 0) {
        ((void (*)(void))(uintptr_t)pd.program_entry)(); /* calls pd_run() through its table */
    }
    if (pd.start != 0) {
        ((void (*)(void))(pd.image_base + pd.start))();
    }
    pd_run();
}

/* Leaves the process's own stack for the PD's, for good. */
static void enter(void)
{
    static ucontext_t context;
    if (getcontext(&context) != 0) {
        pd_start_failed("getcontext failed");
    }
    context.uc_stack.ss_sp = pd.stack;
    context.uc_stack.ss_size = pd.stack_size;
    context.uc_link = NULL;
    makecontext(&context, on_stack, 0);
#if PD_SANITIZED
    void *fake_stack = NULL;
    __sanitizer_start_switch_fiber(&fake_stack, pd.stack, pd.stack_size);
#endif
    (void)setcontext(&context);
    pd_start_failed("setcontext failed");
}

int main(void)
{
    size_t count = 0;
    if (!handoff_receive(HANDOFF_FD, items, HANDOFF_ITEMS_MAX, &count)) {
        pd_start_failed("this program is started by `sddf run`: nothing was handed over");
    }
    close(HANDOFF_FD);
    pd_setup(items, count);
    memcpy(microkit_name, pd.name, sizeof(microkit_name) - 1);
    (void)prctl(PR_SET_NAME, pd.name);
    pd_load(items, count);
    pd_make_start();
    pd_fault_install();
    pd_announce();
    pd_sandbox();
    enter();
    return PD_EXIT_START;
}
