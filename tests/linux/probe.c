/* SPDX-License-Identifier: BSD-2-Clause */
/* Does one bad thing, named by the first word of its prefilled region, from init() or, for names
 * that start with "later-", when it is notified. What the platform should have refused, it says. */
#include <microkit.h>
#include <stddef.h>

volatile uint64_t action __attribute__((used));    /* address of the text */
volatile uint64_t read_only __attribute__((used)); /* address of a region mapped r */

enum { SYS_X86_MPROTECT = 10, SYS_X86_SOCKET = 41, SYS_X86_OPEN = 2, SYS_X86_PTRACE = 101 };

static long call3(long number, long a, long b, long c)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
#else
    (void)number, (void)a, (void)b, (void)c;
    __builtin_trap();
#endif
}

/* getppid() of other kinds of system calls: of 32 bits, and of x32. */
static void foreign_call(bool x32)
{
#if defined(__x86_64__)
    long result = x32 ? 0x40000000 | 110 : 64;
    if (x32) {
        __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    } else {
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    }
    microkit_dbg_puts("ALLOWED\n");
#else
    (void)x32;
#endif
}

static bool is(const char *name)
{
    const char *text = (const char *)action;
    size_t i = 0;
    while (name[i] != '\0' && text[i] == name[i]) {
        i++;
    }
    return name[i] == '\0' && (text[i] == '\0' || text[i] == '\n');
}

static void say_result(const char *what, long result)
{
    microkit_dbg_puts(what);
    microkit_dbg_puts(result < 0 ? " refused\n" : " ALLOWED\n");
}

__attribute__((noinline)) static void overflow_stack(void)
{
    volatile char large[64 * 1024];
    for (size_t i = sizeof(large); i > 0; i -= 64) {
        large[i - 1] = 1;
    }
}

__attribute__((noinline)) static void write_region(void)
{
    *(volatile uint32_t *)(read_only + 16) = 1;
}

static void system_calls(void)
{
    if (is("mprotect")) {
        long result = call3(SYS_X86_MPROTECT, (long)read_only, 4096, 3);
        say_result("mprotect", result);
    } else if (is("open")) {
        say_result("open", call3(SYS_X86_OPEN, (long)"/etc/passwd", 0, 0));
    } else if (is("socket")) {
        say_result("socket", call3(SYS_X86_SOCKET, 2, 1, 0));
    } else if (is("int 0x80") || is("x32")) {
        foreign_call(is("x32"));
    } else if (is("ptrace")) {
        say_result("ptrace", call3(SYS_X86_PTRACE, 16, 1, 0));
    }
}

static void misuse(void)
{
    if (is("defer-twice")) {
        microkit_deferred_notify(1);
        microkit_deferred_notify(2);
    } else if (is("defer-same")) {
        microkit_deferred_notify(1);
        microkit_deferred_notify(1);
    } else if (is("no-channel")) {
        microkit_notify(61);
    } else if (is("no-right")) {
        microkit_ppcall(1, microkit_msginfo_new(0, 0));
    } else if (is("mr")) {
        microkit_mr_set(120, 1);
    }
}

/* A mistake that a sanitizer finds. */
__attribute__((noinline)) static void write_behind(volatile char *bytes, size_t index)
{
    bytes[index] = 1;
}

static void sanitizer_bait(void)
{
    volatile char bytes[16];
    write_behind(bytes, 16);
    microkit_dbg_puts(bytes[0] == 1 ? "1\n" : "not found\n");
}

void init(void)
{
    if (is("bait")) {
        sanitizer_bait();
    }
    if (is("write")) {
        write_region();
    } else if (is("null")) {
        volatile uintptr_t null = 8; /* the compiler must not see it */
        *(volatile uint32_t *)null = 1;
    } else if (is("stack")) {
        overflow_stack();
    } else if (is("trap")) {
        __builtin_trap();
    } else if (is("flood")) {
        for (int i = 0; i < 100000; i++) {
            microkit_dbg_puts("0123456789012345678901234567890123456789\n");
        }
    } else if (is("escape")) {
        microkit_dbg_puts("a\x1b[31mb \xc2\x9b"
                          "31m \u00db\n"); /* of ASCII, of C1, none */
    }
    system_calls();
    misuse();
    microkit_dbg_puts("init done\n");
}

void notified(microkit_channel ch)
{
    microkit_dbg_puts("notified ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
    if (is("later-write")) {
        write_region();
    }
}
