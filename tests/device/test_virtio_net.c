/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net model with a well-behaved driver: start-up, both directions, suppression of
 * notifications and interrupts, reset. */
#include "fixture.h"

#include <string.h>

enum { ALL_OK = 15 }; /* ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK */

static struct driver *driver(void)
{
    return &fixture.driver;
}

static uint32_t read_register(uint32_t offset)
{
    return driver()->read(offset);
}

static void registers_identify_a_modern_network_device(void **state)
{
    (void)state;
    assert_int_equal(read_register(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
    assert_int_equal(read_register(VIRTIO_MMIO_VERSION), 2);
    assert_int_equal(read_register(VIRTIO_MMIO_DEVICE_ID), 1);
    assert_int_equal(read_register(VIRTIO_MMIO_CONFIG), 0x02015452);
    assert_int_equal(read_register(VIRTIO_MMIO_CONFIG + 4), 0x0403);
    driver()->write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    assert_int_equal(read_register(VIRTIO_MMIO_DEVICE_FEATURES), 3);
    driver()->write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    assert_int_equal(read_register(VIRTIO_MMIO_DEVICE_FEATURES), 1U << 29 | 1U << 5);
    driver()->write(VIRTIO_MMIO_QUEUE_SEL, 1);
    assert_int_equal(read_register(VIRTIO_MMIO_QUEUE_NUM_MAX), 1024);
    driver()->write(VIRTIO_MMIO_QUEUE_SEL, 2);
    assert_int_equal(read_register(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
}

static void features_without_version_1_are_refused(void **state)
{
    (void)state;
    assert_false(driver_negotiate(driver(), UINT64_C(1) << VIRTIO_NET_F_MAC));
}

static void features_that_were_not_offered_are_refused(void **state)
{
    (void)state;
    assert_false(driver_negotiate(driver(), FIXTURE_VERSION_1 | 1));
    assert_false(driver_negotiate(driver(), FIXTURE_VERSION_1 | 1U << VIRTIO_RING_F_INDIRECT_DESC));
}

static void features_cannot_change_after_features_ok(void **state)
{
    (void)state;
    assert_true(driver_negotiate(driver(), FIXTURE_VERSION_1));
    driver()->write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    driver()->write(VIRTIO_MMIO_DRIVER_FEATURES, 1U << VIRTIO_RING_F_EVENT_IDX);
    assert_int_equal(fixture.net.driver_features, FIXTURE_VERSION_1);
    assert_int_equal(fixture_counter(VIRTIO_NET_BAD_ACCESSES), 1);
}

static void driver_ok_needs_features_ok(void **state)
{
    (void)state;
    driver()->write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_DRIVER_OK);
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 0);
    assert_int_equal(fixture_counter(VIRTIO_NET_BAD_ACCESSES), 1);
}

static void queue_registers_do_not_change_while_the_queue_is_ready(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver()->write(VIRTIO_MMIO_QUEUE_SEL, 1);
    driver()->write(VIRTIO_MMIO_QUEUE_NUM, 16);
    driver()->write(VIRTIO_MMIO_QUEUE_DESC_LOW, 0);
    assert_int_equal(fixture.net.queues[1].size, 8);
    assert_int_equal(fixture.net.queues[1].descriptors, driver_ring_address(1, 0));
    assert_int_equal(fixture_counter(VIRTIO_NET_BAD_ACCESSES), 2);
}

static void accesses_other_than_32_bits_are_ignored_and_counted(void **state)
{
    (void)state;
    virtio_net_write(&fixture.net, VIRTIO_MMIO_STATUS, 1, 1);
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 0);
    assert_int_equal(virtio_net_read(&fixture.net, VIRTIO_MMIO_QUEUE_NUM_MAX, 2), 0);
    assert_int_equal(fixture_counter(VIRTIO_NET_BAD_ACCESSES), 2);
}

static void a_frame_arrives_behind_a_header_in_a_receive_buffer(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver_offer_receive(driver(), 3);
    fixture_arrive(100, 0x5a);
    fixture_run();
    const struct vring_used *used = driver()->queues[0].used;
    assert_int_equal(used->idx, 1);
    assert_int_equal(used->ring[0].id, 3);
    assert_int_equal(used->ring[0].len, 112);
    static const uint8_t header[DRIVER_HEADER_SIZE] = {[10] = 1};
    assert_memory_equal(driver_buffer(driver(), 3), header, sizeof header);
    assert_memory_equal(driver_buffer(driver(), 3) + 12, fixture.arriving.data[0], 100);
    assert_int_equal(driver_buffer(driver(), 3)[112], 0);
    assert_true(fixture.irq);
    assert_int_equal(read_register(VIRTIO_MMIO_INTERRUPT_STATUS), 1);
    driver()->write(VIRTIO_MMIO_INTERRUPT_ACK, 1);
    assert_false(fixture.irq);
    assert_int_equal(read_register(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
}

static void a_receive_chain_may_split_header_and_frame_anywhere(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    const uint16_t flags = VRING_DESC_F_WRITE | VRING_DESC_F_NEXT;
    driver_describe(driver(), 0, 0, driver_buffer_address(0), 5, flags, 1);
    driver_describe(driver(), 0, 1, driver_buffer_address(1), 20, flags, 2);
    driver_describe(driver(), 0, 2, driver_buffer_address(2), 2000, VRING_DESC_F_WRITE, 0);
    driver_offer(driver(), 0, 0);
    fixture_arrive(1518, 0x77);
    fixture_run();
    assert_int_equal(driver()->queues[0].used->ring[0].len, 1530);
    assert_int_equal(driver_buffer(driver(), 1)[5], 1); /* num_buffers: byte 10 of the header */
    assert_int_equal(driver_buffer(driver(), 1)[6], 0);
    assert_int_equal(driver_buffer(driver(), 1)[7], 0x77);
    assert_int_equal(driver_buffer(driver(), 1)[19], 0x77);
    assert_int_equal(driver_buffer(driver(), 1)[20], 0);
    assert_int_equal(driver_buffer(driver(), 2)[1518 - 13 - 1], 0x77);
    assert_int_equal(driver_buffer(driver(), 2)[1518 - 13], 0);
}

static void a_transmitted_chain_reaches_the_wire_as_one_frame(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    for (unsigned i = 0; i < 100; i++) {
        driver_buffer(driver(), 1)[i] = (uint8_t)i;
    }
    driver_describe(driver(), 1, 5, driver_buffer_address(0), 12, VRING_DESC_F_NEXT, 6);
    driver_describe(driver(), 1, 6, driver_buffer_address(1), 30, VRING_DESC_F_NEXT, 7);
    driver_describe(driver(), 1, 7, 0xdead, 0, VRING_DESC_F_NEXT, 0); /* empty: not reached */
    driver_describe(driver(), 1, 0, driver_buffer_address(1) + 30, 70, 0, 0);
    driver_offer(driver(), 1, 5);
    fixture_run();
    assert_int_equal(fixture.sent.count, 1);
    assert_int_equal(fixture.sent.size[0], 100);
    assert_memory_equal(fixture.sent.data[0], driver_buffer(driver(), 1), 100);
    assert_int_equal(driver()->queues[1].used->idx, 1);
    assert_int_equal(driver()->queues[1].used->ring[0].id, 5);
    assert_int_equal(fixture_counter(VIRTIO_NET_TX_BYTES), 100);
}

static void frames_wait_for_buffers_and_the_driver_is_asked_to_notify(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_EVENT_IDX));
    driver_offer_receive(driver(), 0);
    fixture_arrive(60, 1);
    fixture_arrive(60, 2);
    fixture_run();
    assert_int_equal(driver()->queues[0].used->idx, 1);
    assert_int_equal(virtio_net_wait_fd(&fixture.net), -1);
    assert_int_equal(driver_avail_event(driver(), 0), 1);
    assert_int_equal(fixture_counter(VIRTIO_NET_RX_STALLS), 1);
    driver_offer_receive(driver(), 1);
    assert_false(virtio_net_arm(&fixture.net)); /* a buffer that came before the sleep is seen */
    fixture_run();
    assert_int_equal(driver()->queues[0].used->idx, 2);
    assert_int_equal(driver_buffer(driver(), 1)[12], 2);
    assert_false(fixture.net.rx_stalled);
}

static void frames_before_driver_ok_are_dropped_and_counted(void **state)
{
    (void)state;
    fixture_arrive(60, 1);
    fixture_run();
    assert_int_equal(fixture_counter(VIRTIO_NET_RX_DROP_NOT_READY), 1);
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver_offer_receive(driver(), 0);
    fixture_run();
    assert_int_equal(driver()->queues[0].used->idx, 0);
}

/* Transmits one frame and says whether that raised the interrupt. */
static bool transmit_one(uint16_t i)
{
    static const uint8_t frame[60] = {1};
    unsigned before = fixture.irqs;
    driver_offer_transmit(driver(), i % 8, frame, sizeof frame);
    fixture_run();
    driver()->write(VIRTIO_MMIO_INTERRUPT_ACK, 1);
    return fixture.irqs != before;
}

static void an_interrupt_comes_exactly_when_used_event_is_passed_also_at_the_wrap(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_EVENT_IDX));
    for (uint32_t i = 0; i < 0x10000 + 64; i++) {
        *driver_used_event(driver(), 1) = (uint16_t)(i / 16 * 16 + 15);
        assert_int_equal(transmit_one((uint16_t)i), i % 16 == 15);
    }
    /* One batch over the event and the wrap interrupts once. */
    assert_int_equal(fixture_counter(VIRTIO_NET_TX_PACKETS), 0x10000 + 64);
    static const uint8_t frame[60] = {1};
    unsigned before = fixture.irqs;
    *driver_used_event(driver(), 1) = 66;
    for (uint16_t i = 0; i < 8; i++) {
        driver_offer_transmit(driver(), i, frame, sizeof frame);
    }
    fixture_run();
    assert_int_equal(fixture.irqs, before + 1);
}

