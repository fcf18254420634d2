/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that an image may use without defining them: what the PD host provides, and all that
 * exports.list makes visible to it. */
#ifndef LINUX_PD_EXPORTS_H
#define LINUX_PD_EXPORTS_H

#define PD_EXPORTS                                                                                 \
    "microkit_name", "microkit_have_signal", "microkit_notify", "microkit_deferred_notify",        \
        "microkit_irq_ack", "microkit_deferred_irq_ack", "microkit_ppcall", "microkit_pd_restart", \
        "microkit_pd_stop", "microkit_pd_resume", "microkit_mr_set", "microkit_mr_get",            \
        "microkit_dbg_putc", "microkit_dbg_puts", "microkit_dbg_put8", "microkit_dbg_put32",       \
        "linux_mmio_read", "linux_mmio_write"

#endif
