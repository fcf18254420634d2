# SPDX-License-Identifier: BSD-2-Clause
"""What the tool says of an image that it should not start: built for something else, or made to
harm. One clear sentence, exit code 1, no package."""

import os
import pathlib
import platform
import random
import struct

import pytest
from support import FOLDER, SDK, command, make

PROGRAM = struct.Struct("<IIQQQQQQ")  # p_type p_flags p_offset p_vaddr p_paddr p_filesz p_memsz
PT_LOAD, PT_INTERP, PT_TLS = 1, 3, 7
HELLO = FOLDER / "hello/hello.system"
LIB = SDK / "board/linux/debug/lib"
INCLUDE = SDK / "board/linux/debug/include"
ROUNDS = 200


@pytest.fixture(scope="module", name="hello")
def fixture_hello(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hello")
    code, output = make("hello", folder)
    assert code == 0, output
    return (folder / "hello.elf").read_bytes()


def tool(folder, system=HELLO):
    """Checks and packs the system with the images in the folder."""
    return command(
        *(SDK / "bin/microkit", system, "--search-path", folder, "--board", "linux"),
        *("--config", "debug", "-o", folder / "loader.img", "-r", folder / "report.txt"),
    )


def refuse(folder, image, sentence):
    (folder / "hello.elf").write_bytes(bytes(image))
    code, output = tool(folder)
    assert code == 1, output
    assert sentence in output
    assert len(output.splitlines()) == 1, output
    assert not (folder / "loader.img").exists()


class Elf:
    """An image whose words can be changed."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.headers = struct.unpack_from("<Q", data, 32)[0]

    def segment(self, number, **fields):
        names = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")
        at = self.headers + number * PROGRAM.size
        values = dict(zip(names, PROGRAM.unpack_from(self.data, at)))
        values.update(fields)
        PROGRAM.pack_into(self.data, at, *(values[name] for name in names))
        return values

    def table(self, index, value):
        """Sets a word of microkit_linux, which starts with a magic number."""
        at = self.data.index(struct.pack("<Q", 0x31676F7270464464)) + 8 * index
        struct.pack_into("<Q", self.data, at, value)
        return self.data


def compile_c(folder, text, *words):
    source = folder / "source.c"
    source.write_text(text, encoding="ascii")
    code, output = command(*words, source, "-o", folder / "hello.elf")
    assert code == 0, output
    return (folder / "hello.elf").read_bytes()


def test_the_unchanged_image_is_packed(tmp_path, hello):
    (tmp_path / "hello.elf").write_bytes(hello)
    code, output = tool(tmp_path)
    assert (code, output) == (0, "")


def test_an_image_for_another_architecture_is_named_and_so_is_ours(tmp_path, hello):
    other, name = (62, "x86-64") if platform.machine() != "x86_64" else (183, "AArch64")
    image = bytearray(hello)
    struct.pack_into("<H", image, 18, other)
    refuse(tmp_path, image, f"is built for {name} and this machine is ")


def test_an_ordinary_program_is_told_from_an_image(tmp_path):
    main = "void init(void){} void notified(unsigned c){(void)c;} int main(void){return 0;}"
    for how in ("-pie", "-no-pie"):
        image = compile_c(tmp_path, main, "cc", "-fPIE", how)
        refuse(tmp_path, image, "is an ordinary Linux program")


def test_a_static_program_without_our_library_is_told_what_to_link(tmp_path):
    image = compile_c(tmp_path, "int main(void){return 0;}", "cc", "-static", "-no-pie")
    refuse(tmp_path, image, "is a static program without libmicrokit.a: link it with that of board")


def test_an_image_linked_for_sel4_is_told_which_sdk_it_needs(tmp_path):
    text = "void *__sel4_ipc_buffer = &__sel4_ipc_buffer; char microkit_name[64] = {1};"
    text += "void init(void){} void notified(unsigned c){(void)c;}"
    flags = ("-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x200000,-e,init,--build-id=none")
    refuse(tmp_path, compile_c(tmp_path, text, "cc", *flags), "is linked for seL4, with another SDK")


def test_an_object_file_is_to_be_linked(tmp_path):
    image = compile_c(tmp_path, "void init(void){}", "cc", "-c")
    refuse(tmp_path, image, "is of ELF type 1, an object file: link it")


def test_a_stripped_image_is_told_to_keep_its_symbols(tmp_path, hello):
    (tmp_path / "hello.elf").write_bytes(hello)
    code, output = command("strip", tmp_path / "hello.elf")
    assert code == 0, output
    image = (tmp_path / "hello.elf").read_bytes()
    refuse(tmp_path, image, "has no symbol table, by which init() and the setvar words are found")


def test_a_function_chosen_while_loading_is_refused(tmp_path):
    text = (
        "#include <microkit.h>\n"
        "static void one(void) {}\n"
        "static void (*choose(void))(void) { return one; }\n"
        'void chosen(void) __attribute__((ifunc("choose")));\n'
        "void init(void) { chosen(); }\n"
        "void notified(microkit_channel ch) { (void)ch; }\n"
    )
    flags = ("-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", f"-I{INCLUDE}")
    script = f"-Wl,-T,{LIB}/microkit.ld,--build-id=none"
    (tmp_path / "source.c").write_text(text, encoding="ascii")
    code, output = command(
        *("cc", *flags, tmp_path / "source.c", f"{LIB}/libmicrokit.a", script),
        *("-o", tmp_path / "hello.elf"),
    )
    assert code == 0, output
    refuse(tmp_path, (tmp_path / "hello.elf").read_bytes(), "(IFUNC): a component has only")


@pytest.mark.parametrize(
    "number, fields, sentence",
    [
        (0, {"flags": 7}, "has memory that is both writable and executable"),
        (2, {"flags": 3}, "has memory that is both writable and executable"),
        (0, {"vaddr": 0x1000}, "has a segment at 0x1000, a program lies in 0x10000 to 0xfffffff"),
        (0, {"vaddr": 0xFFFFFFFFFFFFF000}, "has a segment outside the file or larger than 64 MiB"),
        (2, {"memsz": 0xFFFFFFFFFFFF0000}, "has a segment outside the file or larger than 64 MiB"),
        (1, {"vaddr": 0x200000}, "has segments that overlap, share a page or are out of order"),
        (1, {"vaddr": 0x200FFF}, "has segments that overlap, share a page or are out of order"),
        (2, {"vaddr": 0x100000}, "has segments that overlap, share a page or are out of order"),
        (0, {"offset": 1 << 40}, "has a segment outside the file or larger than 64 MiB"),
        (1, {"type": PT_INTERP}, "is an ordinary Linux program"),
        (1, {"type": PT_TLS}, "has thread-local data: a PD has one thread"),
        (0, {"flags": 4}, "starts at 0x200000, which is not in its code"),
        (2, {"flags": 4}, "has a table microkit_linux of another version"),
    ],
)
def test_a_segment_that_is_not_as_it_should_be_is_named(tmp_path, hello, number, fields, sentence):
    elf = Elf(hello)
    assert elf.segment(number)["type"] == PT_LOAD
    elf.segment(number, **fields)
    refuse(tmp_path, elf.data, sentence)


def test_an_entry_outside_the_code_is_refused(tmp_path, hello):
    for entry in (0, 0x1FFFFF, 0x201000, 0x7F0000000000):
        image = bytearray(hello)
        struct.pack_into("<Q", image, 24, entry)
        refuse(tmp_path, image, f"starts at {entry:#x}, which" if entry else "starts at 0, which")


@pytest.mark.parametrize(
    "index, value, sentence",
    [
        (0, 1, "of another version"),
        (1, 1 << 20, "of another version"),
        (1, 1 << 61, "of another version"),
        (2, 0, "that points outside its data"),
        (2, 0x200000, "that points outside its data"),
        (3, 0x7FFFFFFFF000, "that points outside its data"),
        (4, 0x202001, "that points outside its data"),
        (5, 0xFFFFFFFFFFFFFFF8, "that points outside its data"),
    ],
)
def test_a_table_that_would_make_the_host_write_elsewhere_is_refused(
    tmp_path, hello, index, value, sentence
):
    refuse(tmp_path, Elf(hello).table(index, value), "has a table microkit_linux " + sentence)


def test_a_region_in_the_way_of_a_program_is_named_with_its_line(tmp_path, hello):
    (tmp_path / "hello.elf").write_bytes(hello)
    (tmp_path / "test.system").write_text(
        '<system><memory_region name="r" size="0x1000"/>\n<protection_domain name="hello">'
        '<program_image path="hello.elf"/>\n<map mr="r" vaddr="0x202000" perms="rw"/>'
        "</protection_domain></system>",
        encoding="ascii",
    )
    code, output = tool(tmp_path, tmp_path / "test.system")
    assert code == 1
    assert "test.system:3: PD hello: image " in output
    assert "lies where region r is mapped, at 0x202000: use another address" in output


def test_a_file_cut_off_anywhere_is_refused(tmp_path, hello):
    for size in (0, 63, 64, 200, 0x1000, 0x2000, 0x3000, len(hello) - 1):
        (tmp_path / "hello.elf").write_bytes(hello[:size])
        code, output = tool(tmp_path)
        assert code == 1, f"{size} bytes: {output}"
        assert "hello.elf" in output


def test_no_damage_to_an_image_ends_the_tool_otherwise_than_with_a_sentence(tmp_path, hello):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    sections = struct.unpack_from("<Q", hello, 40)[0]
    table = hello.index(struct.pack("<Q", 0x31676F7270464464))
    places = [*range(16, 64 + 3 * 56), *range(table, table + 64), *range(sections, len(hello))]
    for _ in range(ROUNDS):
        image = bytearray(hello)
        for _ in range(chance.randint(1, 3)):
            value = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
            image[chance.choice(places)] = value
        (tmp_path / "hello.elf").write_bytes(image)
        pathlib.Path(tmp_path / "loader.img").unlink(missing_ok=True)
        code, output = tool(tmp_path)
        assert code in (0, 1), f"SEED={seed}: {output}"
        assert (code == 0) == (tmp_path / "loader.img").exists(), f"SEED={seed}"
        assert code == 0 or "hello.elf" in output, f"SEED={seed}: {output}"
