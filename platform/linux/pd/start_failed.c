/* SPDX-License-Identifier: BSD-2-Clause */
/* What may go wrong before init(), and how a sanitizer says what it found. */
#include "pd.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if PD_SANITIZED
/* What the sandbox leaves a sanitizer: it says what it found and ends the process. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:symbolize=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
           "handle_sigill=0:handle_abort=0:exitcode=73:abort_on_error=0:use_sigaltstack=0";
}
const char *__ubsan_default_options(void)
{
    return "symbolize=0:halt_on_error=1:exitcode=73:print_stacktrace=0";
}
#endif

void pd_start_failed(const char *format, ...)
{
    char text[PD_LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    size_t length = strlen(text);
    text[length] = '\n';
    ssize_t written = write(pd.log_fd >= 0 ? pd.log_fd : STDERR_FILENO, text, length + 1);
    (void)written;
    _exit(PD_EXIT_START);
}
