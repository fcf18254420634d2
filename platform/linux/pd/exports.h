/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that an image may use without defining them: what the PD host provides, and all that
 * exports.list makes visible to it. A shared object finds them by name; a program finds the
 * functions in its table, by their place in this list (pd/program.h): append, never reorder. Read
 * by the assembler, too. */
#ifndef LINUX_PD_EXPORTS_H
#define LINUX_PD_EXPORTS_H

#define PD_API_FUNCTIONS(X)      \
    X(microkit_notify)           \
    X(microkit_deferred_notify)  \
    X(microkit_irq_ack)          \
    X(microkit_deferred_irq_ack) \
    X(microkit_ppcall)           \
    X(microkit_pd_restart)       \
    X(microkit_pd_stop)          \
    X(microkit_mr_set)           \
    X(microkit_mr_get)           \
    X(microkit_dbg_putc)         \
    X(microkit_dbg_puts)         \
    X(microkit_dbg_put8)         \
    X(microkit_dbg_put32)        \
    X(linux_mmio_read)           \
    X(linux_mmio_write)          \
    X(microkit_pd_resume)        \
    X(linux_run)

#define PD_API_VARIABLES(X)   \
    X(microkit_name)          \
    X(microkit_have_signal)   \
    X(microkit_signal_cap)    \
    X(microkit_signal_msg)    \
    X(microkit_irqs)          \
    X(microkit_notifications) \
    X(microkit_pps)           \
    X(microkit_ioports)

#endif
