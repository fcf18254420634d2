# SPDX-License-Identifier: BSD-2-Clause
"""What `sddf run` refuses before it starts anything: every malformed system of tests/system_file,
with exit code 2; and images that would run code, or load some, outside the sandbox."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import DEADLINE_S, IMAGES, SANITIZED, SDDF, Run, pd
from test_run import PROBE_REGIONS

BAD = pathlib.Path(__file__).parent.parent / "system_file" / "bad"
BAD_SYSTEMS = sorted(path.name for path in BAD.glob("*.system"))


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    """What the bad systems name, and programs that leave a mark if they are started."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "image").write_bytes((IMAGES / "hello.elf").read_bytes())
    (folder / "blob").write_bytes(b"b" * 0x1001)
    (folder / "empty").write_bytes(b"")
    (folder / "directory").mkdir()
    for program in ("sddf-pd", "sddf-virtio-net"):
        (folder / program).write_text(f"#!/bin/sh\necho {program} >>{folder}/started\n")
        (folder / program).chmod(0o755)
    return folder


def run_bad(name, search):
    return subprocess.run(
        [SDDF, "run", str(BAD / name), "--search", str(search)],
        env={**os.environ, "SDDF_LIBEXEC": str(search)},
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )


def test_there_are_thirty_malformed_systems_and_more():
    assert len(BAD_SYSTEMS) > 30


@pytest.mark.parametrize("name", BAD_SYSTEMS)
def test_a_malformed_system_is_refused_with_code_2_and_nothing_is_started(name, search):
    result = run_bad(name, search)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert re.match(rf"{BAD / name}:\d+: .{{10}}|{BAD / name}: .{{10}}", result.stderr)
    assert not (search / "started").exists()


def test_the_mark_of_a_started_program_is_seen(search, tmp_path):
    """The test above could otherwise not fail."""
    (tmp_path / "good.system").write_text(f"<system>{pd('a', 'hello')}</system>")
    subprocess.run(
        [SDDF, "run", str(tmp_path / "good.system"), "--search", str(IMAGES)],
        env={**os.environ, "SDDF_LIBEXEC": str(search)},
        capture_output=True, timeout=DEADLINE_S, check=False,
    )
    assert (search / "started").read_text() == "sddf-pd\n"
    (search / "started").unlink()


@pytest.mark.parametrize(
    "options", [["--cpu", "x"], ["--wire", "eth0"], ["--bogus"], ["another.system"]]
)
def test_a_wrong_command_line_is_refused_with_code_2(options, tmp_path):
    with Run(tmp_path, pd("a", "hello"), *options) as run:
        code, output = run.end()
    assert code == 2 and output != "" and "hello from" not in output


def test_a_wrong_board_is_refused_with_code_2(tmp_path):
    (tmp_path / "board.yaml").write_text("name: x\n")
    with Run(tmp_path, pd("a", "hello"), "--board", str(tmp_path / "board.yaml")) as run:
        code, output = run.end()
    assert code == 2 and "board.yaml:" in output and "hello from" not in output


SYMBOLS = (
    '<protection_domain name="hello"><program_image path="stripped.elf" {}/>'
    '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="greeting"/></protection_domain>'
)


def test_setvars_are_found_in_the_file_that_path_for_symbols_names(tmp_path):
    (tmp_path / "action.txt").write_text("good evening")
    whole = IMAGES / "hello.elf"
    stripped = tmp_path / "stripped.elf"
    stripped.write_bytes(whole.read_bytes().replace(b"greeting\0", b"nameless\0"))
    shutil.copy(whole, tmp_path / "symbols.elf")
    with Run(tmp_path, PROBE_REGIONS + SYMBOLS.format("")) as run:
        code, output = run.end()
    assert code == 1 and "has no symbol greeting" in output
    with Run(tmp_path, PROBE_REGIONS + SYMBOLS.format('path_for_symbols="symbols.elf"')) as run:
        run.until("hello| 1 0 good evening\n")
    (tmp_path / "symbols.elf").write_text("no ELF file" * 10)
    with Run(tmp_path, PROBE_REGIONS + SYMBOLS.format('path_for_symbols="symbols.elf"')) as run:
        code, output = run.end()
    assert code == 1 and "path_for_symbols" in output and "is no 64-bit" in output


REFUSED = {
    "refused_destructor": "constructor or destructor, which would run outside init()",
    "refused_init": "constructor or destructor, which would run outside init()",
    "refused_text_relocation": "relocates its code (DT_TEXTREL)",
    "refused_thread_local": "thread-local data",
    "refused_interpreter": "asks for a program interpreter",
    "refused_stack": "memory that is both writable and executable",
    "refused_writable_code": "memory that is both writable and executable",
}


@pytest.mark.parametrize("image", REFUSED)
def test_an_image_that_reaches_beyond_its_entry_points_is_refused(image, tmp_path):
    if SANITIZED and image in ("refused_destructor", "refused_init"):
        pytest.skip("a sanitizer build has constructors of its own")
    with Run(tmp_path, pd("bad", image) + pd("good", "hello")) as run:
        code, output = run.end()
    assert code == 1
    assert "PD bad: image" in output and REFUSED[image] in output
    assert "started" not in output and "ran " not in output and "hello from" not in output


def test_the_same_image_without_what_is_refused_is_started(tmp_path):
    with Run(tmp_path, pd("good", "refused_nothing")) as run:
        run.until("good| started\n")
