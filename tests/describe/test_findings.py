# SPDX-License-Identifier: BSD-2-Clause
"""`sddf check` on wrong descriptions. A file in bad/ says in comments at its end which board it is
for ("board: NAME", of boards_good/) and what must be found in it ("expect FINDING", all of them, in
order, without the file's name)."""
import json
import re

import pytest
from support import BOARDS, HERE, OWN_BOARDS, ROOT, echo_yaml, rules, sddf

BAD = sorted(path.name for path in (HERE / "bad").iterdir())
COMMENT = re.compile(r"^(?:<!--|#) (board:|expect) (.*?)(?: -->)?$", re.MULTILINE)
UNTESTED = {"cannot-read", "cannot-write", "missing-file"}  # below, or in tests/gen


def comments(name):
    found = COMMENT.findall((HERE / "bad" / name).read_text())
    boards = [text for kind, text in found if kind == "board:"]
    expected = [text for kind, text in found if kind == "expect"]
    return OWN_BOARDS / boards[0] if boards else BOARDS / "linux.yaml", expected


def check(path, board, *options):
    """The exit status, and what was found, without the names of this tree."""
    done = sddf("check", path, "--board", board, *options)
    assert done.stderr == ""
    text = done.stdout.replace(f"{path}:", "").replace(f"{OWN_BOARDS}/", "BOARDS/")
    return done.returncode, text.replace(f"{BOARDS}/", "BOARDS/")


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_gets_exactly_the_findings_that_it_expects(name):
    board, expected = comments(name)
    status, text = check(HERE / "bad" / name, board)
    assert [line.strip() for line in text.splitlines()] == expected
    errors = [line for line in expected if " warning: " not in line]
    assert status == (2 if errors else 0)


def test_there_are_sixty_wrong_files_and_each_rule_is_broken_by_one():
    assert len(BAD) >= 60
    broken = set()
    for name in BAD:
        broken |= set(re.findall(r"\[([a-z-]+)\]$", "\n".join(comments(name)[1]), re.MULTILINE))
    assert broken == set(rules()) - UNTESTED


@pytest.mark.parametrize("name", BAD)
def test_json_says_the_same_in_parts(name):
    board, expected = comments(name)
    status, text = check(HERE / "bad" / name, board, "--json")
    found = json.loads(text)
    assert status == check(HERE / "bad" / name, board)[0]
    assert len(found) == len(expected)
    levels = rules()
    for finding, line in zip(found, expected):
        place = f"{finding['line']}" + (f":{finding['column']}" if finding["column"] else "")
        warning = "warning: " if finding["level"] == "warning" else ""
        where = f"{finding['object']}: " if finding["object"] else ""
        message = finding["found"]
        message += f", expected {finding['allowed']}" if finding["allowed"] else ""
        message += f"; {finding['remedy']}" if finding["remedy"] else ""
        assert finding["message"] == message
        assert f"{place}: {warning}{where}{message} [{finding['rule']}]" == line
        assert levels[finding["rule"]] == finding["level"]
        assert finding["allowed"] or finding["remedy"] or finding["rule"] == "syntax"


def test_a_system_without_a_mistake_gets_no_finding():
    for path in sorted((ROOT / "systems").glob("*/*.yaml")):
        done = sddf("check", path, "--board", "linux", "--board-dir", BOARDS)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), path
        done = sddf("check", path, "--json")
        assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_verbose_prints_the_headroom_of_each_protection_domain(tmp_path):
    (tmp_path / "s.yaml").write_text(echo_yaml(2, 1))
    done = sddf("check", tmp_path / "s.yaml", "--verbose")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "protection domains: 6 of 63, 57 left"
    assert re.fullmatch(r"capability slots: about \d+ of 131072", lines[1])
    assert lines[2:] == [
        "eth0_driver: 3 of 62 channels and interrupts, 59 left",
        "eth0_virt_rx: 3 of 62 channels and interrupts, 59 left",
        "eth0_virt_tx: 3 of 62 channels and interrupts, 59 left",
        "c0: 2 of 62 channels and interrupts, 60 left",
        "c0_copier: 2 of 62 channels and interrupts, 60 left",
        "c1: 2 of 62 channels and interrupts, 60 left",
    ]


