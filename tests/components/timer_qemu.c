/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers that QEMU models, driven from outside by its stub for debuggers (GDB manual, appendix "GDB
 * Remote Serial Protocol"; QEMU, docs/system/gdb.rst): registers are physical memory that is read
 * and written while the machine stands still. Its time is that of the instructions that it executed
 * (-icount, 1024 ns each; QEMU adds what it likes when it starts), so it passes as we say, by a
 * loop that counts down. How much did is told by another clock of the machine. The interrupt is
 * seen where it arrives, in the pending bits of the interrupt controller, by its number. */
#include "timer_model.h"

#include "mock_microkit.h"

#include <inttypes.h>
#include <platform/mmio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define LAP    (UINT64_C(1) << 32)

enum {
    NOT_FOUND = 127,
    TEXT_MAX = 256,
    ROUND_NS = 2 * 1024,
    LOOP_WORDS = 3,
    OPTIONS_MAX = 8,
    PLIC = 0xc000000
};

struct timer_facts timer_facts;

struct board {
    const char *qemu, *machine;
    uint64_t ram;              /* where the loop goes */
    uint32_t loop[LOOP_WORDS]; /* count the first register down to 0; stay where you are */
    uint32_t counter, pc;      /* numbers of registers, of so many bytes */
    uint32_t register_bytes;
    uint64_t pending; /* the word with the interrupt's bit */
    uint64_t claim;   /* from where it is taken, if it does not go with the line */
    uint64_t clock;   /* another clock: a word that counts, and what to write where before */
    uint64_t clock_start[2];
};

/* Interrupts by its PLIC to hart 0, the clock its CLINT's mtime of 10 MHz. */
static const struct board riscv = {
    .qemu = "qemu-system-riscv64",
    .machine = "virt",
    .ram = 0x80000000,
    .loop = {0xfff50513, 0xfe051ee3, 0x0000006f},
    .counter = 10,
    .pc = 32,
    .register_bytes = 8,
    .pending = 0xc001000,
    .claim = 0xc200004,
    .clock = 0x200bff8,
    .clock_start = {0xc002000, UINT32_MAX - 1}, /* it counts always; all interrupts are wanted */
};

/* Interrupts by its GIC, SPIs 0 to 31, the clock Timer1 of its second SP804, on and of 32 bits. */
static const struct board vexpress = {
    .qemu = "qemu-system-arm",
    .machine = "vexpress-a9,secure=off",
    .ram = 0x60000000,
    .loop = {0xe2500001, 0x1afffffd, 0xeafffffe},
    .counter = 0,
    .pc = 15,
    .register_bytes = 4,
    .pending = 0x1e001204,
    .clock = 0x10012004,
    .clock_start = {0x10012008, 1 << 7 | 1 << 1},
};

#define NO_AUDIO "-audiodev", "none,id=none", "-global", "pl041.audiodev=none"

static const struct device {
    const char *name;
    const struct board *board;
    const char *options[OPTIONS_MAX + 1];
    uint32_t interrupt;
    int32_t clock_ns; /* of each count of the other clock, upwards or downwards */
    struct timer_facts facts;
} devices[] = {
    {.name = "goldfish",
     .board = &riscv,
     .options = {"-bios", "none"},
     .interrupt = 11,
     .clock_ns = 100,
     .facts = {.registers_address = 0x101000,
               .registers_size = 0x1000,
               .tick_ns = 100,
               .late_ns = ROUND_NS,
               .far_ns = 10 * SECOND,
               .rounds = 1000}},
    {.name = "pl031", /* it counts a second from the writing of the match register */
     .board = &vexpress,
     .options = {NO_AUDIO},
     .interrupt = 4,
     .clock_ns = -1000,
     .facts = {.registers_address = 0x10017000,
               .registers_size = 0x1000,
               .tick_ns = SECOND,
               .late_ns = 2 * SECOND,
               .far_ns = 10 * SECOND,
               .rounds = 200}},
    {.name = "sp804", /* the first one; at 500 MHz a lap takes 9 s */
     .board = &vexpress,
     .options = {NO_AUDIO, "-global", "sp804.freq0=500000000", "-global", "sp804.freq1=500000000"},
     .interrupt = 2,
     .clock_ns = -2,
     .facts = {.registers_address = 0x10011000,
               .registers_size = 0x1000,
               .clock_hz = 500000000,
               .tick_ns = 4,
               .late_ns = ROUND_NS,
               .far_ns = 3 * LAP * 2,
               .rounds = 1000}},
};

static const struct device *device;
static const struct board *board;
static pid_t child;
static FILE *to, *from;
static uint64_t world;
static uint32_t last; /* that the other clock said */

/* ---- The stub's packets: $text#sum ---- */

/* False if QEMU ended. */
static bool ask(char answer[TEXT_MAX], const char *question)
{
    uint8_t sum = 0;
    size_t length = 0;
    int c;
    for (const char *at = question; *at != '\0'; at++) {
        sum = (uint8_t)(sum + *at);
    }
    (void)fprintf(to, "$%s#%02x", question, sum);
    (void)fflush(to);
    while ((c = fgetc(from)) != '$') {
        if (c == EOF) {
            return false;
        }
    }
    while ((c = fgetc(from)) != '#' && c != EOF && length < TEXT_MAX - 1) {
        answer[length++] = (char)c;
    }
    answer[length] = '\0';
    bool whole = c == '#' && fgetc(from) != EOF && fgetc(from) != EOF;
    (void)fputc('+', to);
    return whole;
}

static void order(const char *text)
{
    char answer[TEXT_MAX];
    assert_true(ask(answer, text));
    assert_string_equal(answer, "OK");
}

/* Little-endian, as digits. */
static const char *digits(uint64_t value, uint32_t bytes)
{
    static char text[2 * sizeof(value) + 1];
    for (uint32_t i = 0; i < bytes; i++) {
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", (unsigned)(value >> 8 * i & 0xff));
    }
    return text;
}

static void set_register(uint32_t number, uint64_t value)
{
    char text[TEXT_MAX];
    (void)snprintf(text, sizeof(text), "P%" PRIx32 "=%s", number,
                   digits(value, board->register_bytes));
    order(text);
}

static void write_word(uint64_t address, uint32_t value)
{
    char text[TEXT_MAX];
    (void)snprintf(text, sizeof(text), "M%" PRIx64 ",4:%s", address, digits(value, 4));
    order(text);
}

static uint32_t read_word(uint64_t address)
{
    char text[TEXT_MAX];
    (void)snprintf(text, sizeof(text), "m%" PRIx64 ",4", address);
    assert_true(ask(text, text));
    assert_int_equal(strlen(text), 8);
    return __builtin_bswap32((uint32_t)strtoul(text, NULL, 16));
}

/* ---- The machine ---- */

static void stop(void)
{
    if (child != 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        (void)fclose(to);
        (void)fclose(from);
        child = 0;
    }
}

static void start(void)
{
    const char *arguments[OPTIONS_MAX + 20] = {board->qemu,
                                               "-machine",
                                               board->machine,
                                               "-icount",
                                               "shift=10",
                                               "-rtc",
                                               "base=2026-11-29T12:00:00,clock=vm",
                                               "-display",
                                               "none",
                                               "-nodefaults",
                                               "-S",
                                               "-gdb",
                                               "stdio"};
    size_t count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    memcpy(&arguments[count], device->options, sizeof(device->options));
    int in[2];
    int out[2];
    assert_int_equal(pipe(in) | pipe(out), 0);
    child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execvp(board->qemu, (char **)(uintptr_t)arguments);
        _exit(NOT_FOUND);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    assert_true(child > 0 && to != NULL && from != NULL);
}

bool timer_model_open(const char *name)
{
    char answer[TEXT_MAX];
    int status = 0;
    for (uint32_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        device = strcmp(devices[i].name, name) == 0 ? &devices[i] : device;
    }
    board = device->board;
    timer_facts = device->facts;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)atexit(stop);
    start();
    if (!ask(answer, "?")) {
        (void)waitpid(child, &status, 0);
        child = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND) {
            (void)printf("1..0 # SKIP no %s\n", board->qemu);
            return false;
        }
    }
    return true;
}

