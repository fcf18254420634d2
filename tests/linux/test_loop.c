/* SPDX-License-Identifier: BSD-2-Clause */
/* The PD's event loop against a hostile peer: what may stand in a line page, which the peer writes
 * at will. Includes the loop itself to reach its parts. */
#include "platform/linux/pd/loop.c" /* NOLINT(bugprone-suspicious-include) */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
/* cmocka wants the three above before it. */
#include <cmocka.h>

enum { PEER = 5, OWN_ID = 7, SILENT_ID = 8 };

struct pd_own pd;
char microkit_name[MICROKIT_PD_NAME_LENGTH];
static struct pd_line in, out;
static struct pd_state own_state, peer_state;
static struct pd_report report;

static microkit_msginfo answer(microkit_channel ch, microkit_msginfo info)
{
    (void)ch;
    return info;
}

/* One peer, which may notify and call on OWN_ID and may do nothing on SILENT_ID. */
static int set_up(void **state)
{
    (void)state;
    int wake[2];
    memset(&pd, 0, sizeof(pd));
    memset(&in, 0, sizeof(in));
    memset(&out, 0, sizeof(out));
    if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) != 0) {
        return 1;
    }
    pd.state = &own_state;
    pd.report = &report;
    pd.protected_ = answer;
    pd.wake_fd = wake[0];
    pd.log_fd = -1;
    pd_deferred_place(&microkit_have_signal, &microkit_signal_cap, &microkit_signal_msg);
    pd.peers[PEER] = (struct pd_peer){
        .used = true, .out = &out, .in = &in, .state = &peer_state, .wake = wake[1]};
    pd.peer_list[pd.peer_count++] = PEER;
    pd.channels[OWN_ID] =
        (struct pd_channel){.used = true,
                            .peer = PEER,
                            .peer_id = 3,
                            .may = PD_MAY_NOTIFY | PD_PEER_MAY_NOTIFY | PD_PEER_MAY_CALL};
    pd.channels[SILENT_ID] = (struct pd_channel){.used = true, .peer = PEER, .peer_id = 4};
    pd.listened[pd.listened_count++] =
        (struct pd_listened){.word = &in.notified[OWN_ID], .id = OWN_ID};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(pd.wake_fd);
    close(pd.peers[PEER].wake);
    return 0;
}

static void call(uint32_t channel, uint64_t info)
{
    in.call.channel = channel;
    in.call.info = info;
    in.call.begun = in.call.count + 1;
    in.call.count++;
}

static void a_caller_that_changes_its_message_during_the_call_changes_nothing(void **state)
{
    (void)state;
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    in.call.words[0] = 11;
    in.call.words[1] = 12;
    call(OWN_ID, microkit_msginfo_new(9, 2).words[0]);
    assert_ptr_equal(take_call(&ch, &info), &pd.peers[PEER]);
    in.call.words[0] = 666;
    in.call.info = microkit_msginfo_new(6, 120).words[0];
    assert_int_equal(ch, OWN_ID);
    assert_int_equal(microkit_msginfo_get_label(info), 9);
    assert_int_equal(microkit_msginfo_get_count(info), 2);
    assert_int_equal(pd.message[0], 11);
    assert_int_equal(pd.message[1], 12);
}

static void a_message_longer_than_the_registers_is_cut(void **state)
{
    (void)state;
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    call(OWN_ID, UINT64_MAX);
    assert_non_null(take_call(&ch, &info));
    assert_int_equal(microkit_msginfo_get_count(info), PD_MESSAGE_WORDS);
}

static void a_call_on_a_channel_that_does_not_allow_it_is_not_delivered(void **state)
{
    (void)state;
    static const uint32_t channels[] = {SILENT_ID, 0, 61, 62, UINT32_MAX};
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        call(channels[i], 0);
        assert_null(take_call(&ch, &info));
    }
    call(OWN_ID, 0);
    assert_non_null(take_call(&ch, &info));
}

static void a_call_is_delivered_once(void **state)
{
    (void)state;
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    call(OWN_ID, 0);
    assert_non_null(take_call(&ch, &info));
    assert_null(take_call(&ch, &info));
}

static void notifications_merge_and_only_those_allowed_are_delivered(void **state)
{
    (void)state;
    in.notified[OWN_ID] += 3;
    in.notified[SILENT_ID]++;
    in.notified[0]++;
    in.notified[63]++;
    assert_int_equal(take_notifications(), UINT64_C(1) << OWN_ID);
    assert_int_equal(take_notifications(), 0);
    in.notified[OWN_ID] -= 2; /* a peer may write what it likes: any change is one notification */
    assert_int_equal(take_notifications(), UINT64_C(1) << OWN_ID);
}

static void a_reply_carries_the_number_of_its_call(void **state)
{
    (void)state;
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    in.call.count = 41;
    pd.peers[PEER].calls_seen = 41;
    call(OWN_ID, 0);
    struct pd_peer *caller = take_call(&ch, &info);
    assert_non_null(caller);
    pd.message[0] = 5;
    reply(caller, microkit_msginfo_new(1, 1));
    assert_int_equal(out.reply.count, 42);
    assert_int_equal(out.reply.words[0], 5);
}

