# SPDX-License-Identifier: BSD-2-Clause
"""A client's rate on real seL4: the token bucket and the board's timer, in QEMU, whose guest's time is
the host's."""
import time

import conftest
import pytest
import qemu_echo

CLIENT = "ip: 10.0.0.2/24,"
RATE = 50_000  # bytes per second: 400kbit/s
BURST = 4096  # what so small a rate gets
PAYLOAD, FRAME = 1000, 1042
DATAGRAMS, WINDOW, ATTEMPTS = 200, 16, 4


def flood(port):
    """Keeps WINDOW datagrams outstanding until DATAGRAMS are back; the seconds that it took."""
    began, sent = time.monotonic(), 0
    with qemu_echo.open_socket(port, 5) as sock:
        for back in range(DATAGRAMS):
            while sent < min(DATAGRAMS, back + WINDOW):
                sock.send(sent.to_bytes(4, "big") + bytes(PAYLOAD - 4))
                sent += 1
            assert int.from_bytes(sock.recv(2048)[:4], "big") == back, "none is dropped, or overtaken"
    return time.monotonic() - began


def reach(port):
    """Bytes per second of each flood until one is fast enough: a busy host has no time for all of them."""
    reached = []
    while len(reached) < ATTEMPTS and max(reached, default=0) < 0.95 * RATE:
        time.sleep(2 * BURST / RATE)  # the bucket is full
        reached.append((DATAGRAMS * FRAME - BURST) / flood(port))
    return reached


def test_a_flooded_client_sends_at_its_rate_to_within_5_percent_on_sel4(kit, tmp_path):
    text = (conftest.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count(CLIENT) == 1
    (tmp_path / "echo.yaml").write_text(
        text.replace(CLIENT, f"{CLIENT} rate: 400kbit/s,") + "timer:\n  timer: {}\n")
    image, _ = kit.build(tmp_path / "echo.yaml", tmp_path / "out")
    with qemu_echo.Machine(image, board=conftest.BOARD, cores=kit.cores) as machine:
        machine.wait_until_up()
        reached = reach(machine.ports[0])
        reports = machine.echo(16)
        stats = machine.stats()
    print(reached, stats["eth0_virt_tx"], stats["timer_driver"])
    assert 0.95 * RATE <= max(reached) <= 1.05 * RATE
    assert reports[1].perfect(16)
    assert stats["eth0_virt_tx"]["timer_failures"] == 0 and stats["eth0_virt_tx"]["held"] > 10
