/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that brings its own C library, in small: printf with floating point, memset, malloc
 * from a static heap. It needs nothing of the platform but a place to put a character. */
#include <microkit.h>
#include <stdarg.h>
#include <stddef.h>

static char heap[1 << 20];
static size_t heap_used;

void *memset(void *bytes, int value, size_t count)
{
    volatile unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++) {
        to[i] = (unsigned char)value;
    }
    return bytes;
}

static void *malloc(size_t size)
{
    void *found = heap + heap_used;
    heap_used += (size + 15) / 16 * 16;
    return heap_used <= sizeof(heap) ? found : NULL;
}

static void put_number(unsigned long number, unsigned base)
{
    if (number >= base) {
        put_number(number / base, base);
    }
    microkit_dbg_putc("0123456789abcdef"[number % base]);
}

static void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            microkit_dbg_putc(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            microkit_dbg_puts(va_arg(arguments, const char *));
            break;
        case 'x':
            put_number(va_arg(arguments, unsigned long), 16);
            break;
        case 'f': {
            double value = va_arg(arguments, double);
            put_number((unsigned long)value, 10);
            microkit_dbg_putc('.');
            put_number((unsigned long)((value - (double)(unsigned long)value) * 1000), 10);
            break;
        }
        default:
            microkit_dbg_putc(*format);
            break;
        }
    }
    va_end(arguments);
}

void init(void)
{
    unsigned char *block = malloc(70000);
    memset(block, 0x5a, 70000);
    print("%s %x %f %%\n", "text", (unsigned long)block[69999], 3.14159);
}

void notified(microkit_channel ch)
{
}
