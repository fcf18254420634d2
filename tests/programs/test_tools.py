# SPDX-License-Identifier: BSD-2-Clause
"""`sddf cc`, bin/microkit of the SDK, and the packages that it writes."""

import os
import random
import shutil

import pytest
from support import FOLDER, SDDF, SDK, command, make, run_until

PLAIN_C = FOLDER / "printf/printf.c"
HELLO = FOLDER / "hello/hello.system"
TOOL = SDK / "bin/microkit"
ROUNDS = 150


def environment(**more):
    return {"PATH": os.environ["PATH"], **more}


def compile_hello(folder, *words, **more):
    return command(SDDF, "cc", *words, "-o", folder / "hello.elf", env=environment(**more))


@pytest.fixture(name="package")
def fixture_package(tmp_path):
    code, output = make("prefill", tmp_path / "build")
    assert code == 0, output
    return tmp_path / "build/loader.img"


# sddf cc


def test_cc_makes_an_image_of_c_files(tmp_path):
    code, output = compile_hello(tmp_path, FOLDER / "prefill/prefill.c")
    assert (code, output) == (0, "")
    system = (FOLDER / "prefill/prefill.system").read_text().replace("prefill.elf", "hello.elf")
    (tmp_path / "test.system").write_text(system)
    shutil.copy(FOLDER / "prefill/poem.txt", tmp_path)
    run_until([SDDF, "run", tmp_path / "test.system"], "prefill| then zeros\n")


@pytest.mark.parametrize("compiler", ["", "gcc", "clang", "env NOTHING=1 gcc"])
def test_cc_takes_the_compiler_from_the_environment_and_links_objects(tmp_path, compiler):
    (tmp_path / "one.c").write_text('#include "two.h"\nvoid init(void) { two(); }\n')
    (tmp_path / "two.h").write_text("#include <microkit.h>\nvoid two(void);\n")
    (tmp_path / "two.c").write_text(
        '#include "two.h"\nvoid two(void) { microkit_dbg_puts(WORD "\\n"); }\n'
        "void notified(microkit_channel ch) { (void)ch; }\n"
    )
    for name, more in (("one", []), ("two", ['-DWORD="right"'])):
        words = (SDDF, "cc", "-Wall", "-Wextra", "-Werror", *more, "-c", tmp_path / f"{name}.c")
        code, output = command(
            *words, "-o", tmp_path / f"{name}.o", env=environment(CC=compiler)
        )
        assert (code, output) == (0, "")
    code, output = compile_hello(tmp_path, tmp_path / "one.o", tmp_path / "two.o", CC=compiler)
    assert (code, output) == (0, "")
    run_until([SDDF, "run", HELLO, "--search", tmp_path], "hello| right\n")


def test_cc_ends_as_the_compiler_does(tmp_path):
    (tmp_path / "bad.c").write_text("int init(void) { return nothing; }\n")
    code, output = compile_hello(tmp_path, tmp_path / "bad.c")
    assert code == 1
    assert "bad.c:1" in output and not (tmp_path / "hello.elf").exists()


def test_cc_says_which_compiler_it_did_not_find(tmp_path):
    code, output = compile_hello(tmp_path, PLAIN_C, CC="no-such-compiler -x")
    assert (code, "no-such-compiler cannot be started" in output) == (127, True), output
    code, output = command(SDDF, "cc", PLAIN_C, env={"PATH": str(tmp_path)})
    assert (code, "found no cc, gcc or clang in PATH" in output) == (127, True), output


def test_cc_shows_its_use():
    code, output = command(SDDF, "cc")
    assert code == 2 and output.startswith("usage: sddf cc FILES -o NAME.elf")


# bin/microkit


def tool(*words, **more):
    return command(TOOL, *words, **more)


BOARD = ("--board", "linux", "--config", "debug")


@pytest.mark.parametrize(
    "words, sentence",
    [
        ((HELLO, "--config", "debug"), "the following arguments are required: --board"),
        ((HELLO, "--board", "linux"), "the following arguments are required: --board, --config"),
        (BOARD, "arguments are required: --board, --config, system"),
        ((HELLO, "--board", "zcu102", "--config", "debug"), 'one board, "linux"; found "zcu102"'),
        (
            (HELLO, "--board", "linux", "--config", "benchmark"),
            "invalid choice 'benchmark' (choose from: debug, release)",
        ),
        ((HELLO, *BOARD, "second.system"), "unrecognized argument 'second.system'"),
        ((HELLO, *BOARD, "--verbose"), "unrecognized argument '--verbose'"),
        ((HELLO, *BOARD, "-o"), "argument -o: expected one parameter"),
    ],
)
def test_the_tool_names_the_argument_that_is_wrong(tmp_path, words, sentence):
    code, output = tool(*words, cwd=tmp_path)
    assert code == 1
    assert "microkit: error: " in output and sentence in output
    assert not list(tmp_path.iterdir())


