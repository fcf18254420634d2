/* SPDX-License-Identifier: BSD-2-Clause */
/* Console output of components (sddf/log.h) through Microkit's debug output. */
#include <microkit.h>
#include <sddf/log.h>
#include <stddef.h>

/* NULL: not known yet. Like all variables of a component it begins as zero: that is what a restart
 * makes it. */
static const char *log_instance;

void log_open(const char *instance)
{
    log_instance = instance;
}

static void log_start(const char *text)
{
    microkit_dbg_puts(log_instance != NULL ? log_instance : "?");
    microkit_dbg_puts(": ");
    microkit_dbg_puts(text);
}

/* Digits of `value` in `base` (10 or 16); 20 digits hold 2^64 - 1. */
static void log_number(uint64_t value, unsigned base)
{
    char digits[21];
    unsigned at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 && at > 0);
    microkit_dbg_puts(&digits[at]);
}

void log_line(const char *text)
{
    log_start(text);
    microkit_dbg_puts("\n");
}

void log_value(const char *text, uint64_t value)
{
    log_start(text);
    microkit_dbg_puts(" ");
    log_number(value, 10);
    microkit_dbg_puts("\n");
}

void log_hex(const char *text, uint64_t value)
{
    log_start(text);
    microkit_dbg_puts(" 0x");
    log_number(value, 16);
    microkit_dbg_puts("\n");
}

_Noreturn void log_stop(void)
{
    __builtin_trap();
}
