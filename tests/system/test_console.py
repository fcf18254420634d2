# SPDX-License-Identifier: BSD-2-Clause
"""systems/console on Linux: two clients of one UART, whose line is a pseudoterminal."""
import os
import pathlib
import re
import select
import subprocess
import time

import pytest

import serial_line
from serial_line import SECONDS, lab

NAMES = ("\x1b[32mconsole0\x1b[0m: ", "\x1b[33mconsole1\x1b[0m: ")


class Console(serial_line.Running):
    """A system with consoles on its line."""

    def __init__(self, build, folder, *options, env=None, description="systems/console/console.yaml"):
        super().__init__(build, folder, lab.ROOT / description, *options, env=env)


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
