# SPDX-License-Identifier: BSD-2-Clause
"""systems/console on Linux: two clients of one UART, whose line is a pseudoterminal."""
import contextlib
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import time

import pytest

import support  # noqa: F401  (finds lab)
from support import lab

SECONDS = 60  # for any answer, on a machine that may stand still
NAMES = ("\x1b[32mconsole0\x1b[0m: ", "\x1b[33mconsole1\x1b[0m: ")


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


class Console:
    """A running system with one line; a context manager."""

    def __init__(self, build, folder, *options, env=None, description="systems/console/console.yaml"):
        self.folder, self.env = folder, env
        tool, board = build / "tools/sddf/sddf", lab.ROOT / "boards/linux.yaml"
        description = lab.ROOT / description
        lab.run(tool, "gen", description, "--board", board, "-o", folder)
        self.command = [tool, "run", folder / f"{description.stem}.system", "--board", board,
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


def wait_for_both(terminal):
    """What is typed before finds nobody."""
    return terminal.wait_for("type a line\r\n") + terminal.wait_for("type a line\r\n")


def converse(terminal):
    """Types to both clients."""
    shown = wait_for_both(terminal)
    assert sorted(shown.split("\r\n")[:2]) == [f"{NAMES[i]}console{i} is here; type a line" for i in (0, 1)]
    terminal.type("hel")
    assert terminal.wait_for("hel") == f"{NAMES[0]}hel"  # as it is typed
    terminal.type("p\x7flo\r")
    assert terminal.wait_for("bytes\r\n").endswith(f'lo\r\n{NAMES[0]}"hello", 5 bytes\r\n')
    terminal.type("\x1d1")
    assert terminal.wait_for("console1\r\n") == "serial0: input goes to 1, console1\r\n"
    terminal.type("world\r")
    assert terminal.wait_for("bytes\r\n").endswith(f'{NAMES[1]}"world", 5 bytes\r\n')
    terminal.type("\x1dn\x1d?")
    terminal.wait_for("input goes to 0, console0\r\n")
    terminal.wait_for("serial0: 0: console0\r\nserial0: 1: console1\r\n")
    terminal.wait_for("input goes to 0, console0\r\n")


def check_counters(stats):
    for name, counters in stats.items():
        for ill in ("violations", "device_errors", "bad_chunks", "bad_accesses", "drop_full", "drop_no_room"):
            assert counters.get(ill, 0) == 0, (name, counters)


@pytest.fixture(name="build", scope="module")
def fixture_build():
    if "SDDF_BUILD" not in os.environ:
        pytest.skip("SDDF_BUILD does not name a build directory")
    return pathlib.Path(os.environ["SDDF_BUILD"]).resolve()


@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["isolated", "in_process"])
def test_each_client_answers_what_is_typed_to_it_with_its_name(build, tmp_path, options):
    with Console(build, tmp_path, *options) as console:
        converse(console.terminal)
        stats = console.stop()
    assert (stats["console0"]["lines"], stats["console1"]["lines"]) == (1, 1)
    check_counters(stats)


def test_a_hundred_lines_are_answered_one_by_one_and_none_is_lost(build, tmp_path):
    with Console(build, tmp_path) as console:
        wait_for_both(console.terminal)
        for number in range(100):
            line = f"line {number} " + number % 80 * "x"
            console.terminal.type(line + "\r")
            console.terminal.wait_for(f'{NAMES[0]}"{line}", {len(line)} bytes\r\n')
        stats = console.stop()
    assert stats["console0"]["lines"] == 100
    check_counters(stats)


def type_until_answered(terminal):
    """A line's answer comes after all that was printed before; what found no room is typed again."""
    for number in range(SECONDS):
        terminal.type(f"\rend {number}\r")
        deadline = time.monotonic() + 1 + number
        while time.monotonic() < deadline:
            select.select([terminal.fd], [], [], 0.1)
            terminal.read()
            if f'"end {number}", ' in terminal.shown:
                terminal.wait_for(f'"end {number}", ')
                return terminal.wait_for(" bytes\r\n")
    raise AssertionError("no line is answered any more")


def test_who_does_not_read_the_terminal_holds_up_the_line_and_loses_no_byte_of_it(build, tmp_path):
    """Each line is some 100 bytes of output; a pseudoterminal keeps a few thousand."""
    answer = re.compile(r'"(y*)", (\d+) bytes\r\n')
    with Console(build, tmp_path) as console:
        terminal = console.terminal
        wait_for_both(terminal)
        for _ in range(1500):
            terminal.type(40 * "y" + "\r")
        type_until_answered(terminal)
        stats = console.stop()
    assert stats["device:serial0"]["tx_bytes"] == terminal.bytes == stats["serial0_driver"]["tx_bytes"]
    found = answer.findall(terminal.everything)
    assert len(found) > 20 and all(len(text) == int(size) for text, size in found)
    for name, counters in stats.items():
        assert counters.get("violations", 0) == counters.get("bad_chunks", 0) == 0, (name, counters)


def test_a_line_that_is_none_is_named(build, tmp_path):
    console = Console(build, tmp_path)
    console.command[console.command.index(f"serial0=pty:{tmp_path}/line")] = "serial0=tape:x"
    done = subprocess.run(console.command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS, check=False)
    assert done.returncode != 0
    assert 'wire "tape:x": expected pty, pty:PATH or none' in done.stdout + done.stderr
