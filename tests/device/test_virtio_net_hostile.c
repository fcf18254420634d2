/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net model with a hostile driver: nothing outside of the DMA region is reached, each
 * error is counted, the device goes on or waits for a reset. */
#include "fixture.h"

#include <string.h>

static struct driver *driver(void)
{
    return &fixture.driver;
}

static bool needs_reset(void)
{
    return (driver()->read(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET) != 0;
}

static void assert_stopped_with_a_report(enum virtio_net_counter counter)
{
    fixture_run();
    assert_true(needs_reset());
    assert_true(fixture.irq);
    assert_int_equal(driver()->read(VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_CONFIG);
    assert_int_equal(fixture_counter(counter), 1);
    assert_int_equal(fixture.log_lines, 1);
    assert_int_equal(fixture.sent.count, 0);
    assert_int_equal(driver()->queues[1].used->idx, 0);
}

static int start(void **state)
{
    fixture_setup(state);
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    return 0;
}

static void describe_and_offer(uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    driver_describe(driver(), 1, 0, address, length, flags, next);
    driver_offer(driver(), 1, 0);
}

static void a_chain_that_loops_stops_the_device(void **state)
{
    (void)state;
    driver_describe(driver(), 1, 1, driver_buffer_address(0), 1, VRING_DESC_F_NEXT, 0);
    describe_and_offer(driver_buffer_address(0), 1, VRING_DESC_F_NEXT, 1);
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void a_loop_of_empty_descriptors_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 0, VRING_DESC_F_NEXT, 0);
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void a_head_beyond_the_table_stops_the_device(void **state)
{
    (void)state;
    driver_offer(driver(), 1, 8);
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void a_next_beyond_the_table_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 100, VRING_DESC_F_NEXT, 0xffff);
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void an_indirect_table_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 32, VRING_DESC_F_INDIRECT, 0);
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void an_available_index_too_far_ahead_stops_the_device(void **state)
{
    (void)state;
    driver()->queues[1].available->idx = 9;
    assert_stopped_with_a_report(VIRTIO_NET_RING_ERRORS);
}

static void an_address_below_the_region_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(DRIVER_IO_ADDRESS - 1, 100, 0, 0);
    assert_stopped_with_a_report(VIRTIO_NET_DMA_FAULTS);
    assert_non_null(strstr(fixture.log, "0x7fffffff"));
}

static void a_buffer_over_the_end_of_the_region_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(DRIVER_IO_ADDRESS + DRIVER_MEMORY_SIZE - 99, 100, 0, 0);
    assert_stopped_with_a_report(VIRTIO_NET_DMA_FAULTS);
}

static void an_address_that_overflows_stops_the_device(void **state)
{
    (void)state;
    describe_and_offer(UINT64_MAX - 10, UINT32_MAX, 0, 0);
    assert_stopped_with_a_report(VIRTIO_NET_DMA_FAULTS);
}

static void the_last_bytes_of_the_region_may_be_used(void **state)
{
    (void)state;
    describe_and_offer(DRIVER_IO_ADDRESS + DRIVER_MEMORY_SIZE - 100, 100, 0, 0);
    fixture_run();
    assert_false(needs_reset());
    assert_int_equal(fixture.sent.count, 1);
}

static void a_bad_receive_buffer_stops_the_device(void **state)
{
    (void)state;
    driver_describe(driver(), 0, 0, 0x1000, 2048, VRING_DESC_F_WRITE, 0);
    driver_offer(driver(), 0, 0);
    fixture_arrive(60, 1);
    assert_stopped_with_a_report(VIRTIO_NET_DMA_FAULTS);
}

static void an_error_is_reported_once_and_counted_always(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
        driver_offer(driver(), 1, 8);
        fixture_run();
        assert_true(needs_reset());
    }
    assert_int_equal(fixture_counter(VIRTIO_NET_RING_ERRORS), 3);
    assert_int_equal(fixture.log_lines, 1);
}

