# SPDX-License-Identifier: BSD-2-Clause
"""Sends Ethernet frames as they are: `inject.py INTERFACE`, lines of "COUNT HEX" on standard input.
Run by the system tests inside a network namespace of theirs."""
import errno
import socket
import sys
import time

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
for line in sys.stdin:
    count, text = line.split()
    frame = bytes.fromhex(text)
    for _ in range(int(count)):
        try:
            wire.send(frame)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            time.sleep(0.001)
