# SPDX-License-Identifier: BSD-2-Clause
"""What is said when a Microkit SDK is missing, too old, or lacks what was asked for: one clear
sentence each, from folders in an SDK's shape. Needs no SDK."""
import os
import shutil
import subprocess

import conftest
import pytest

BOARD, CONFIG = "qemu_virt_aarch64", "release"


def make_sdk(folder, version="2.3.0", board=BOARD, config=CONFIG):
    """As much of an SDK as is looked at before anything is compiled."""
    kit = folder / "board" / board / config
    for path in (folder / "bin", kit / "lib", kit / "include/kernel"):
        path.mkdir(parents=True)
    (folder / "bin/microkit").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bin/microkit").chmod(0o755)
    if version is not None:
        (folder / "VERSION").write_text(version + "\n")
    (kit / "lib/libmicrokit.a").write_bytes(b"!<arch>\n")
    (kit / "include/kernel/gen_config.h").write_text("#define CONFIG_SEL4_ARCH  aarch64\n")
    return folder


def refuse(sdk, board=BOARD, config=CONFIG):
    """What platform/microkit/sdk says; it must be one line, and the code 1."""
    ran = subprocess.run([conftest.MICROKIT / "sdk", str(sdk), board, config], capture_output=True,
                         text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, ""), ran
    assert ran.stderr.count("\n") == 1, ran.stderr
    return ran.stderr


@pytest.mark.parametrize("version", ["2.3.0", "2.3", "2.3.0-dev", "2.10.1", "3.0.0"])
def test_an_sdk_from_2_3_on_is_taken(tmp_path, version):
    sdk = make_sdk(tmp_path, version)
    subprocess.run([conftest.MICROKIT / "sdk", sdk, BOARD, CONFIG], check=True)


@pytest.mark.parametrize("version", ["2.2.0", "2.2.0-dev", "1.4.1", "0.9"])
def test_an_older_sdk_is_refused_with_its_version_and_the_one_needed(tmp_path, version):
    said = refuse(make_sdk(tmp_path, version))
    assert f"found version {version} in {tmp_path}, expected 2.3.0 or newer" in said


@pytest.mark.parametrize("version", ["", "new", "2", "2.", ".3", "2.x", "two.three", "2 3"])
def test_a_version_that_is_no_number_is_refused(tmp_path, version):
    assert f'found version "{version}"' in refuse(make_sdk(tmp_path, version))


def test_a_folder_that_is_no_sdk_is_refused(tmp_path):
    assert f"found no bin/microkit or no VERSION in {tmp_path}" in refuse(tmp_path)
    assert "no VERSION" in refuse(make_sdk(tmp_path / "a", version=None))
    assert "/nowhere, expected the folder of an unpacked Microkit SDK" in refuse("/nowhere")


def test_a_board_or_configuration_that_the_sdk_lacks_is_refused_with_those_it_has(tmp_path):
    sdk = make_sdk(tmp_path)
    make_sdk(tmp_path / "other", board="star64", config="debug")
    shutil.copytree(tmp_path / "other/board/star64", sdk / "board/star64")
    said = refuse(sdk, board="odroidc4")
    assert f"found no board odroidc4 in {sdk}; it has: {BOARD} star64" in said
    said = refuse(sdk, config="smp-release")
    assert f"found no configuration smp-release of {BOARD} in {sdk}; it has: {CONFIG}" in said


@pytest.mark.parametrize("target", ["sel4-test"])
def test_without_an_sdk_three_lines_say_what_it_is_where_it_is_and_what_to_set(target):
    environment = {name: value for name, value in os.environ.items() if name != "MICROKIT_SDK"}
    environment.pop("MAKEFLAGS", None)
    ran = subprocess.run(["make", "--no-print-directory", "-C", conftest.ROOT, target],
                         capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode != 0
    lines = [line for line in ran.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 3 and not ran.stdout
    assert "kernel" in lines[0] and "https://github.com/seL4/microkit/releases" in lines[1]
    assert "set MICROKIT_SDK" in lines[2]


def build(sdk, out, *system, **environment):
    ran = subprocess.run([conftest.MICROKIT / "build", sdk, BOARD, CONFIG, out, *system],
                         capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert ran.returncode == 1 and ran.stderr.count("\n") == 1, ran
    return ran.stderr


def test_build_refuses_what_it_cannot_use_before_it_compiles(tmp_path):
    sdk, out = make_sdk(tmp_path / "sdk"), tmp_path / "out"
    assert "expected 2.3.0 or newer" in build(make_sdk(tmp_path / "old", "2.1.0"), out)
    assert "nothing.yaml: expected a system's .yaml or .system" in build(sdk, out, "nothing.yaml")
    assert "no none-gcc: install gcc-aarch64-linux-gnu" in build(sdk, out, CROSS="none-")
    config = sdk / "board" / BOARD / CONFIG / "include/kernel/gen_config.h"
    config.write_text("#define CONFIG_SEL4_ARCH  aarch32\n")
    assert 'found architecture "aarch32", expected one of aarch64.ini riscv64.ini' in build(sdk, out)
    assert not list(out.glob("**/*.elf"))