void timer_reset(void)
{
    char text[TEXT_MAX];
    stop();
    start();
    order("Qqemu.PhyMemMode:1");
    assert_true(ask(text, "qXfer:features:read:target.xml:0,10")); /* then it takes registers */
    for (uint32_t i = 0; i < LOOP_WORDS; i++) {
        write_word(board->ram + 4 * i, board->loop[i]);
    }
    (void)snprintf(text, sizeof(text), "Z0,%" PRIx64 ",4", board->ram + 8);
    order(text);
    write_word(board->clock_start[0], (uint32_t)board->clock_start[1]);
    if (board->claim != 0) {
        write_word(PLIC + 4 * device->interrupt, 1); /* its priority */
    }
    last = read_word(board->clock);
    world = 0;
}

uint64_t timer_world_ns(void)
{
    return world;
}

/* Rounds of two instructions until the breakpoint behind them. */
void timer_pass(uint64_t ns)
{
    char answer[TEXT_MAX];
    uint64_t rounds = (ns + ROUND_NS - 1) / ROUND_NS;
    if (rounds == 0) {
        return;
    }
    set_register(board->counter, rounds);
    set_register(board->pc, board->ram);
    assert_true(ask(answer, "c"));
    assert_int_equal(strncmp(answer, "T05", 3), 0);
    uint32_t clock = read_word(board->clock);
    int32_t ticks = (int32_t)(clock - last);
    last = clock;
    world += (uint64_t)((int64_t)ticks * device->clock_ns);
}

/* A PLIC remembers its line's edge until the interrupt is taken; a GIC shows the line. */
bool timer_interrupt(void)
{
    bool pending = (read_word(board->pending) >> device->interrupt & 1) != 0;
    if (pending && board->claim != 0) {
        assert_int_equal(read_word(board->claim), device->interrupt);
        write_word(board->claim, device->interrupt);
    }
    return pending;
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    assert_int_equal(size_bytes, 4);
    return read_word(address);
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    assert_int_equal(size_bytes, 4);
    write_word(address, (uint32_t)value);
}

void mock_mmio_barrier(void)
{
}

/* QEMU's devices are what they are. */
void timer_be_another(void)
{
}

void timer_lie(void)
{
}

void timer_creep(uint64_t ns)
{
    (void)ns;
}
