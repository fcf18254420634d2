/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that must be refused: IMPORT uses a function of the C library, IFUNC lets a resolver run
 * while the image is loaded; linked without -nostdlib it needs a library. */
#include <microkit.h>

#ifdef IMPORT
int puts(const char *text);
#endif

#ifdef IFUNC
static void chosen(void)
{
}
void (*resolve(void))(void);
void (*resolve(void))(void)
{
    return chosen;
}
void choose(void) __attribute__((ifunc("resolve")));
#endif

void init(void)
{
#ifdef IMPORT
    puts("hello");
#endif
#ifdef IFUNC
    choose();
#endif
}

void notified(microkit_channel ch)
{
    (void)ch;
}
