/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends and receives the items of handoff.h over a SOCK_SEQPACKET socket: first the number of
 * items, then one message per item. Linked by the runner, the PD host and the device models. */
#include "handoff.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
    struct cmsghdr header; /* for alignment */
    char space[CMSG_SPACE(sizeof(int))];
};

static bool send_message(int socket, const void *data, size_t size, int fd)
{
    struct iovec vector = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    union control control = {0};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.space;
        message.msg_controllen = sizeof(control.space);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

static bool receive_message(int socket, void *data, size_t size, int *fd)
{
    struct iovec vector = {.iov_base = data, .iov_len = size};
    union control control = {0};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t received;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    *fd = -1;
    struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(fd, CMSG_DATA(header), sizeof(int));
    }
    if (received >= 0 && received != (ssize_t)size) {
        errno = EPROTO;
    }
    return received == (ssize_t)size;
}

bool handoff_send(int socket, const struct handoff_item *items, size_t count)
{
    uint64_t announced = count;
    if (count > HANDOFF_ITEMS_MAX) {
        errno = E2BIG;
        return false;
    }
    if (!send_message(socket, &announced, sizeof(announced), -1)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!send_message(socket, &items[i], sizeof(items[i]), items[i].fd)) {
            return false;
        }
    }
    return true;
}

bool handoff_receive(int socket, struct handoff_item *items, size_t items_max, size_t *count)
{
    uint64_t announced = 0;
    int fd = -1;
    *count = 0;
    if (!receive_message(socket, &announced, sizeof(announced), &fd)) {
        return false;
    }
    if (announced > items_max) {
        errno = E2BIG;
        return false;
    }
    for (size_t i = 0; i < announced; i++) {
        if (!receive_message(socket, &items[i], sizeof(items[i]), &fd)) {
            return false;
        }
        items[i].fd = fd;
        items[i].name[HANDOFF_NAME_MAX - 1] = '\0';
    }
    *count = (size_t)announced;
    return true;
}
