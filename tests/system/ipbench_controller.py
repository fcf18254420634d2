# SPDX-License-Identifier: BSD-2-Clause
"""What ipbench's controller says to a target, and how it reads the answers: a line and one look at the socket each, and
of what follows STOP the first line by itself. `ipbench_controller.py IP PORT SECONDS` prints the percentage; run by the
system tests inside a network namespace of theirs, and used by tests/sel4."""
import contextlib
import re
import socket
import sys
import time

PORT = 8037
PATIENCE = 30
LOOK, CHUNK = 1024, 128  # bytes of a look, as ipbench takes them


class Refused(Exception):
    """An answer that is not the one hoped for."""


class Controller:
    """A connection to a target."""

    def __init__(self, ip, port=PORT):
        self.socket = socket.create_connection((ip, port), timeout=PATIENCE)
        self.expect(100, self.look())

    def look(self):
        return self.socket.recv(LOOK).decode()

    @staticmethod
    def expect(code, answer):
        if answer[:3] != str(code):
            raise Refused(answer)
        return answer

    def say(self, line, code):
        """A command, and its answer, which must have this code."""
        self.socket.sendall(line.encode() + b"\n")
        return self.expect(code, self.look())

    def ready(self):
        self.say("HELLO", 200)
        self.say("LOAD cpu_target_lukem", 200)
        self.say('SETUP args::""', 200)

    def start(self):
        self.socket.sendall(b"START\n")

    def stop(self):
        """The percentage."""
        self.socket.sendall(b"STOP\n")
        first, rest = self.socket.recv(CHUNK).split(b"\n", 1)
        self.expect(220, first.decode())
        rest += self.socket.recv(CHUNK)
        line, data = rest.split(b"\n", 1)
        size = int(re.fullmatch(rb"Content-length: (\d+)", line).group(1))
        while len(data) != size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise Refused("the data end early")
            data += more
        assert data[-2:] == b"\n\0", data
        return float(data[:-2])

    def close(self):
        with contextlib.suppress(OSError):  # the target ends the connection after its data
            self.socket.sendall(b"QUIT\n")
        self.socket.close()


def measure(ip, seconds, port=PORT):
    """How busy the target was, in percent."""
    controller = Controller(ip, port)
    controller.ready()
    controller.start()
    time.sleep(seconds)
    busy = controller.stop()
    controller.close()
    return busy


if __name__ == "__main__":
    print(measure(sys.argv[1], float(sys.argv[3]), int(sys.argv[2])))
