/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor between the kernel, which tells it of faults, and the transmit virtualiser that shows
 * its reports: there, not there yet, full, dead, hostile. */
#include "serial_peer.h"

#include <sddf/monitor.h>

enum { CHILDREN = 4, CHANNEL = 7, CAPACITY = 64, TEXT_MAX = 1 << 16, ROUNDS = 20000 };

static struct monitor_config *config;
static struct peer virt;
static char text[TEXT_MAX];

static void configure(bool with_serial)
{
    static const char *const names[] = {"driver", "virt", "client", "other"};
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_MONITOR, sizeof(*config));
    config->header.version = MONITOR_CONFIG_VERSION;
    if (with_serial) {
        text_peer(&virt, &config->serial, CAPACITY, CHANNEL);
    }
    for (uint32_t i = 0; i < CHILDREN; i++) {
        (void)snprintf(config->children[i].name, CONFIG_INSTANCE_MAX, "%s", names[i]);
    }
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure(true);
    mock_init();
    peer_start(&virt);
}

static void memory_fault(microkit_child child)
{
    mock.words[seL4_VMFault_IP] = 0x200abc;
    mock.words[seL4_VMFault_Addr] = 0x9000;
    mock.words[seL4_VMFault_PrefetchFault] = 0;
    mock.words[seL4_VMFault_FSR] = 0;
    mock_fault(child, seL4_Fault_VMFault);
}

static const char *shown(void)
{
    text[0] = '\0';
    text_take(&virt, text, sizeof(text), UINT32_MAX);
    return text;
}

/* ---- What it says ---- */

static void test_memory(void **state)
{
    (void)state;
    start();
    memory_fault(2);
    assert_non_null(strstr(shown(), "client: memory fault: "));
    assert_non_null(strstr(text, " 0x9000 by the instruction at 0x200abc; stopped\n"));
    assert_int_equal(mock.notified[CHANNEL] != 0, true);
    assert_int_equal(mock_counter("memory_faults"), 1);
    assert_int_equal(mock_counter("client"), 1);
    assert_string_equal(mock_console, ""); /* said once */
}

/* Of x86-64, where these tests run: bit 1 of the error code. */
static void test_access(void **state)
{
    (void)state;
    start();
#if defined(__x86_64__)
    memory_fault(2);
    assert_non_null(strstr(shown(), "memory fault: read of 0x9000"));
    mock.words[seL4_VMFault_FSR] = 6;
    mock_fault(2, seL4_Fault_VMFault);
    assert_non_null(strstr(shown(), "memory fault: write to 0x9000"));
#endif
    mock.words[seL4_VMFault_PrefetchFault] = 1;
    mock_fault(2, seL4_Fault_VMFault);
    assert_non_null(strstr(shown(), "memory fault: execution of 0x9000"));
}

static void test_kinds(void **state)
{
    (void)state;
    start();
    mock.words[seL4_CapFault_IP] = 0x200004;
    mock.words[seL4_CapFault_Addr] = 0x4f;
    mock_fault(0, seL4_Fault_CapFault);
    assert_string_equal(shown(), "driver: capability fault: 0x4f, to send or call, by the "
                                 "instruction at 0x200004; stopped\n");
    mock.words[seL4_UnknownSyscall_FaultIP] = 0x200008;
    mock.words[seL4_UnknownSyscall_Syscall] = 1000;
    mock_fault(1, seL4_Fault_UnknownSyscall);
    assert_string_equal(shown(),
                        "virt: unknown system call 1000 by the instruction at 0x200008; stopped\n");
    mock.words[seL4_UserException_FaultIP] = 0x20000c;
    mock.words[seL4_UserException_Number] = 6;
    mock.words[seL4_UserException_Code] = 0x1f;
    mock_fault(2, seL4_Fault_UserException);
    assert_string_equal(
        shown(), "client: exception 0x6, code 0x1f, of the instruction at 0x20000c; stopped\n");
    mock.words[seL4_Timeout_Data] = 0x5;
    mock_fault(3, seL4_Fault_Timeout);
    assert_string_equal(shown(), "other: used up its budget: timeout fault, data 0x5; stopped\n");
    mock_fault(3, 99);
    assert_string_equal(shown(), "other: fault 99; stopped\n");
    assert_int_equal(mock_counter("capability_faults"), 1);
    assert_int_equal(mock_counter("system_calls"), 1);
    assert_int_equal(mock_counter("exceptions"), 1);
    assert_int_equal(mock_counter("other_faults"), 2);
}

static void test_unknown_child(void **state)
{
    (void)state;
    start();
    memory_fault(61);
    assert_non_null(strstr(shown(), "a child without a name: memory fault"));
    assert_int_equal(mock.stopped[61], 1);
    assert_int_equal(mock_counter("faults"), 1);
}

/* ---- What it does ---- */

static void test_stops(void **state)
{
    (void)state;
    start();
    memory_fault(3);
    assert_int_equal(mock.stopped[3], 1);
    assert_int_equal(mock.restarted[3], 0);
    assert_int_equal(mock_counter("stopped"), 1);
}

static void test_restarts(void **state)
{
    (void)state;
    configure(true);
    config->children[0].restarts = 2;
    mock_init();
    peer_start(&virt);
    memory_fault(0);
    assert_non_null(strstr(shown(), "; restarted, 1 of 2 times\n"));
    assert_int_equal(mock.restarted[0], 1);
    assert_int_equal(mock.entry, MONITOR_IMAGE_START);
    memory_fault(0);
    assert_non_null(strstr(shown(), "; restarted, 2 of 2 times\n"));
    memory_fault(0);
    assert_non_null(strstr(shown(), "; stopped\n"));
    assert_int_equal(mock.restarted[0], 2);
    assert_int_equal(mock.stopped[0], 1);
    assert_int_equal(mock_counter("restarts"), 2);
    memory_fault(2); /* its own account */
    assert_int_equal(mock.stopped[2], 1);
}

