/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's IP stack (lib/net), frame by frame: received, answered, echoed, in place and beside;
 * datagrams sent, which asks ARP; the ARP table aged. Each call counts once, answers fit, a frame
 * that is answered beside is only read. */
#include "frames.h"

#include <net/predicted.h>

static struct net_stack stack;
static bool small_mtu;

static uint64_t counted(void)
{
    uint64_t sum = stack.built + stack.udp_received + stack.arp_consumed;
    for (uint32_t i = 0; i < NET_REASON_COUNT; i++) {
        sum += stack.dropped[i];
    }
    return sum;
}

/* A block that ends where AddressSanitizer watches. */
static uint8_t *block_of(const uint8_t *bytes, size_t size)
{
    uint8_t *block = malloc(size != 0 ? size : 1);
    must(block != NULL, "no memory");
    memcpy(block, bytes, size);
    return block;
}

/* What the client does with a datagram. */
static void answer(const struct net_udp_datagram *datagram, const uint8_t *frame, size_t size,
                   struct net_frame *out)
{
    must(datagram->payload >= frame && datagram->payload + datagram->payload_size <= frame + size,
         "a payload outside its frame");
    out->size = 0;
    if (input8() % 2 == 0) {
        (void)net_stack_udp_echo(&stack, datagram, out);
    } else {
        (void)net_stack_udp_reply(&stack, datagram, input16() % 2048, out);
    }
    must(out->size <= out->capacity, "an answer larger than its buffer");
}

static void receive(void)
{
    static uint8_t whole[FRAME_CAPACITY];
    bool answered;
    memset(whole, 0, 256);
    size_t size = frame_from_input(whole, &answered);
    uint8_t choice = input8();
    bool in_place = (choice & 1) != 0;
    uint8_t *frame = block_of(whole, size);
    size_t capacity = in_place ? size : (choice & 2) != 0 ? FRAME_CAPACITY : choice;
    uint8_t *beside = in_place ? NULL : block_of(whole, capacity);
    struct net_frame out = {.data = in_place ? frame : beside, .capacity = capacity};
    struct net_udp_datagram datagram;
    struct net_predicted predicted;
    bool short_way = net_predicted_receive(&stack, frame, size, &predicted);
    uint64_t before = counted();

    enum net_stack_verdict verdict = net_stack_receive(&stack, frame, size, &out, &datagram);
    must(counted() == before + 1, "a frame was counted twice, or not");
    must((verdict == NET_STACK_REPLY) == (out.size != 0), "a verdict and its answer differ");
    must(out.size <= capacity, "an answer larger than its buffer");
    must(!answered || small_mtu || capacity < size || verdict == NET_STACK_REPLY ||
             verdict == NET_STACK_UDP,
         "a good packet was not answered");
    must(!short_way || verdict == NET_STACK_UDP, "the short way took what is not good");
    if (verdict == NET_STACK_UDP) {
        net_stack_predict(&stack, frame, &datagram);
        if (short_way && in_place && (choice & 4) != 0) {
            must(net_predicted_echo(&stack, &predicted, frame) <= size, "an echo that grew");
        } else {
            answer(&datagram, frame, size, &out);
        }
    }
    must(in_place || memcmp(frame, whole, size) == 0, "a frame was written that is only read");
    free(frame);
    free(beside);
}

static void send(void)
{
    static const uint32_t addresses[] = {PEER_ADDRESS, FAR_ADDRESS, GATEWAY, 0xffffffff, 0};
    uint8_t choice = input8();
    uint32_t address = choice % 6 == 5 ? input32() : addresses[choice % 6];
    size_t capacity = input16() % 2048;
    uint8_t *block = malloc(capacity != 0 ? capacity : 1);
    must(block != NULL, "no memory");
    memset(block, 0, capacity);
    struct net_frame out = {.data = block, .capacity = capacity};
    /* The caller has put the payload there, so it fits; or it does not, and is told so. */
    size_t payload = input16() % 2048;
    uint64_t before = counted();
    (void)net_stack_udp_send(&stack, address, input16(), input16(), payload, &out);
    must(counted() == before + 1, "a datagram was counted twice, or not");
    must(out.size <= capacity, "a frame larger than its buffer");
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input = (struct fuzz_input){bytes, bytes + size};
    struct net_stack_config config = test_config;
    uint8_t flags = input8();
    config.multicast = (flags & 1) != 0;
    small_mtu = (flags & 2) != 0;
    config.mtu = small_mtu ? 68 : 0;
    must(net_stack_init(&stack, &config) == NULL, "a good configuration is refused");
    while (!input_ended()) {
        uint8_t choice = input8();
        if (choice < 160) {
            receive();
        } else if (choice < 240) {
            send();
        } else {
            net_stack_age(&stack);
        }
    }
    return 0;
}