def test_a_system_file_of_ours_gets_no_finding(tmp_path):
    (tmp_path / "s.yaml").write_text(echo_yaml(5, 2))
    assert sddf("gen", tmp_path / "s.yaml", "-o", tmp_path / "out").returncode == 0
    done = sddf("check", tmp_path / "out/echo.system")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_images_are_looked_for_where_search_says(tmp_path):
    system = tmp_path / "one.system"
    system.write_text('<system>\n<protection_domain name="a"><program_image path="a.elf"/>'
                      "</protection_domain>\n</system>\n")
    (tmp_path / "images").mkdir()
    assert sddf("check", system).returncode == 0
    done = sddf("check", system, "--search", tmp_path / "images")
    assert done.returncode == 2
    assert done.stdout == (
        f'{system}:2: <program_image> path "a.elf" is no file in the search path (1 directories) nor '
        "beside this file; build it, or add its directory [missing-file]\n")
    (tmp_path / "images/a.elf").write_bytes(b"image")
    assert sddf("check", system, "--search", tmp_path / "images").returncode == 0


def test_what_seL4_has_alone_is_no_mistake_on_its_boards(tmp_path):
    system = tmp_path / "one.system"
    system.write_text('<system><protection_domain name="a" smc="true"><program_image path="a.elf"/>'
                      "</protection_domain></system>\n")
    assert sddf("check", system, "--board", "linux").returncode == 2
    assert sddf("check", system, "--board", "qemu_virt_aarch64").returncode == 0


def test_files_that_cannot_be_read_are_named(tmp_path):
    done = sddf("check", tmp_path / "none.yaml")
    assert (done.returncode, done.stdout) == (
        2, f"{tmp_path}/none.yaml: cannot be opened: No such file or directory [cannot-read]\n")
    done = sddf("check", tmp_path / "none.system")
    assert (done.returncode, done.stdout) == (
        2, f"{tmp_path}/none.system: cannot be opened: No such file or directory [cannot-read]\n")


@pytest.mark.parametrize("size", [64 << 10, (64 << 10) + 1, 16 << 20])
def test_a_system_file_is_read_to_its_last_byte_up_to_16_MiB(tmp_path, size):
    system = tmp_path / "long.system"
    end = '<protection_domain name="a"><program_image path="a.elf"/></protection_domain></system>'
    filler = "<!--" + "x" * 1017 + "-->"
    head = "<system>" + filler * ((size - 100) // 1024)
    system.write_text(head + " " * (size - len(head) - len(end)) + end)
    done = sddf("check", system)
    assert (done.returncode, done.stdout) == (0, "")
    with system.open("a") as file:
        file.write("x")
    done = sddf("check", system)
    assert done.returncode == 2
    if size == 16 << 20:
        assert done.stdout == (f"{system}: larger than 16777216 bytes, the most that is read; split the "
                               "system [file-limit]\n")
    else:
        assert "[syntax]" in done.stdout


def test_at_most_a_hundred_findings_are_kept_and_the_rest_counted(tmp_path):
    keys = "\n".join(f"key{i}: 1" for i in range(150))
    (tmp_path / "s.yaml").write_text(f"system: s\ncomponents: {{ a: {{ image: a }} }}\n{keys}\n")
    lines = sddf("check", tmp_path / "s.yaml").stdout.splitlines()
    assert len(lines) == 101
    assert lines[-1] == f"{tmp_path}/s.yaml: 50 more findings"


def test_json_stays_valid_whatever_a_file_is_called(tmp_path):
    for name in (b"quo\"te\\.yaml", b"b\xc3\xa9.yaml", b"\xff\xfe.yaml", b"line\nbreak.yaml"):
        path = bytes(tmp_path) + b"/" + name
        done = sddf_bytes("check", path, "--json")
        found = json.loads(done.decode("utf-8"))
        assert [finding["rule"] for finding in found] == ["cannot-read"]


def sddf_bytes(*arguments):
    import os
    import subprocess
    return subprocess.run([os.environ["SDDF"], *arguments], capture_output=True, timeout=60,
                          check=False).stdout
