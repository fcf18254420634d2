/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that must be refused, one by each macro. They would run code before init() or after the
 * end, be relocated in their code, or have memory that a component has no use for. */
#include <microkit.h>

#ifdef DESTRUCTOR
__attribute__((destructor)) static void late(void)
{
    microkit_dbg_puts("ran after the end\n");
}
#endif

#ifdef INIT_FUNCTION /* with -Wl,-init=early */
void early(void);
void early(void)
{
    microkit_dbg_puts("ran before the sandbox\n");
}
#endif

#ifdef TEXT_RELOCATION /* with -Wl,-z,notext */
__asm__(".text\n.balign 8\n.quad init\n");
#endif

#ifdef THREAD_LOCAL
_Thread_local volatile int of_a_thread = 1;
#endif

#ifdef INTERPRETER
const char interpreter[] __attribute__((section(".interp"), used)) = "/bin/sh";
#endif

void init(void)
{
#ifdef THREAD_LOCAL
    of_a_thread++;
#endif
    microkit_dbg_puts("started\n");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