static void avail_event_stands_at_the_next_chain_when_the_device_sleeps(void **state)
{
    (void)state;
    assert_true(driver_start(driver(), 8, FIXTURE_EVENT_IDX));
    for (uint32_t i = 0; i < 0x10000 + 64; i++) {
        fixture_run();
        assert_int_equal(driver_avail_event(driver(), 1), (uint16_t)i);
        transmit_one((uint16_t)i);
    }
}

static void flags_suppress_interrupts_and_notifications_without_event_index(void **state)
{
    (void)state;
    static const uint8_t frame[60] = {1};
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver()->queues[1].available->flags = VRING_AVAIL_F_NO_INTERRUPT;
    assert_false(transmit_one(0));
    driver()->queues[1].available->flags = 0;
    assert_true(transmit_one(1));
    driver_offer_transmit(driver(), 2, frame, sizeof frame);
    assert_true(virtio_net_work(&fixture.net));
    assert_int_equal(driver()->queues[1].used->flags, VRING_USED_F_NO_NOTIFY);
    assert_true(virtio_net_arm(&fixture.net));
    assert_int_equal(driver()->queues[1].used->flags, 0);
}

static void a_reset_in_the_middle_stops_the_device_and_it_starts_anew(void **state)
{
    (void)state;
    static const uint8_t frame[60] = {1};
    assert_true(driver_start(driver(), 8, FIXTURE_EVENT_IDX));
    driver_offer_receive(driver(), 0);
    driver_offer_transmit(driver(), 1, frame, sizeof frame);
    fixture_run();
    assert_true(fixture.irq);
    driver_offer_transmit(driver(), 2, frame, sizeof frame);
    driver()->write(VIRTIO_MMIO_STATUS, 0);
    assert_false(fixture.irq);
    assert_int_equal(read_register(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 0);
    fixture_arrive(60, 9);
    fixture_run();
    assert_int_equal(fixture.sent.count, 1);
    assert_int_equal(driver()->queues[0].used->idx, 0);
    assert_true(driver_start(driver(), 4, FIXTURE_VERSION_1));
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), ALL_OK);
    assert_true(transmit_one(0));
    assert_int_equal(fixture.sent.count, 2);
}

