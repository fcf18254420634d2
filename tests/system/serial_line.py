# SPDX-License-Identifier: BSD-2-Clause
"""A system whose serial device's line is a pseudoterminal, and who sits at the other end."""
import contextlib
import json
import os
import select
import signal
import subprocess
import time

import support  # noqa: F401  (finds lab)
from support import lab

SECONDS = 60  # for any answer, on a machine that may stand still


class Terminal:
    """Who sits at the other end of the line."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.shown = self.everything = ""
        self.bytes = 0

    def type(self, text):
        left = text.encode()
        while left:
            select.select([], [self.fd], [], SECONDS)
            left = left[os.write(self.fd, left):]

    def read(self):
        with contextlib.suppress(BlockingIOError):
            text = os.read(self.fd, 4096).decode()
            self.bytes += len(text)
            self.shown += text
            self.everything += text

    def wait_for(self, text):
        """Until it is shown; what came before, and it, is then gone."""
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in {self.shown!r}"
            select.select([self.fd], [], [], 1)
            self.read()
        before, _, self.shown = self.shown.partition(text)
        return before + text


class Running:
    """The system of a description, running; a context manager."""

    def __init__(self, build, folder, system, *options, env=None):
        self.folder, self.env = folder, env
        tool, board = build / "tools/sddf/sddf", lab.ROOT / "boards/linux.yaml"
        lab.run(tool, "gen", system, "--board", board, "-o", folder)
        self.command = [tool, "run", folder / f"{system.stem}.system", "--board", board,
                        "--wire", f"serial0=pty:{folder}/line", "--stats", folder / "stats",
                        "--search", folder, "--search", build / "components",
                        "--search", build / "tests/ping_pong", *options]
        self.process = self.terminal = None

    def __enter__(self):
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=self.env)
        lab.wait_until(lambda: self.process.poll() is not None or (self.folder / "line").is_symlink(),
                       SECONDS, "line")
        assert self.process.poll() is None, self.log()
        self.terminal = Terminal(self.folder / "line")
        return self

    def __exit__(self, *unused):
        os.close(self.terminal.fd)
        self.process.kill()
        self.process.wait()

    def log(self):
        return (self.folder / "log").read_text()

    def stop(self):
        """The counters."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(SECONDS) == 0, self.log()
        return json.loads((self.folder / "stats").read_text())
