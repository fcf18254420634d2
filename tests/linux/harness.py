# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the Linux platform share: starting a system of test images and reading what it
says. SDDF is the program, IMAGES the folder of the images; both come from meson."""

import json
import os
import pathlib
import platform
import select
import signal
import subprocess
import time

import pytest

SDDF = os.environ["SDDF"]
IMAGES = pathlib.Path(os.environ["IMAGES"])
DEADLINE_S = 60
SANITIZED = b"__asan_init" in (IMAGES / "hello.elf").read_bytes()
on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="makes x86-64 system calls")


def pd(name, image, inside="", attributes=""):
    return (
        f'<protection_domain name="{name}" priority="100" {attributes}>'
        f'<program_image path="{image}.elf"/>{inside}</protection_domain>'
    )


class Run:
    """A running system; leaving it ends the runner. `before` is a command that execs it."""

    def __init__(self, folder, system, *options, before=()):
        self.folder = folder
        self.status_file = folder / "status.json"
        (folder / "test.system").write_text(f"<system>{system}</system>", encoding="ascii")
        self.output = ""
        self.process = subprocess.Popen(
            [*before, SDDF, "run", str(folder / "test.system"), "--search", str(IMAGES)]
            + ["--status", str(self.status_file), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.set_blocking(self.process.stdout.fileno(), False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()

    def read(self, wait_s=0.0):
        select.select([self.process.stdout], [], [], wait_s)
        data = self.process.stdout.read()
        self.output += (data or b"").decode(errors="replace")
        return data != b""

    def until(self, text):
        """Waits until the output holds `text`."""
        end = time.monotonic() + DEADLINE_S
        while text not in self.output:
            assert time.monotonic() < end, f"no {text!r} in:\n{self.output}"
            alive = self.read(0.2)
            assert alive or text in self.output, f"no {text!r} at the end of:\n{self.output}"

    def end(self):
        """Waits for the runner to end by itself; its code and its whole output."""
        end = time.monotonic() + DEADLINE_S
        while self.read(0.2):
            assert time.monotonic() < end, f"does not end:\n{self.output}"
        return self.process.wait(DEADLINE_S), self.output

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.end()

    def pids(self):
        end = time.monotonic() + DEADLINE_S
        while not self.status_file.exists():
            assert time.monotonic() < end
            self.read(0.05)
        return json.loads(self.status_file.read_text())["pds"]


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
