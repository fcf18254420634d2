/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a PD starts anew. On seL4 every image starts at 0x200000, and that is the address that
 * parents give to microkit_pd_restart(). An image that lies there keeps it. Other images lie where
 * there was room: then a page at 0x200000 leads to the image's own _start, or, where it has none,
 * to pd_begin, which does what libmicrokit's does: on the stack as it is, init() and the event
 * loop. */
#include "pd.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { START = 0x200000 };

/* The jump is copied to the page, and its last 8 bytes become the address of pd_begin, which aligns
 * the stack pointer, wherever the PD stood. */
extern const uint8_t pd_jump[], pd_jump_end[];
void pd_begin(void);

#if defined(__x86_64__)
__asm__(".text\n"
        ".balign 8\n"
        "pd_jump: jmp *0f(%rip)\n"
        ".balign 8\n"
        "0: .quad 0\n"
        "pd_jump_end:\n"
        ".type pd_begin, @function\n"
        "pd_begin: cld\n"
        "xorl %ebp, %ebp\n"
        "andq $-16, %rsp\n"
        "call pd_run\n"
        "ud2\n"
        ".size pd_begin, . - pd_begin\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".balign 8\n"
        "pd_jump: ldr x16, 0f\n"
        "br x16\n"
        "0: .quad 0\n"
        "pd_jump_end:\n"
        ".type pd_begin, %function\n"
        "pd_begin: mov x29, #0\n"
        "mov x30, #0\n"
        "mov x16, sp\n"
        "and sp, x16, #-16\n"
        "bl pd_run\n"
        "brk #0\n"
        ".size pd_begin, . - pd_begin\n");
#elif defined(__riscv)
__asm__(".text\n"
        ".option push\n"
        ".option norvc\n"
        ".balign 8\n"
        "pd_jump: auipc t1, 0\n"
        "ld t1, 16(t1)\n"
        "jr t1\n"
        "nop\n"
        ".quad 0\n"
        "pd_jump_end:\n"
        ".option pop\n"
        ".type pd_begin, %function\n"
        "pd_begin: andi sp, sp, -16\n"
        "li fp, 0\n"
        "call pd_run\n"
        "ebreak\n"
        ".size pd_begin, . - pd_begin\n");
#endif

void pd_make_start(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *start = mmap((void *)(uintptr_t)START, page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (start == MAP_FAILED) {
        if (errno != EEXIST) { /* else the image lies there */
            pd_start_failed("no memory at %#x: %s", START, strerror(errno));
        }
        return;
    }
    size_t size = (size_t)(pd_jump_end - pd_jump);
    uint64_t target = pd.start != 0 ? pd.image_base + pd.start : (uint64_t)(uintptr_t)pd_begin;
    memcpy(start, pd_jump, size);
    memcpy(start + size - sizeof(target), &target, sizeof(target));
    __builtin___clear_cache((char *)start, (char *)start + size);
    if (mprotect(start, page, PROT_READ | PROT_EXEC) != 0) {
        pd_start_failed("mprotect: %s", strerror(errno));
    }
}

static void mark(int how)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigprocmask(how, &set, NULL);
}

/* The runner must not move a child before its sandbox is closed and it stands on its own stack. So
 * a signal that stops it for the runner is raised before the sandbox, and let through behind it. */
void pd_announce(void)
{
    if ((pd.options & PD_OPTION_CHILD) != 0) {
        mark(SIG_BLOCK);
        (void)raise(SIGUSR1);
    }
}

void pd_announced(void)
{
    if ((pd.options & PD_OPTION_CHILD) != 0) {
        mark(SIG_UNBLOCK);
    }
}