static void check_rings(uint16_t size, uint64_t descriptors, uint64_t available, uint64_t used)
{
    driver()->size = size;
    assert_true(driver_negotiate(driver(), FIXTURE_VERSION_1));
    driver_queue_setup(driver(), 1, descriptors, available, used);
    assert_true(needs_reset());
    assert_int_equal(driver()->read(VIRTIO_MMIO_QUEUE_READY), 0);
}

static void rings_that_are_misaligned_or_outside_are_refused(void **state)
{
    (void)state;
    uint64_t desc = driver_ring_address(1, 0), avail = driver_ring_address(1, 1),
             used = driver_ring_address(1, 2), end = DRIVER_IO_ADDRESS + DRIVER_MEMORY_SIZE;
    check_rings(8, desc + 8, avail, used);
    check_rings(8, desc, avail + 1, used);
    check_rings(8, desc, avail, used + 2);
    check_rings(8, end - 112, avail, used);
    check_rings(8, desc, end - 20, used);
    check_rings(8, desc, avail, end - 68);
    check_rings(8, desc, avail, UINT64_MAX - 3);
    check_rings(0, desc, avail, used);
    check_rings(7, desc, avail, used);
    check_rings(2048, desc, avail, used);
    assert_int_equal(fixture_counter(VIRTIO_NET_DMA_FAULTS), 7);
    assert_int_equal(fixture_counter(VIRTIO_NET_RING_ERRORS), 3);
}

static void assert_dropped_and_returned(enum virtio_net_counter counter)
{
    fixture_run();
    assert_false(needs_reset());
    assert_int_equal(fixture_counter(counter), 1);
    assert_int_equal(fixture.sent.count, 0);
    assert_int_equal(driver()->queues[1].used->idx, 1);
    assert_int_equal(driver()->queues[1].used->ring[0].len, 0);
}

static void a_transmit_chain_that_is_writable_is_dropped_and_returned(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 100, VRING_DESC_F_WRITE, 0);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_MALFORMED);
}

static void a_transmit_chain_with_a_writable_part_is_dropped_and_returned(void **state)
{
    (void)state;
    driver_describe(driver(), 1, 1, driver_buffer_address(1), 100, VRING_DESC_F_WRITE, 0);
    describe_and_offer(driver_buffer_address(0), 100, VRING_DESC_F_NEXT, 1);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_MALFORMED);
}

static void a_transmit_chain_without_a_whole_ethernet_header_is_dropped(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 12 + 13, 0, 0);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_MALFORMED);
}

static void an_empty_transmit_chain_is_dropped(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 0, 0, 0);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_MALFORMED);
}

static void a_transmit_chain_longer_than_a_frame_is_dropped(void **state)
{
    (void)state;
    describe_and_offer(driver_buffer_address(0), 12 + 1519, 0, 0);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_LENGTH);
}

static void a_transmit_header_that_asks_for_offloads_is_dropped(void **state)
{
    (void)state;
    driver_buffer(driver(), 0)[0] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    describe_and_offer(driver_buffer_address(0), 100, 0, 0);
    assert_dropped_and_returned(VIRTIO_NET_TX_DROP_MALFORMED);
}

static void a_frame_too_long_for_the_buffer_is_dropped_and_the_buffer_stays(void **state)
{
    (void)state;
    driver_describe(driver(), 0, 0, driver_buffer_address(0), 111, VRING_DESC_F_WRITE, 0);
    driver_offer(driver(), 0, 0);
    fixture_arrive(100, 7);
    fixture_run();
    assert_int_equal(fixture_counter(VIRTIO_NET_RX_DROP_SHORT), 1);
    assert_int_equal(driver()->queues[0].used->idx, 0);
    assert_int_equal(driver_buffer(driver(), 0)[12], 0);
    fixture_arrive(99, 8);
    fixture_run();
    assert_int_equal(driver()->queues[0].used->ring[0].len, 111);
}

