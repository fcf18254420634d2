#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whether each test that SECURITY.md names exists: its file is in the tree, and the test's name, or
the sentence that it proves, stands in it as a test. Prints TAP."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\|(?P<cell>[^|]*)\|\s*(?:`(?P<file>tests/[^`]+)`: (?P<name>[^|]+?)|-)\s*\|$")


def rows(text):
    """The rows of the tables whose head is "cell | test"."""
    inside = False
    for line in text.splitlines():
        if line.startswith("| cell | test |"):
            inside = True
        elif inside and not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            yield line


def is_test(path, name):
    """In Python a function; in C one of that name, or its sentence as a string."""
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return f"\ndef {name}(" in text
    return f"static void {name}(" in text or f'"{name}"' in text


def check(line):
    """None, or what is wrong with the row."""
    found = ROW.match(line)
    if found is None:
        return f"not a row of cell and test: {line}"
    if found["file"] is not None and not is_test(ROOT / found["file"], found["name"]):
        return f"{found['file']} has no test called: {found['name']}"
    return None


def main():
    lines = list(rows((ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    named = sum("`tests/" in line for line in lines)
    wrong = [text for text in map(check, lines) if text]
    print("1..2")
    print(f"{'ok' if named > 40 else 'not ok'} 1 - SECURITY.md names the tests behind its cells")
    print(f"{'not ok' if wrong else 'ok'} 2 - each test that SECURITY.md names exists")
    for text in wrong:
        print("# " + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
