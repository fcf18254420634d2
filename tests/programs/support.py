# SPDX-License-Identifier: BSD-2-Clause
"""Builds the programs of this folder with an SDK and runs what comes out. SDK is the folder that
`make sdk` lays out; it comes from meson."""

import os
import pathlib
import select
import subprocess
import time

SDK = pathlib.Path(os.environ["SDK"])
SDDF = SDK / "bin/sddf"
FOLDER = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 60


def command(*words, **more):
    """Runs a command to its end; its exit code and all that it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
        check=False,
        **more,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def make(name, build, *settings):
    """Builds the system in the folder `name` with its own Makefile."""
    build.mkdir(parents=True, exist_ok=True)
    return command(
        *("make", "-C", FOLDER / name, f"BUILD_DIR={build}", f"MICROKIT_SDK={SDK}"),
        *("MICROKIT_BOARD=linux", *settings),
        env={"PATH": os.environ["PATH"]},
    )


def run_until(words, *texts):
    """Starts a system and waits until its output holds every text; the output so far."""
    output = ""
    end = time.monotonic() + DEADLINE_S
    with subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.set_blocking(process.stdout.fileno(), False)
        try:
            while not all(text in output for text in texts):
                assert time.monotonic() < end, f"not all of {texts} in:\n{output}"
                select.select([process.stdout], [], [], 0.2)
                data = process.stdout.read()
                assert data != b"", f"ended, but not all of {texts} in:\n{output}"
                output += (data or b"").decode(errors="replace")
        finally:
            process.kill()
    return output