static void a_receive_chain_with_readable_parts_is_returned_empty(void **state)
{
    (void)state;
    driver_describe(driver(), 0, 0, driver_buffer_address(0), 2048, 0, 0);
    driver_offer(driver(), 0, 0);
    driver_offer_receive(driver(), 1);
    fixture_arrive(60, 7);
    fixture_run();
    assert_int_equal(driver()->queues[0].used->idx, 2);
    assert_int_equal(driver()->queues[0].used->ring[0].len, 0);
    assert_int_equal(driver()->queues[0].used->ring[1].len, 72);
    assert_int_equal(driver_buffer(driver(), 0)[12], 0);
    assert_int_equal(fixture_counter(VIRTIO_NET_RX_BAD_BUFFER), 1);
}

static void frames_of_impossible_length_are_dropped_and_counted(void **state)
{
    (void)state;
    driver_offer_receive(driver(), 0);
    fixture_arrive(13, 1);
    fixture_arrive(1519, 1);
    fixture_run();
    assert_int_equal(fixture_counter(VIRTIO_NET_RX_DROP_LENGTH), 2);
    assert_int_equal(driver()->queues[0].used->idx, 0);
}

/* Random bytes in rings and registers: whatever happens, the device comes to rest and, reset, works
 * again. ASan and the unmapped surroundings of the region are the judges. */
static void random_rings_never_do_more_than_stop_the_device(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (unsigned round = 0; round < 2000; round++) {
        (void)driver_start(driver(), 8, round % 2 == 0 ? FIXTURE_VERSION_1 : FIXTURE_EVENT_IDX);
        for (unsigned i = 0; i < 200; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            uint32_t random = (uint32_t)(seed >> 33);
            uint32_t ring = (random >> 8) % 2 * DRIVER_QUEUE_SPAN + (random >> 9) % 3 * 0x5000;
            fixture.driver.memory[ring + (random >> 12) % 160] =
                random % 3 == 0 ? (uint8_t)(random >> 20) : (uint8_t)((random >> 20) % 4);
            if (random % 16 == 0) {
                fixture_arrive(60, 1);
            }
            if (random % 8 == 0) {
                (void)virtio_net_work(&fixture.net);
                (void)virtio_net_arm(&fixture.net);
            }
        }
        fixture.arriving.next = fixture.arriving.count;
    }
    static const uint8_t frame[60] = {1};
    unsigned sent = fixture.sent.count;
    assert_true(driver_start(driver(), 8, FIXTURE_VERSION_1));
    driver_offer_transmit(driver(), 0, frame, sizeof frame);
    fixture_run();
    assert_int_equal(fixture.sent.count, sent + 1);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_that_loops_stops_the_device),
        TEST(a_loop_of_empty_descriptors_stops_the_device),
        TEST(a_head_beyond_the_table_stops_the_device),
        TEST(a_next_beyond_the_table_stops_the_device),
        TEST(an_indirect_table_stops_the_device),
        TEST(an_available_index_too_far_ahead_stops_the_device),
        TEST(an_address_below_the_region_stops_the_device),
        TEST(a_buffer_over_the_end_of_the_region_stops_the_device),
        TEST(an_address_that_overflows_stops_the_device),
        TEST(the_last_bytes_of_the_region_may_be_used),
        TEST(a_bad_receive_buffer_stops_the_device),
        TEST(an_error_is_reported_once_and_counted_always),
        TEST(rings_that_are_misaligned_or_outside_are_refused),
        TEST(a_transmit_chain_that_is_writable_is_dropped_and_returned),
        TEST(a_transmit_chain_with_a_writable_part_is_dropped_and_returned),
        TEST(a_transmit_chain_without_a_whole_ethernet_header_is_dropped),
        TEST(an_empty_transmit_chain_is_dropped),
        TEST(a_transmit_chain_longer_than_a_frame_is_dropped),
        TEST(a_transmit_header_that_asks_for_offloads_is_dropped),
        TEST(a_frame_too_long_for_the_buffer_is_dropped_and_the_buffer_stays),
        TEST(a_receive_chain_with_readable_parts_is_returned_empty),
        TEST(frames_of_impossible_length_are_dropped_and_counted),
        TEST(random_rings_never_do_more_than_stop_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