static void a_notification_wakes_only_a_peer_that_sleeps(void **state)
{
    (void)state;
    char byte;
    peer_state.sleeping = 0;
    microkit_notify(OWN_ID);
    assert_int_equal(out.notified[3], 1);
    assert_int_equal(read(pd.wake_fd, &byte, 1), -1);
    peer_state.sleeping = 1;
    microkit_notify(OWN_ID);
    assert_int_equal(out.notified[3], 2);
    assert_int_equal(read(pd.wake_fd, &byte, 1), 1);
}

static void a_call_that_was_withdrawn_is_not_delivered_and_the_next_one_is(void **state)
{
    (void)state;
    microkit_channel ch = 0;
    microkit_msginfo info = {{0}};
    in.call.words[0] = 1;
    call(OWN_ID, microkit_msginfo_new(0, 1).words[0]);
    in.call.begun++; /* by the runner, or by a restarted caller that writes a newer message */
    assert_null(take_call(&ch, &info));
    assert_null(take_call(&ch, &info));
    in.call.words[0] = 2;
    in.call.count++;
    assert_non_null(take_call(&ch, &info));
    assert_int_equal(pd.message[0], 2);
}

/* What a PD of its own process saw, in memory that outlives it. */
static struct {
    struct link_driver_half driver;
    struct link_device_half device;
    uint32_t tail_in_init;
    uint32_t interrupts;
} * seen;

enum { IRQ_ID = 11, OTHER_IRQ_ID = 12, INTERRUPTS = 3 };

static void init_looks_for_acknowledgements(void)
{
    seen->tail_in_init = seen->driver.write_tail;
    seen->device.irq_fired = 1; /* the line is up: fires as soon as it is acknowledged */
}

static void notified_leaves_the_line_up(microkit_channel ch)
{
    if (ch == IRQ_ID && ++seen->interrupts < INTERRUPTS) {
        microkit_irq_ack(ch);
        seen->device.irq_fired++; /* as the device model does, for a level that is still up */
    }
}

/* Runs the PD's loop in a process of its own until it would sleep. */
static void run_until_it_sleeps(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int wake[2];
        if (pipe2(wake, O_CLOEXEC) == 0) {
            close(wake[1]); /* nobody is left who could wake it: it ends */
            pd.wake_fd = wake[0];
            pd_run();
        }
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PD_EXIT_START);
}

static void share_seen(void)
{
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(seen, MAP_FAILED);
}

static void
all_interrupts_are_acknowledged_behind_init_and_those_that_stand_come_again(void **state)
{
    (void)state;
    share_seen();
    link_attach(&(struct link_window){.address = 0x1000,
                                      .size = 0x1000,
                                      .driver = &seen->driver,
                                      .device = &seen->device,
                                      .device_wake = -1,
                                      .driver_wake = -1});
    pd.irqs[IRQ_ID] = link_find(0x1000);
    pd.irqs[OTHER_IRQ_ID] = link_find(0x1000);
    pd.irq_ids = UINT64_C(1) << IRQ_ID | UINT64_C(1) << OTHER_IRQ_ID;
    pd.init = init_looks_for_acknowledgements;
    pd.notified = notified_leaves_the_line_up;
    run_until_it_sleeps();
    assert_int_equal(seen->tail_in_init, 0);
    assert_true(seen->driver.write_tail >= 2);
    assert_int_equal(seen->driver.writes[0].offset, LINK_OFFSET_IRQ_ACK);
    assert_int_equal(seen->driver.writes[1].offset, LINK_OFFSET_IRQ_ACK);
    assert_int_equal(seen->interrupts, INTERRUPTS);
    pd.irq_ids = 0; /* `seen` stays mapped: the link keeps the window */
}

static void nothing(void)
{
}

static microkit_msginfo answer_and_defer(microkit_channel ch, microkit_msginfo info)
{
    microkit_deferred_notify(ch);
    return info;
}

/* libmicrokit 2.3: not at some later wait, which may never come. */
static void the_deferred_call_of_protected_is_made_with_the_reply(void **state)
{
    (void)state;
    struct pd_line *shared =
        mmap(NULL, PD_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    pd.peers[PEER].out = shared;
    pd.init = nothing;
    pd.protected_ = answer_and_defer;
    call(OWN_ID, 0);
    run_until_it_sleeps();
    assert_int_equal(shared->reply.count, in.call.count);
    assert_int_equal(shared->notified[3], 1);
    munmap(shared, PD_PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_caller_that_changes_its_message_during_the_call_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_longer_than_the_registers_is_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_call_on_a_channel_that_does_not_allow_it_is_not_delivered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_is_delivered_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notifications_merge_and_only_those_allowed_are_delivered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_carries_the_number_of_its_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_call_that_was_withdrawn_is_not_delivered_and_the_next_one_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            all_interrupts_are_acknowledged_behind_init_and_those_that_stand_come_again, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(the_deferred_call_of_protected_is_made_with_the_reply,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_notification_wakes_only_a_peer_that_sleeps, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