def test_the_tool_takes_all_that_microkits_takes_and_says_what_has_no_effect(tmp_path):
    assert compile_hello(tmp_path, PLAIN_C) == (0, "")
    code, output = tool(
        *("--image-type", "elf", "--search-path", "/nowhere", tmp_path, "--capdl-json", "c.json"),
        *("--override-kernel", "k.elf", "--viper-output", "v", *BOARD, HELLO),
        *("--output", "out.img", "--report", "out.txt"),
        cwd=tmp_path,
    )
    assert code == 0 and "--viper-output has no effect: board linux has no kernel" in output
    assert {path.name for path in tmp_path.iterdir()} == {"hello.elf", "out.img", "out.txt"}
    assert "protection domain hello" in (tmp_path / "out.txt").read_text()


def test_the_tool_looks_in_the_current_directory_and_writes_its_default_files(tmp_path):
    assert compile_hello(tmp_path, PLAIN_C) == (0, "")
    assert tool(HELLO, *BOARD, cwd=tmp_path) == (0, "")
    assert os.access(tmp_path / "loader.img", os.X_OK) and (tmp_path / "report.txt").exists()


def test_a_wrong_system_is_refused_by_line_and_nothing_is_written(tmp_path):
    (tmp_path / "bad.system").write_text("<system>\n<protection_domain/>\n</system>\n")
    code, output = tool("bad.system", *BOARD, cwd=tmp_path)
    assert code == 1 and "bad.system:2: " in output
    assert [path.name for path in tmp_path.iterdir()] == ["bad.system"]


def test_a_driver_of_a_device_that_is_not_here_is_refused_by_line(tmp_path):
    assert compile_hello(tmp_path, PLAIN_C) == (0, "")
    (tmp_path / "timer.system").write_text(
        '<system>\n<memory_region name="timer" size="0x1000" phys_addr="0xffd0f000"/>\n'
        '<protection_domain name="timer"><program_image path="hello.elf"/>\n'
        '<map mr="timer" vaddr="0x2000000" perms="rw" cached="false"/><irq irq="42" id="0"/>\n'
        "</protection_domain></system>\n"
    )
    code, output = tool("timer.system", *BOARD, cwd=tmp_path)
    assert code == 1
    assert "timer.system:2: region timer: phys_addr 0xffd0f000 is neither a device of board" in output


def test_use_of_what_no_process_has_fails_to_compile_with_the_reason(tmp_path):
    (tmp_path / "ports.c").write_text(
        "#include <microkit.h>\n"
        "void init(void) { microkit_x86_ioport_write_8(0, 0x3f8, 'x'); }\n"
        "void notified(microkit_channel ch) { (void)ch; }\n"
    )
    code, output = compile_hello(tmp_path, tmp_path / "ports.c")
    assert code == 1 and "a process on Linux has no I/O ports" in output


# packages


def test_a_package_runs_elsewhere_when_everything_it_was_made_of_is_gone(tmp_path, package):
    moved = tmp_path / "else where.img"
    package.rename(moved)
    shutil.rmtree(package.parent)
    for words in ([moved], [SDDF, "run", moved]):
        run_until(words, "prefill| before anybody ran.\n", "prefill| then zeros\n")


def test_a_package_passes_its_arguments_to_run(package):
    run_until([package, "--verbose"], "PD, process", "image prefill.elf\n")


@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda data: data[:-1], "is a package that is cut off, or longer than it says"),
        (lambda data: data + b"x", "is a package that is cut off, or longer than it says"),
        (lambda data: data[:60], "is no "),
        (lambda data: data.replace(b"package 1", b"package 2"), "is a package of another version"),
        (lambda data: data.replace(b"\nfile ", b"\nfile -", 1), "is a damaged package"),
        (lambda data: data.replace(b"\nfile ", b"\nfile 99999999999999999999"), "damaged package"),
        (lambda data: data.replace(b"\nfile ", b"\nfile 9", 1), "is a package that is cut off"),
        (lambda data: data.replace(b" poem.txt\n", b" po\x1bm.txt\n", 1), "is a damaged package"),
        (lambda data: data.replace(b" poem.txt\n", b" \n", 1), "is a damaged package"),
        (
            lambda data: data.replace(b" poem.txt\n", b" poem.t\n", 1),
            'prefill_path "poem.txt" is no file',
        ),
    ],
)
def test_a_damaged_package_is_refused_and_nothing_is_started(package, change, sentence):
    data = package.read_bytes()
    damaged = package.parent / "damaged.img"
    damaged.write_bytes(change(data))
    code, output = command(SDDF, "run", damaged)
    assert code != 0 and "prefill| " not in output
    if sentence != "is no ":
        assert sentence in output


def test_no_damage_to_a_packages_head_ends_sddf_otherwise_than_with_a_sentence(package):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    data = package.read_bytes()
    head = data.index(b"\n\n")
    damaged = package.parent / "damaged.img"
    for _ in range(ROUNDS):
        image = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            image[chance.randrange(data.index(b"sddf-package"), head + 2)] = chance.randrange(256)
        damaged.write_bytes(image)
        # The tool checks as `run` does, and starts nothing.
        code, output = tool(damaged, *BOARD, "-o", "/dev/null/x", cwd=package.parent)
        assert code == 1 and output != "", f"SEED={seed}"
