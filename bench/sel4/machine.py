# SPDX-License-Identifier: BSD-2-Clause
"""A QEMU that runs an image of an echo system with the counting plugin, and can be stopped.

Owns that QEMU and a temporary folder with its QMP socket and the plugin's file. Bursts are exact:
QEMU is stopped, the datagrams are sent and have been read by QEMU's user network, QEMU continues;
so all of them lie in the device's ring before the guest's next instruction.
"""
import json
import pathlib
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "platform/microkit"))
import counts  # noqa: E402  (found beside this file)
import qemu_echo  # noqa: E402  (found by the line above)

ANSWER_SECONDS = 20
QUIET_SECONDS = 0.005
RECEIVE_BYTES = 1 << 20


class Monitor:
    """QEMU's machine protocol, as far as we need it: a command, its answer."""

    def __init__(self, path, alive):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + qemu_echo.BOOT_SECONDS
        while True:
            try:
                self.socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if not alive() or time.monotonic() > deadline:
                    self.socket.close()
                    raise RuntimeError("QEMU did not start") from error
                time.sleep(0.02)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()  # the greeting
        self.command("qmp_capabilities")

    def command(self, name):
        self.stream.write(json.dumps({"execute": name}) + "\n")
        self.stream.flush()
        for line in self.stream:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU refused {name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"QEMU ended before it answered {name}")

    def close(self):
        self.stream.close()
        self.socket.close()


class CountedMachine(qemu_echo.Machine):
    """A machine of which every instruction is counted. `kernel` is the kernel's counts.Image."""

    def __init__(self, image, kernel, plugin, clients):
        super().__init__(image, clients=clients)
        self.folder = tempfile.TemporaryDirectory(prefix="sddf-counts-")
        self.file = pathlib.Path(self.folder.name) / "counts"
        self.control = pathlib.Path(self.folder.name) / "qmp"
        missing = {"idle_thread", "arm_vector_table"} - kernel.symbols.keys()
        if missing:
            raise RuntimeError(f"{kernel.path}: found no symbol {', '.join(sorted(missing))}, expected "
                               "seL4's kernel for Arm with its symbol table")
        first, end = kernel.segments[0][0], max(a + len(d) for a, d in kernel.segments)
        idle = kernel.symbols["idle_thread"]
        self.command += [
            "-icount", "shift=0", "-qmp", f"unix:{self.control},server=on,wait=off",
            "-plugin", f"file={plugin},out={self.file},kernel={first:#x}-{end:#x}"
                       f",idle={idle:#x}-{kernel.end('idle_thread'):#x}"
                       f",vectors={kernel.symbols['arm_vector_table']:#x}"]
        self.monitor = self.counts = None

    def __enter__(self):
        super().__enter__()
        try:
            self.monitor = Monitor(self.control, lambda: self.process.poll() is None)
            self.counts = counts.Counts(self.file)
        except (OSError, RuntimeError) as error:
            console = self.console()
            self.__exit__()
            raise RuntimeError(f"{error}: {console}") from error
        return self

    def __exit__(self, *unused):
        if self.monitor:
            self.monitor.close()
        super().__exit__()
        self.folder.cleanup()

    def settle(self):
        """Waits until the guest has nothing left to do."""
        deadline = time.monotonic() + ANSWER_SECONDS
        last = None
        while time.monotonic() < deadline:
            now = self.counts.idle()
            if now is not None and now == last:
                return
            last = now
            time.sleep(QUIET_SECONDS)
        raise RuntimeError(f"the system did not come to rest within {ANSWER_SECONDS} seconds")

    def stop(self):
        self.settle()
        self.monitor.command("stop")

    def go_on(self):
        self.monitor.command("cont")

    def burst(self, sock, datagrams):
        """With the machine stopped: sends all, lets it run until all are back and it is at rest,
        stops it. Returns how many came back as they were; anything else is an error."""
        for datagram in datagrams:
            sock.send(datagram)
            wait_until_read(sock.getpeername()[1])
        self.monitor.command("query-status")  # the last one has passed QEMU's main loop, too
        self.go_on()
        waiting = set(datagrams)
        while waiting:
            try:
                answer = sock.recv(2048)
            except socket.timeout as error:
                raise RuntimeError(lost(sock, len(waiting), datagrams)) from error
            if answer not in waiting:
                raise RuntimeError(f"an answer of {len(answer)} bytes that nobody sent, or sent twice")
            waiting.remove(answer)
        self.stop()
        return len(datagrams)


def open_socket(port):
    """A socket to a forwarded port that has room for a burst of answers."""
    sock = qemu_echo.open_socket(port, ANSWER_SECONDS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)  # halved by the kernel's limit
    return sock


def udp_sockets(port):
    """(unread bytes, dropped datagrams) of each socket bound to `port` of 127.0.0.1."""
    address = f"0100007F:{port:04X}"
    with open("/proc/net/udp", encoding="ascii") as table:
        lines = [line.split() for line in table if f" {address} " in line]
    return [(int(line[4].split(":")[1], 16), int(line[-1])) for line in lines if line[1] == address]


def lost(sock, count, datagrams):
    """What to say of datagrams that did not come back, and who dropped them."""
    ours = sum(drops for _, drops in udp_sockets(sock.getsockname()[1]))
    qemus = sum(drops for _, drops in udp_sockets(sock.getpeername()[1]))
    return (f"{count} of {len(datagrams)} datagrams of {len(datagrams[0])} bytes did not come back "
            f"within {ANSWER_SECONDS} seconds; the host dropped {ours} at our socket and {qemus} at "
            "QEMU's, the others were lost in QEMU or in the system")


def wait_until_read(port):
    """Until QEMU has read what was sent to `port`."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        sockets = udp_sockets(port)
        if sockets and not any(unread for unread, _ in sockets):
            return
        time.sleep(0.0005)
    raise RuntimeError(f"QEMU did not read what was sent to port {port} in {ANSWER_SECONDS} seconds")