static void an_acknowledgement_that_comes_late_does_not_swallow_the_next_interrupt(void **state)
{
    (void)state;
    static const uint8_t frame[60] = {1};
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver_offer_transmit(driver(), 0, frame, sizeof frame);
    fixture_run();
    /* The driver posts the acknowledgement and sees nothing new; then the device publishes; only
     * then is the acknowledgement applied. */
    driver_offer_transmit(driver(), 1, frame, sizeof frame);
    assert_true(virtio_net_work(&fixture.net));
    driver()->write(VIRTIO_MMIO_INTERRUPT_ACK, 1);
    assert_false(fixture.irq);
    fixture_run();
    assert_true(fixture.irq);
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_identify_a_modern_network_device),
        TEST(features_without_version_1_are_refused),
        TEST(features_that_were_not_offered_are_refused),
        TEST(features_cannot_change_after_features_ok),
        TEST(driver_ok_needs_features_ok),
        TEST(queue_registers_do_not_change_while_the_queue_is_ready),
        TEST(accesses_other_than_32_bits_are_ignored_and_counted),
        TEST(a_frame_arrives_behind_a_header_in_a_receive_buffer),
        TEST(a_receive_chain_may_split_header_and_frame_anywhere),
        TEST(a_transmitted_chain_reaches_the_wire_as_one_frame),
        TEST(frames_wait_for_buffers_and_the_driver_is_asked_to_notify),
        TEST(frames_before_driver_ok_are_dropped_and_counted),
        TEST(an_interrupt_comes_exactly_when_used_event_is_passed_also_at_the_wrap),
        TEST(avail_event_stands_at_the_next_chain_when_the_device_sleeps),
        TEST(flags_suppress_interrupts_and_notifications_without_event_index),
        TEST(an_acknowledgement_that_comes_late_does_not_swallow_the_next_interrupt),
        TEST(a_reset_in_the_middle_stops_the_device_and_it_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
