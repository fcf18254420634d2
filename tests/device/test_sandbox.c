/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device model that was taken over may still do with its socket. Each attempt is made by a
 * process of its own, from within the sandbox. */
#include "sandbox.h"

#include <linux/if_packet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DONE = 7 };

/* How the process ended that entered the sandbox and made the attempt: an exit code or a signal. */
static int end_of(void (*attempt)(int socket))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0 || !sandbox_enter()) {
            _exit(1);
        }
        attempt(ends[0]);
        _exit(DONE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void size_and_ask(int socket)
{
    int value = 1 << 16;
    socklen_t size = sizeof value;
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &value, size);
    (void)getsockopt(socket, SOL_SOCKET, SO_ERROR, &value, &size);
    (void)getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &value, &size);
}

static void join_another_interface(int socket)
{
    struct packet_mreq all = {.mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC};
    (void)setsockopt(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
}

static void bind_to_another_interface(int socket)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = 1};
    (void)bind(socket, (struct sockaddr *)&address, sizeof address);
}

static void a_wire_sizes_its_socket_and_asks_for_errors_and_losses(void **state)
{
    (void)state;
    int status = end_of(size_and_ask);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), DONE);
}

static void whoever_reaches_for_another_interface_is_ended(void **state)
{
    (void)state;
    void (*const attempts[])(int) = {join_another_interface, bind_to_another_interface};
#ifdef SANITIZED
    skip(); /* such a build loads no filter */
#endif
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int status = end_of(attempts[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wire_sizes_its_socket_and_asks_for_errors_and_losses),
        cmocka_unit_test(whoever_reaches_for_another_interface_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
