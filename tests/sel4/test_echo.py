# SPDX-License-Identifier: BSD-2-Clause
"""The echo system on real seL4: built with the Microkit SDK that MICROKIT_SDK names, booted in QEMU.
Needs the host tool in SDDF. Owns the QEMU that it starts."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

import pytest

MICROKIT = pathlib.Path(__file__).resolve().parents[2] / "platform/microkit"
sys.path.insert(0, str(MICROKIT))
import qemu_echo  # noqa: E402  (found by the line above)

BOARD = "qemu_virt_aarch64"
DATAGRAMS = 500


@pytest.fixture(params=["debug", "release"])
def image(request, tmp_path):
    """The echo system's image; skips where what it needs is not there."""
    sdk = os.environ.get("MICROKIT_SDK")
    if not sdk:
        pytest.skip("MICROKIT_SDK does not name a Microkit SDK")
    for program in ("qemu-system-aarch64", os.environ.get("CROSS", "aarch64-linux-gnu-") + "gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}")
    built = subprocess.run([MICROKIT / "build", sdk, BOARD, request.param, tmp_path],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stdout
    return request.param, tmp_path / "echo.img"


def test_each_client_on_sel4_echoes_every_datagram_unchanged(image):
    config, path = image
    with qemu_echo.Machine(path) as machine:
        machine.wait_until_up()
        reports = machine.echo(DATAGRAMS)
        console = machine.console()
    print(*reports, console, sep="\n")
    assert len(reports) == 2
    assert all(report.perfect(DATAGRAMS) for report in reports)
    if config == "debug":
        assert "Microkit Monitor started" in console and "MON|ERROR" not in console


def test_a_lost_a_changed_and_a_repeated_answer_are_each_counted():
    """The checker itself, against an echo that misbehaves; needs no SDK."""
    batch = [f"0.{number}.payload".encode() for number in range(5)]
    report = qemu_echo.Report("peer")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)

        def misbehave():
            for number in range(len(batch)):
                datagram, sender = peer.recvfrom(2048)
                answers = {1: [], 2: [datagram[:-1] + b"?"], 3: [datagram, datagram]}
                for answer in answers.get(number, [datagram]):
                    peer.sendto(answer, sender)

        thread = threading.Thread(target=misbehave)
        thread.start()
        with qemu_echo.open_socket(peer.getsockname()[1], 0.5) as sock:
            for datagram in batch:
                sock.send(datagram)
            qemu_echo.collect(sock, batch, report)
        thread.join()
    assert (report.sent, report.correct, report.wrong) == (5, 3, 1)
    assert (report.lost, report.unasked) == (1, 1)
    assert not report.perfect(5)
