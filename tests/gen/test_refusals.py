# SPDX-License-Identifier: BSD-2-Clause
"""What `sddf gen` refuses; nothing is written then. In which words: tests/describe/bad."""

import random

import pytest
from generated import ECHO, ROOT, echo_yaml, gen

BASE = """\
system: echo
network:
  eth0:
    clients:
      a: { mac: "52:54:01:00:00:01", ip: 10.0.0.2/24 }
      b: { mac: "52:54:01:00:00:02", ip: 10.0.0.3/24 }
components:
  a: { image: echo }
  b: { image: echo }
"""

def refuse(tmp_path, text, *arguments):
    """The errors, without the name of the file."""
    system = tmp_path / "system.yaml"
    system.write_text(text)
    options = arguments or ("--board", "linux", "--board-dir", ROOT / "boards")
    done = gen(system, *options, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()
    return done.stderr.replace(f"{system}:", "").replace(f"{ROOT}/boards", "BOARDS").splitlines()


def test_64_protection_domains_are_refused_and_63_are_not(tmp_path):
    more = "    rx_buffers: 1024\n"
    assert refuse(tmp_path, echo_yaml(31, 30, more)) == [
        "37:1: components: found 64 protection domains (31 components; 33 drivers, virtualisers and copiers), "
        "expected at most 63, Microkit's limit; remove clients, or copiers of clients that may see "
        "each other's frames (copy: false) [too-many-pds]"
    ]
    (tmp_path / "system.yaml").write_text(echo_yaml(30, 30, more))
    arguments = (tmp_path / "system.yaml", "--board", "linux", "-o", tmp_path / "out")
    assert gen(*arguments).returncode == 0


def test_more_regions_than_the_address_space_holds_are_refused(tmp_path):
    options = "    rx_buffers: 4096\n    buffer_size: 16KiB\n"
    text = echo_yaml(32, 0, options).replace("copy: false", "copy: false, tx_buffers: 4096")
    text = text.replace("      c16:", f"  eth1:\n{options}    clients:\n      c16:", 1)
    board = tmp_path / "large.yaml"
    board.write_text((ROOT / "boards/linux.yaml").read_text().replace("size: 1GiB", "size: 4GiB"))
    assert refuse(tmp_path, text, "--board", board) == [
        "33:7: network.eth1.clients.c22: found no room for region c22_data of 65536 KiB in the "
        "1,648 MiB of virtual addresses that all regions of a system share; use fewer or smaller "
        "buffers and regions [no-room]"
    ]


def test_a_board_that_does_not_exist_is_refused(tmp_path):
    assert refuse(tmp_path, BASE, "--board", tmp_path / "none.yaml") == [
        f"{tmp_path}/none.yaml: cannot be opened: No such file or directory [cannot-read]"
    ]


def test_an_output_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    done = gen(ECHO, "--board", "linux", "-o", tmp_path / "file/out")
    assert (done.returncode, done.stderr) == (
        2, f"{tmp_path}/file/out: cannot be made: Not a directory [cannot-write]\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the system's file is missing"),
        ([ECHO], "the directory to write to is missing, as -o build/echo"),
        ([ECHO, ECHO], "found more than one system, expected one"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments, message):
    done = gen(*arguments)
    assert (done.returncode, done.stderr) == (2, f"sddf gen: {message}; see sddf gen --help\n")


def test_no_damaged_file_crashes_the_tool(tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    system = tmp_path / "system.yaml"
    for _ in range(100):
        data = bytearray(BASE.encode())
        for _ in range(source.randint(1, 6)):
            at = source.randrange(len(data))
            piece = source.choice([b"", b"{", b"}", b"]", b":", b"\n", b" ", b"9", b"a", b"\xff"])
            data[at : at + source.randint(0, 3)] = piece
        system.write_bytes(data)
        done = gen(system, "--board", "linux", "-o", tmp_path / "out")
        assert done.returncode in (0, 2), data
        assert (done.returncode == 2) == (done.stderr != ""), data
