/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf-pds`: makes of each list that the runner hands over a PD, then runs them all; see
 * inprocess.h. Trusts the runner, and cannot but trust the images. */
#include "inprocess.h"
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

char microkit_name[MICROKIT_PD_NAME_LENGTH]; /* for images to find; each is led to its own */

static struct handoff_item items[HANDOFF_ITEMS_MAX];

/* What pd_setup() says in the host's variables is the PD's. */
static void take_variables(struct inprocess_pd *of)
{
    struct inprocess_variables *own = &of->variables;
    memcpy(own->name, pd.name, sizeof(own->name) - 1);
    own->irqs = microkit_irqs;
    own->notifications = microkit_notifications;
    own->pps = microkit_pps;
    microkit_irqs = microkit_notifications = microkit_pps = 0;
    pd_deferred_place(&own->have_signal, &own->signal_cap, &own->signal_msg);
}

/* The number of all PDs. */
static uint64_t add_pd(struct inprocess_pd *of, size_t count)
{
    uint64_t all = 0;
    pd_current = &of->own;
    pd.image_fd = pd.log_fd = pd.wake_fd = pd.bell_fd = -1;
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == PD_NAME) {
            all = items[i].value[2];
            of->priority = items[i].value[3] & 0xff;
        }
    }
    pd_setup(items, count);
    take_variables(of);
    pd_load(items, count);
    inprocess_place_variables(of);
    return all;
}

int main(void)
{
    uint64_t all = 1;
    pd_current = &inprocess_pds[0].own;
    pd.log_fd = STDERR_FILENO;
    for (; inprocess_count < all; inprocess_count++) {
        size_t count = 0;
        if (inprocess_count == INPROCESS_PDS_MAX ||
            !handoff_receive(HANDOFF_FD, items, HANDOFF_ITEMS_MAX, &count)) {
            pd_start_failed("this program is started by `sddf run --in-process`: of %u PDs %u "
                            "were handed over",
                            (unsigned)all, (unsigned)inprocess_count);
        }
        all = add_pd(&inprocess_pds[inprocess_count], count);
    }
    close(HANDOFF_FD);
    (void)prctl(PR_SET_NAME, "sddf-pds");
    pd_fault_install();
    inprocess_run();
}
