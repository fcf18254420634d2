# SPDX-License-Identifier: BSD-2-Clause
"""Sends datagrams of all sizes to an echo server and checks that each comes back once, unchanged:
`echo_all.py IP PORT COUNT`. A window at a time, however slow the machine is; the last line is what
came. Run by the system tests inside a network namespace of theirs."""
import pathlib
import random
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "platform/microkit"))
import qemu_echo  # noqa: E402  (found by the line above)

WINDOW, ANSWER_SECONDS = 16, 20

ip, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
report = qemu_echo.Report(ip)
numbers = random.Random(ip)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(ANSWER_SECONDS)
    sock.connect((ip, port))
    for first in range(0, count, WINDOW):
        batch = [qemu_echo.payload(numbers, 0, number)
                 for number in range(first, min(first + WINDOW, count))]
        for datagram in batch:
            sock.send(datagram)
        qemu_echo.collect(sock, batch, report)
        if report.lost:
            break
print(report)
sys.exit(0 if report.perfect(count) else 1)
