#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots an image of the echo system in QEMU (qemu.py) and sends it UDP.

Run by people, and by tests/sel4 as a module. Owns the QEMU that it starts. QEMU's user network is
the peer: it forwards one UDP port of 127.0.0.1 to each client, so neither root nor a tap is needed.
Every answer is compared with what was sent; what is lost, wrong or unasked for is counted.
"""
import argparse
import ipaddress
import pathlib
import random
import re
import socket
import sys
import time

import qemu

SYSTEM = pathlib.Path(__file__).resolve().parents[2] / "systems/echo/echo.yaml"
INTERFACES = [ipaddress.ip_interface(text)
              for text in re.findall(r"\bip: *([0-9./]+)", SYSTEM.read_text())]
CLIENTS = [str(interface.ip) for interface in INTERFACES]
NETWORK = INTERFACES[0].network
ECHO_PORT = 1235
BIGGEST = 1472  # 1500 bytes of IP without its header and UDP's
BOOT_SECONDS = 30
ECHO_SECONDS = 60
ANSWER_SECONDS = 2


class Report:
    """What one client answered."""

    def __init__(self, client):
        self.client = client
        self.sent = self.correct = self.wrong = self.lost = self.unasked = 0

    def __str__(self):
        return (f"{self.client}: sent {self.sent}, correct {self.correct}, wrong {self.wrong}, "
                f"lost {self.lost}, unasked {self.unasked}")

    def perfect(self, count):
        """All of `count` datagrams came back once, as they were."""
        return self.correct == count and not self.wrong + self.lost + self.unasked


class Machine(qemu.Machine):
    """A machine whose clients can be reached from 127.0.0.1; and so can (address, port) of `tcp`, at tcp_ports. `more`
    is added to QEMU's command."""

    def __init__(self, image, program=None, clients=tuple(CLIENTS), board="qemu_virt_aarch64", cores=1, tcp=(), more=()):
        # QEMU must know the ports before it starts: they are free now; if somebody takes one in
        # between, QEMU says so and ends.
        self.clients = clients
        self.ports = [free_port() for _ in clients]
        self.tcp_ports = [free_port(socket.SOCK_STREAM) for _ in tcp]
        forward = "".join([f",hostfwd=udp:127.0.0.1:{port}-{client}:{ECHO_PORT}"
                           for port, client in zip(self.ports, clients)] +
                          [f",hostfwd=tcp:127.0.0.1:{port}-{client}:{there}"
                           for port, (client, there) in zip(self.tcp_ports, tcp)])
        super().__init__(image, board, cores, program, [
            "-netdev", f"user,id=n0,net={NETWORK},host={NETWORK[-2]},dns={NETWORK[-3]}{forward}",
            "-device", "virtio-net-device,netdev=n0,bus=virtio-mmio-bus.0", *more])

    def wait_until_up(self):
        """Waits until each client has answered once. Sends sparingly: what QEMU queues while
        nothing answers ARP comes back later."""
        deadline = time.monotonic() + BOOT_SECONDS * self.patience
        for port, client in zip(self.ports, self.clients):
            with open_socket(port, 0.5) as probe:
                while not answers(probe):
                    if self.process.poll() is not None:
                        raise RuntimeError(f"QEMU ended by itself:\n{self.console()}")
                    if time.monotonic() > deadline:
                        raise RuntimeError(f"{client} did not answer within "
                                           f"{BOOT_SECONDS * self.patience} seconds of the start; "
                                           f"console:\n{self.console()}")

    def echo(self, count, window=16, seed=0):
        """Sends `count` datagrams of all sizes to each client, `window` at a time and to all
        clients at once; sends no more after ECHO_SECONDS a core. Returns a report per client."""
        deadline = time.monotonic() + ECHO_SECONDS * self.patience
        random_bytes = random.Random(seed)
        reports = [Report(client) for client in self.clients]
        sockets = [open_socket(port, ANSWER_SECONDS) for port in self.ports]
        try:
            for first in range(0, count, window):
                if time.monotonic() > deadline:
                    break
                batches = [[payload(random_bytes, client, number)
                            for number in range(first, min(first + window, count))]
                           for client in range(len(self.clients))]
                for sock, batch in zip(sockets, batches):
                    for datagram in batch:
                        sock.send(datagram)
                for sock, batch, report in zip(sockets, batches, reports):
                    collect(sock, batch, report)
        finally:
            for sock in sockets:
                sock.close()
        return reports


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_socket(port, timeout_seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(timeout_seconds)
    sock.connect(("127.0.0.1", port))
    return sock


def answers(probe):
    try:
        probe.send(b"up?")
        return probe.recv(2048) == b"up?"
    except (socket.timeout, ConnectionRefusedError):  # refused: QEMU does not listen yet
        time.sleep(0.1)
        return False


def payload(random_bytes, client, number):
    """Of any size from its own label to the biggest; every 16th the biggest."""
    label = f"{client}.{number}.".encode()
    size = BIGGEST if number % 16 == 0 else random_bytes.randrange(len(label), BIGGEST)
    return label + random_bytes.randbytes(size - len(label))


def collect(sock, batch, report):
    """Receives until all of the batch is back or nothing more comes; order does not matter."""
    report.sent += len(batch)
    waiting = {datagram.split(b".", 2)[1]: datagram for datagram in batch}
    while waiting:
        try:
            answer = sock.recv(2048)
        except socket.timeout:
            break
        label = answer.split(b".", 2)[1:2]
        expected = waiting.pop(label[0], None) if label else None
        if expected is None:
            report.unasked += 1
        elif answer == expected:
            report.correct += 1
        else:
            report.wrong += 1
    report.lost += len(waiting)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("image", type=pathlib.Path, help="OUT/echo.img, made by build")
    parser.add_argument("--count", type=int, default=400, help="datagrams per client (400)")
    parser.add_argument("--board", default="qemu_virt_aarch64", choices=qemu.BOARDS)
    parser.add_argument("--config", default="release", help="the SDK's; smp-* gets four cores")
    arguments = parser.parse_args()
    if not arguments.image.is_file():
        parser.error(f"no image {arguments.image}: run build first")
    with Machine(arguments.image, board=arguments.board,
                 cores=qemu.cores_of(arguments.config)) as machine:
        start = time.monotonic()
        machine.wait_until_up()
        print(f"all clients answer {time.monotonic() - start:.1f} s after the start")
        reports = machine.echo(arguments.count)
        print(*reports, sep="\n")
        print("console:", machine.console() or "(silent)", sep="\n")
    return 0 if all(report.perfect(arguments.count) for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
