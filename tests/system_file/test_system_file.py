# SPDX-License-Identifier: BSD-2-Clause
"""The readers of .system and board files, run on every file beside this one.

A bad file says which errors it must give, in comments: "expect LINE: TEXT" (the start of an error
at that line) or "expect TEXT" (in some error). All errors must be expected: none is a mere
consequence of another. SYSTEM_FILE_DUMP names the program that reads and prints."""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BOARDS = HERE.parent.parent / "boards"
SCHEMA = HERE.parent.parent / "platform/linux/description/system.rng"


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A search path with what the systems here name."""
    path = tmp_path_factory.mktemp("search")
    (path / "image").write_bytes(b"image")
    (path / "blob").write_bytes(b"b" * 0x1001)
    (path / "empty").write_bytes(b"")
    (path / "directory").mkdir()
    return path


def dump(kind, path, *search):
    command = [os.environ["SYSTEM_FILE_DUMP"], kind, str(path), *map(str, search)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def errors_of(result, path):
    assert result.returncode == 1, result.stdout + result.stderr
    lines = result.stderr.splitlines()
    for line in lines:
        assert line.startswith(f"{path}:"), f"an error that names no file: {line}"
    return [line.removeprefix(f"{path}:").lstrip() for line in lines if ": warning: " not in line]


def fits(expected, error):
    return error.startswith(expected) if expected[0].isdigit() else expected in error


def check_errors(path, result):
    expected = re.findall(r"^(?:<!--|#) expect (.*?)(?: -->)?$", path.read_text(), re.MULTILINE)
    assert expected, "the file expects nothing"
    errors = errors_of(result, path)
    for text in expected:
        assert any(fits(text, error) for error in errors), f"no error '{text}' in {errors}"
    for error in errors:
        assert any(fits(text, error) for text in expected), f"an error too many: {error}"


def names(folder, pattern):
    return sorted(path.name for path in (HERE / folder).glob(pattern))


@pytest.mark.parametrize("name", names("bad", "*.system"))
def test_a_bad_system_gets_each_error_at_its_line_and_no_other(name, files):
    path = HERE / "bad" / name
    check_errors(path, dump("system", path, files))


@pytest.mark.parametrize("name", names("boards_bad", "*.yaml"))
def test_a_bad_board_gets_each_error_at_its_place_and_no_other(name):
    path = HERE / "boards_bad" / name
    check_errors(path, dump("board", path))


@pytest.mark.parametrize("name", names("good", "*.system"))
def test_a_good_system_is_read_and_fits_the_grammar(name, files):
    path = HERE / "good" / name
    result = dump("system", path, files)
    assert result.returncode == 0, result.stderr
    lint = subprocess.run(
        ["xmllint", "--noout", "--relaxng", str(SCHEMA), str(path)],
        capture_output=True, text=True, timeout=20, check=False,
    )
    assert lint.returncode == 0, lint.stderr


def test_values_defaults_and_setvars_are_those_of_microkit(files):
    result = dump("system", HERE / "good" / "whole.system", files)
    assert result.stdout.splitlines() == [
        # large pages where size, every map and the physical address allow; "small" and "blob" not
        "region data size=0x400000 page=0x200000 phys=0x100200000 prefill=:0 line=31",
        "region more size=0x200000 page=0x200000 phys=0x100000000 prefill=:0 line=32",
        "region small size=0x200000 page=0x1000 phys=- prefill=:0 line=33",
        "region code size=0x200000 page=0x1000 phys=- prefill=:0 line=34",
        f"region blob size=0x2000 page=0x1000 phys=- prefill={files}/blob:4097 line=35",
        "region registers size=0x1000 page=0x1000 phys=0xa000000 prefill=:0 line=36",
        "region low size=0x200000 page=0x1000 phys=0x80001000 prefill=:0 line=37",
        f"pd parent image={files}/image parent=- id=0 priority=254 budget=500 period=1000 passive=0"
        f" cpu=1 stack=0x2000 fpu=0 symbols={files}/blob",
        "  map data 0x20000000 rw- cached=0",
        "  map blob 0x10000000 r-- cached=1",
        "  irq 48 id=61 edge",
        "  setvar data_vaddr=0x20000000",
        "  setvar data_size=0x400000",
        "  setvar blob_size=0x2000",
        "  setvar blob_length=0x1001",
        "  setvar data_paddr=0x100200000",
        "  setvar registers_paddr=0xa000000",
        "  setvar irq_id=0x3d",
        "  setvar child_id=0x3e",
        f"pd child image={files}/image parent=parent id=62 priority=16 budget=1000 period=1000"
        " passive=1 cpu=0 stack=0x4000",
        "  map registers 0x30000000 rw- cached=0",
        f"pd grandchild image={files}/image parent=child id=0 priority=0 budget=1000 period=1000"
        " passive=0 cpu=0 stack=0x2000",
        "  map code 0x40001000 r-x cached=1",
        f"pd second image={files}/image parent=parent id=1 priority=0 budget=700 period=700"
        " passive=0 cpu=0 stack=0x2000",
        f"pd caller image={files}/image parent=- id=0 priority=253 budget=1000 period=1000"
        " passive=0 cpu=0 stack=0x2000",
        "  map data 0x20000000 r-- cached=1",
        "  map small 0x40000000 rw- cached=1",
        "  irq 49 id=0 level",
        "  setvar call_id=0x1",
        "channel parent:0 pp=0 notify=0 - caller:1 pp=1 notify=1",
        "channel child:0 pp=0 notify=1 - grandchild:0 pp=0 notify=1",
    ]
    assert 'region "more" is mapped by no PD' in result.stderr


def test_domains_and_capabilities_are_those_of_microkit(files):
    result = dump("system", HERE / "good" / "domains.system", files)
    assert result.stdout.splitlines() == [
        f"pd early image={files}/image parent=- id=0 priority=0 budget=1000 period=1000 passive=0"
        " cpu=0 stack=0x2000 capabilities=1",
        f"pd outer image={files}/image parent=- id=0 priority=0 budget=1000 period=1000 passive=0"
        " cpu=0 stack=0x2000 domain=left capabilities=4",
        f"pd inner image={files}/image parent=outer id=1 priority=0 budget=1000 period=1000"
        " passive=1 cpu=0 stack=0x2000 domain=right",
    ]


PD = '<protection_domain name="a"><program_image path="image"/></protection_domain>'
REGION = '<memory_region name="r" size="0x1000"/>'


def test_files_are_looked_up_in_search_order_and_then_beside_the_system(tmp_path):
    system = tmp_path / "a.system"
    system.write_text(f"<system>{PD}</system>")
    search = (tmp_path / "first", tmp_path / "second")
    for folder in (tmp_path, *reversed(search)):
        folder.mkdir(exist_ok=True)
        (folder / "image").touch()
        assert f"image={folder}/image " in dump("system", system, *search).stdout


HOSTILE_SYSTEMS = {
    "too_large": (b"<system>" + b" " * (16 << 20) + b"</system>", "larger than 16777216 bytes"),
    "too_deep": (b"<system>" + b"<channel>" * 5000, "not XML: "),
    "too_many_elements": (b"<system>" + b"<channel/>" * 70000 + b"</system>", "more than 65536 el"),
    "too_many_regions": (
        f'<system>{PD}{REGION * 2100}</system>'.encode(), "more than 2048 memory regions"),
    "many_errors": (b"<system>" + b"<x/>" * 3000 + b"</system>", "more findings"),
    "many_lines": (b"<system>" + b"\n" * 100000 + b"<x/></system>", "100001: <x> cannot stand"),
    "not_text": (b"\xff\xfe\x00\x01\x80", "not XML: "),
    "zero_byte": (b"<system>\0</system>", "not XML: "),
    "empty": (b"", "found an empty file"),
}


@pytest.mark.parametrize("name", HOSTILE_SYSTEMS)
def test_a_hostile_system_file_is_refused_in_bounded_time(name, files, tmp_path):
    content, expected = HOSTILE_SYSTEMS[name]
    path = tmp_path / "hostile.system"
    path.write_bytes(content)
    errors = errors_of(dump("system", path, files), path)
    assert any(expected in error for error in errors), errors[:3]
    assert len(errors) <= 102


def test_deeply_nested_bad_pds_do_not_cost_the_validator_more_than_their_number(files, tmp_path):
    path = tmp_path / "nested.system"
    open_pd = '<protection_domain name="{}" id="0"><program_image path="image"/>'
    nested = "".join(open_pd.format(i) for i in range(60)) + "<bad/>" + "</protection_domain>" * 60
    path.write_text(f"<system>{nested}</system>")
    assert any("<bad> cannot stand" in e for e in errors_of(dump("system", path, files), path))


@pytest.mark.parametrize("kind", ["system", "board"])
def test_a_file_that_cannot_be_opened_or_read_is_named(kind, tmp_path):
    result = dump(kind, tmp_path / "absent")
    assert (result.returncode, "absent: cannot be opened" in result.stderr) == (1, True)
    result = dump(kind, tmp_path)
    assert (result.returncode, "cannot be read" in result.stderr) == (1, True)


HOSTILE_BOARDS = {
    "too_large": b"a: " + b"x" * (1 << 20),
    "too_many_values": b"a: [" + b"1," * 20000 + b"]",
    "not_utf8": b"a: \xff\xfe",
    "list_as_key": b"? [a]\n: b",
    "too_deep": b"[" * 100000,
    "zero_byte": b"\0",
    "broken_list": b"-\n" * 1000 + b"a",
}


@pytest.mark.parametrize("name", HOSTILE_BOARDS)
def test_a_hostile_board_file_is_refused_in_bounded_time(name, tmp_path):
    path = tmp_path / "hostile.yaml"
    path.write_bytes(HOSTILE_BOARDS[name])
    assert errors_of(dump("board", path), path)


def test_the_boards_of_the_tree_are_read():
    paths = sorted(BOARDS.glob("*.yaml")) + sorted((HERE / "boards_good").glob("*.yaml"))
    for path in paths:
        result = dump("board", path)
        assert (result.returncode, result.stderr) == (0, ""), path
    assert dump("board", HERE / "boards_good" / "dma.yaml").stdout.splitlines() == [
        "board example arch=riscv64 dma=0x80000000+0x100000",
        "device disk0 class=block compatible=virtio,mmio backend= reg=0xa000200+0x200 irq=49 edge"
        " dma=disk0_data,disk0_rings line=7",
    ]
