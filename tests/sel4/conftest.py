# SPDX-License-Identifier: BSD-2-Clause
"""What the tests on real seL4 share: images, built with the Microkit SDK that MICROKIT_SDK names.

SEL4_BOARD and SEL4_CONFIGS (separated by spaces) choose others than qemu_virt_aarch64 in debug,
release and benchmark. SDDF names the host tool. Without an SDK each test is skipped, by name."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MICROKIT = ROOT / "platform/microkit"
sys.path.insert(0, str(MICROKIT))
import qemu  # noqa: E402  (found by the line above)

BOARD = os.environ.get("SEL4_BOARD") or "qemu_virt_aarch64"
CONFIGS = (os.environ.get("SEL4_CONFIGS") or "debug release benchmark").split()
BUILD_SECONDS = 240


class Kit:
    """A configuration of the SDK, and a folder for what is built with it."""

    def __init__(self, config, folder):
        self.config, self.folder = config, folder
        self.cores = qemu.cores_of(config)
        self.prints = config.endswith("debug")

    def build(self, system, folder=None):
        """The image of a system, and what the build printed."""
        command = [MICROKIT / "build", os.environ["MICROKIT_SDK"], BOARD, self.config,
                   folder or self.folder, system]
        built = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS, check=False)
        assert built.returncode == 0, built.stdout
        return pathlib.Path(folder or self.folder) / f"{system.stem}.img", built.stdout

    def machine(self, system, more=()):
        """A QEMU that runs the system; a context manager."""
        return qemu.Machine(self.build(system)[0], BOARD, self.cores, more=more)


@pytest.fixture(scope="session", params=CONFIGS)
def kit(request, tmp_path_factory):
    """Each configuration in turn; skips where what it needs is not there."""
    if not os.environ.get("MICROKIT_SDK"):
        pytest.skip("MICROKIT_SDK does not name a Microkit SDK")
    if BOARD not in qemu.BOARDS:
        pytest.skip(f"QEMU plays no {BOARD}")
    compiler = os.environ.get("CROSS", BOARD.rsplit("_", 1)[1] + "-linux-gnu-") + "gcc"
    for program in (qemu.BOARDS[BOARD][0], compiler):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}")
    return Kit(request.param, tmp_path_factory.mktemp(request.param))
