# SPDX-License-Identifier: BSD-2-Clause
"""Ping-pong over the queue, and a writer into its peer's region, on the Linux platform. SDDF is the
host tool, IMAGES the folder of the components; owns the systems that it starts."""
import os
import pathlib
import selectors
import signal
import subprocess
import time

SYSTEMS = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 100


def run_until(system, lines):
    """Runs the system until it has printed all of `lines`, then ends it as Ctrl-C does. Returns the
    runner's code and all that was printed."""
    command = [os.environ["SDDF"], "run", SYSTEMS / system, "--search", os.environ["IMAGES"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        output = b""
        deadline = time.monotonic() + DEADLINE_S
        selector = selectors.DefaultSelector()
        selector.register(process.stdout, selectors.EVENT_READ)
        while not all(line.encode() in output for line in lines):
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            data = os.read(process.stdout.fileno(), 4096) if ready else b""
            output += data
            if not data:  # it ended, or time is over
                break
        process.send_signal(signal.SIGINT)
        output += process.stdout.read()
        code = process.wait(DEADLINE_S)
    text = output.decode(errors="replace")
    assert all(line in text for line in lines), text
    return code, text


def test_a_hundred_thousand_rounds_over_the_queue_come_back_right():
    code, output = run_until("ping_pong.system", ["ping: all rounds done: 100000", "ping: wrong 0"])
    assert code == 0 and "fault" not in output, output


def test_a_pd_that_writes_its_peers_region_is_stopped_and_the_peer_goes_on():
    fault = "writer: fault: write to 0x10006040, region pong_to_writer + 0x40 (this PD has r)"
    _, output = run_until("writer.system", [fault, "ping: all rounds done: 100000", "ping: wrong 0"])
    assert "HAS WRITTEN" not in output, output
    assert output.index(fault) < output.index("ping: all rounds done"), output
