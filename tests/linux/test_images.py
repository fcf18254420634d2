# SPDX-License-Identifier: BSD-2-Clause
"""Images that no linker makes. The loader maps and relocates an image before its PD's sandbox is
closed: each of these would make it run the image's code by then, or leave memory that is writable and
executable, and all must be refused."""

import struct

import pytest

import hostile_elf as elf
from harness import SANITIZED, Run, on_x86, pd

pytestmark = [on_x86, pytest.mark.skipif(SANITIZED, reason="the images are built without one")]


def dynamic_section_without_an_end(image):
    """What is checked ends before what the loader reads."""
    image.segments[3][4] = 16 * (len(image.dynamic) - 1)
    image.dynamic[-1:] = [[elf.DT["INIT"], elf.EARLY], [0, 0]]


def relocations_of_a_broken_size(image):
    """The loader takes the entry that has begun."""
    image.relocations.append([elf.DATA + 16, 0, elf.IRELATIVE, elf.EARLY])
    image.set_tag("RELASZ", 49)


def first_symbol_that_is_a_resolver(image):
    image.symbols[0] = ["", elf.IFUNC & 0xF, 1, elf.EARLY]
    image.relocations[1] = [elf.DATA + 8, 0, elf.DIRECT, 0]


def relocation_that_makes_another(image):
    """Writes type IRELATIVE, an absolute symbol's value, to the next one."""
    image.symbols.append(["absolute", elf.FUNC, elf.ABSOLUTE, elf.IRELATIVE])
    image.relocations[1] = [elf.ROOM + 48 + 8, 4, elf.DIRECT, 0]
    image.relocations.append([elf.DATA + 16, 0, elf.RELATIVE, elf.EARLY])
    image.extra[elf.ROOM] = elf.relocations(image.relocations)
    image.set_tag("RELA", elf.ROOM)
    image.set_tag("RELASZ", 72)


def relocation_that_makes_a_symbol_a_resolver(image):
    """Symbols lie where they can be written; the value of one is the word that spoils another."""
    image.symbols.append(["absolute", elf.FUNC, elf.ABSOLUTE, 1 << 48 | (elf.IFUNC & 0xF) << 32])
    image.symbols.append(["plain", elf.FUNC, 1, elf.EARLY])
    image.extra[elf.ROOM] = image.bytes()[elf.SYMBOLS:image.strings + 0x100]
    image.tables_moved = elf.ROOM - elf.SYMBOLS
    image.set_tag("SYMTAB", elf.ROOM)
    image.relocations = [[elf.ROOM + 24 * 5, 4, elf.DIRECT, 0], [elf.DATA + 8, 5, elf.DIRECT, 0]]


def relocation_that_moves_the_symbols(image):
    """Where the loader then looks the name up, the second one is a resolver."""
    symbols = bytearray(image.bytes()[elf.SYMBOLS:image.strings])
    symbols[24 * 2 + 4] = elf.IFUNC
    symbols[24 * 2 + 8:24 * 2 + 16] = struct.pack("<Q", elf.EARLY)
    image.extra[elf.ROOM] = bytes(symbols)
    place = [tag for tag, _ in image.dynamic].index(elf.DT["SYMTAB"])
    image.relocations = [[elf.DYNAMIC + 16 * place + 8, 0, elf.RELATIVE, elf.ROOM],
                         [elf.DATA + 8, 2, elf.DIRECT, 0]]


def hash_table_that_leads_to_a_symbol_behind_the_others(image):
    """A function's name is looked up, and found as a resolver where no symbol was checked."""
    index = (elf.RELOCATIONS + 0x180 - elf.SYMBOLS) // 24
    image.chain_start = index
    image.relocations[1] = [elf.DATA + 8, 2, elf.DIRECT, 0]
    image.extra[elf.SYMBOLS + 24 * index] = struct.pack(
        "<IBBHQQ", 1 + len("microkit_dbg_puts") + 1, elf.IFUNC, 0, 1, elf.EARLY, 8)
    image.extra[elf.HASH + 24 + 4 + 4 * (index - 2)] = struct.pack("<I", elf.gnu_hash("init") | 1)


def segments_that_share_a_page(image):
    """The second one's page lies over the first one's: not what was checked is what is loaded."""
    image.segments[2][4:] = [0xC00, 0xC00]
    image.segments.insert(3, [elf.LOAD, elf.READ | elf.WRITE, 0x3C00, 0x2C00, 0x100, 0x100])
    image.extra[0x3800] = image.bytes()[elf.DYNAMIC:elf.DYNAMIC + 16 * (len(image.dynamic) - 1)]
    image.extra[0x3800] += struct.pack("<QQ", elf.DT["INIT"], elf.EARLY)


def no_word_about_its_stack(image):
    """Without one the loader makes the stack executable."""
    del image.segments[4]


CASES = [
    (dynamic_section_without_an_end, "dynamic section without an end"),
    (relocations_of_a_broken_size, "has relocations outside"),
    (first_symbol_that_is_a_resolver, "symbol table in an unknown place"),
    (relocation_that_makes_another, "where they could change"),
    (relocation_that_makes_a_symbol_a_resolver, "symbol table in an unknown place"),
    (relocation_that_moves_the_symbols, "has a relocation of type 8"),
    (hash_table_that_leads_to_a_symbol_behind_the_others, "DT_GNU_HASH"),
    (segments_that_share_a_page, "share a page"),
    (no_word_about_its_stack, "PT_GNU_STACK"),
]


def run_image(folder, image, system=None):
    (folder / "bad.elf").write_bytes(image.bytes())
    return Run(folder, system or pd("bad", "bad"), "--search", str(folder))


def test_the_image_that_the_others_are_made_of_is_started(tmp_path):
    with run_image(tmp_path, elf.harmless()) as run:
        run.until("bad| started\n")


@pytest.mark.parametrize("spoil, said", CASES, ids=[spoil.__name__ for spoil, _ in CASES])
def test_an_image_that_no_linker_makes_runs_nothing_before_its_sandbox(spoil, said, tmp_path):
    image = elf.harmless()
    spoil(image)
    with run_image(tmp_path, image) as run:
        while run.read(0.2):
            assert "EARLY" not in run.output and "started" not in run.output
        code, output = run.end()
    assert code == 1 and "PD bad: image" in output and said in output


def test_a_name_in_an_image_does_not_command_the_terminal(tmp_path):
    image = elf.harmless()
    image.symbols[1][0] = "\x1b[31m\x9bname"
    with run_image(tmp_path, image) as run:
        assert "uses \\x1b[31m\\u009bname, which is neither" in run.end()[1]


def test_a_setvar_changes_nothing_that_the_loader_reads(tmp_path):
    """Else a file of 37 bytes would make a relocation one of type IRELATIVE."""
    image = elf.harmless()
    image.symbols.append(["type", elf.OBJECT, 1, elf.RELOCATIONS + 24 + 8])
    image.relocations[1][3] = elf.EARLY
    (tmp_path / "bytes").write_bytes(bytes(elf.IRELATIVE))
    system = '<memory_region name="bytes" prefill_path="bytes"/>' + pd(
        "bad", "bad", '<map mr="bytes" vaddr="0x10000000" perms="r" setvar_prefill_size="type"/>')
    with run_image(tmp_path, image, system) as run:
        run.until("started\n")
        assert "EARLY" not in run.output
