/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire "tap:IFNAME": a tap interface, attached to or made (then it goes with the process). The
 * kernel finishes checksums and keeps VLAN tags in the frames; it takes one frame per system call.
 * Making one needs CAP_NET_ADMIN; bringing it up and giving it addresses is the user's. */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool fail(struct wire *wire, const char *argument, const char *what)
{
    snprintf(wire->error, sizeof wire->error, "wire \"tap:%.32s\": %s: %s", argument, what,
             strerror(errno));
    if (wire->fd >= 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    return false;
}

static bool open_tap(struct wire *wire, const char *argument)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    if (argument[0] == '\0' || strlen(argument) >= sizeof request.ifr_name) {
        errno = EINVAL;
        return fail(wire, argument, "an interface name of 1 to 15 bytes is needed");
    }
    wire->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (wire->fd < 0) {
        return fail(wire, argument, "opening /dev/net/tun");
    }
    memcpy(request.ifr_name, argument, strlen(argument));
    if (ioctl(wire->fd, TUNSETIFF, &request) != 0) {
        return fail(wire, argument, "attaching (run as root or with CAP_NET_ADMIN)");
    }
    return true;
}

static size_t receive_tap(struct wire *wire)
{
    size_t count = 0;
    for (size_t i = 0; i < WIRE_BATCH; i++) {
        uint8_t *buffer = wire->receive_buffers[i];
        ssize_t size = read(wire->fd, buffer, WIRE_BUFFER_SIZE);
        if (size < 0) {
            break;
        }
        if (size < WIRE_FRAME_MIN || size == WIRE_BUFFER_SIZE) {
            wire->counters.rx_bad++;
            continue;
        }
        wire->received[count++] = (struct wire_frame){buffer, (uint32_t)size};
    }
    return count;
}

static size_t send_tap(struct wire *wire, size_t count)
{
    size_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wire_frame *frame = &wire->sending[i];
        sent += write(wire->fd, frame->data, frame->size) == (ssize_t)frame->size;
    }
    return sent;
}

/* Only an interface that was deleted reports one, and it stays so. */
static void give_up(struct wire *wire)
{
    wire->fd = -1;
}

const struct wire_ops wire_tap = {
    .open = open_tap, .receive = receive_tap, .error = give_up, .send = send_tap};
