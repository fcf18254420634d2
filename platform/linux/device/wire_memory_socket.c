/* SPDX-License-Identifier: BSD-2-Clause */
/* Both ends of the in-memory wire's socket; see wire_memory.h. Linked into the device model and
 * into generators. */
#include "wire_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool make_address(const char *path, struct sockaddr_un *address, socklen_t *size)
{
    size_t length = strlen(path);
    if (length < 1 || length >= sizeof address->sun_path) {
        errno = length < 1 ? EINVAL : ENAMETOOLONG;
        return false;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    if (path[0] == '@') {
        address->sun_path[0] = '\0';
    }
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static int make_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int size = WIRE_MEMORY_BUFFER_SIZE;
    /* FORCE passes the system's limit and needs CAP_NET_ADMIN; without, the limit holds. */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return fd;
}

static int close_with_error(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int wire_memory_connect(const char *path)
{
    struct sockaddr_un address;
    socklen_t size;
    int fd = -1;
    if (!make_address(path, &address, &size) || (fd = make_socket()) < 0) {
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&address, size) != 0) {
        return close_with_error(fd);
    }
    return fd;
}

int wire_memory_listen(const char *path)
{
    struct sockaddr_un address;
    struct stat found;
    socklen_t size;
    int fd = -1;
    if (!make_address(path, &address, &size) || (fd = make_socket()) < 0) {
        return -1;
    }
    if (path[0] != '@' && lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) {
        (void)unlink(path);
    }
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1) != 0) {
        return close_with_error(fd);
    }
    return fd;
}