/* ---- Whoever shows its reports may be anything ---- */

static void test_without_serial(void **state)
{
    (void)state;
    configure(false);
    mock_init();
    memory_fault(2);
    assert_non_null(strstr(mock_console, "component: client: memory fault: "));
    assert_int_equal(mock.stopped[2], 1);
    assert_int_equal(mock_counter("reports_lost"), 0);
}

static void test_before_the_serial_class(void **state)
{
    (void)state;
    configure(true);
    mock_init();
    memory_fault(2);
    memory_fault(3);
    assert_int_equal(mock.stopped[2] + mock.stopped[3], 2);
    peer_start(&virt);
    assert_non_null(strstr(shown(), "client: memory fault"));
    assert_non_null(strstr(text, "\nother: memory fault"));
    assert_int_equal(mock_counter("reports_lost"), 0);
}

/* The virtualiser takes nothing for a while: lines wait, in order, and go out whole. */
static void test_full(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 20; i++) {
        memory_fault(2);
    }
    text[0] = '\0';
    for (uint32_t i = 0; i < 200; i++) {
        text_take(&virt, text, sizeof(text), 8);
        mock_enter(CHANNEL);
    }
    uint32_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 20);
    assert_int_equal(mock_counter("reports_lost"), 0);
}

static void test_nobody_shows_them(void **state)
{
    (void)state;
    configure(true);
    mock_init();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        memory_fault(2);
    }
    assert_int_equal(mock.stopped[2], ROUNDS);
    assert_true(mock_counter("reports_lost") > ROUNDS - 1000);
    assert_int_equal(mock_counter("faults"), ROUNDS);
    peer_start(&virt); /* the first are kept */
    assert_non_null(strstr(shown(), "client: memory fault"));
}

static void test_who_shows_them_dies(void **state)
{
    (void)state;
    configure(true);
    config->children[1].shows = 1;
    mock_init();
    peer_start(&virt);
    memory_fault(1);
    assert_non_null(strstr(mock_console, "component: virt: memory fault: "));
    mock_console[0] = '\0';
    memory_fault(2);
    assert_non_null(strstr(mock_console, "component: client: memory fault: "));
    assert_int_equal(mock.stopped[1] + mock.stopped[2], 2);
}

static void test_who_shows_them_restarts(void **state)
{
    (void)state;
    configure(true);
    config->children[0].shows = config->children[0].restarts = 1;
    mock_init();
    peer_start(&virt);
    memory_fault(0);
    assert_non_null(strstr(mock_console, "component: driver: memory fault: "));
    assert_non_null(strstr(shown(), "driver: memory fault: ")); /* it may well arrive */
    mock_console[0] = '\0';
    memory_fault(2);
    assert_string_equal(mock_console, "");
}

/* Random words in what the virtualiser writes, on every activation. */
static void test_hostile(void **state)
{
    (void)state;
    start();
    size_t words = QUEUE_SIDE_SIZE(CAPACITY, sizeof(uint64_t)) / sizeof(uint32_t);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        ((uint32_t *)virt.mine)[random_below((uint32_t)words)] = (uint32_t)random64();
        if (random_below(2) == 0) {
            memory_fault(2);
        } else {
            mock_enter(CHANNEL);
        }
    }
    assert_int_equal(mock.stopped[2], mock_counter("faults"));
    atomic_store_release(&virt.mine->epoch, 0);
    memory_fault(3);
    assert_int_equal(mock.stopped[3], 1);
}

static void test_refusals(void **state)
{
    (void)state;
    configure(true);
    memset(config->children[2].name, 'x', CONFIG_INSTANCE_MAX);
    assert_true(mock_init_refused("a child's name is not terminated"));
    configure(true);
    config->children[0].restarts = MONITOR_RESTARTS_MAX + 1;
    assert_true(mock_init_refused("a child may restart more than 1000 times"));
    configure(true);
    config->serial.put_capacity = 3;
    assert_true(mock_init_refused("a queue's capacity is not a power of two"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a memory fault is reported with name, address and instruction", test_memory),
        SENTENCE("reads, writes and execution are told apart", test_access),
        SENTENCE("each kind of fault is named and counted", test_kinds),
        SENTENCE("a child that nobody has named is stopped all the same", test_unknown_child),
        SENTENCE("a child that may not restart is stopped", test_stops),
        SENTENCE("a child is started anew as often as it may, then stopped", test_restarts),
        SENTENCE("without a serial device it reports by the debug output", test_without_serial),
        SENTENCE("what faults before the serial class is there is reported when it is",
                 test_before_the_serial_class),
        SENTENCE("reports wait for room, in order and whole", test_full),
        SENTENCE("faults without end that nobody shows are stopped and counted",
                 test_nobody_shows_them),
        SENTENCE("when who shows its reports has died, the debug output gets them",
                 test_who_shows_them_dies),
        SENTENCE("when who shows its reports restarts, the debug output gets that one, too",
                 test_who_shows_them_restarts),
        SENTENCE("a virtualiser that writes anything anywhere keeps it from nothing", test_hostile),
        SENTENCE("a blob that is wrong is refused", test_refusals),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests(tests, NULL, NULL);
}
