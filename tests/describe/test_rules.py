# SPDX-License-Identifier: BSD-2-Clause
"""The pages of docs/rules, and `sddf explain`."""
import re

import pytest
from support import ROOT, rules, sddf

PAGES = {path.stem: path for path in (ROOT / "docs/rules").glob("*.md")}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_WORDS = {"cannot-read", "cannot-write", "missing-file", "too-many-pds", "too-many-clients",
            "too-many-channels"}  # an example would be no file, or a long one


def test_each_rule_has_a_page_and_each_page_a_rule():
    assert set(PAGES) == set(rules())


@pytest.mark.parametrize("name", sorted(PAGES))
def test_explain_prints_the_page(name):
    page = PAGES[name].read_text()
    done = sddf("explain", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == page.split("-->\n", 1)[1].lstrip()
    assert re.match(rf"# {name}: \S", done.stdout)
    assert "\nRemedy: " in done.stdout


@pytest.mark.parametrize("name", sorted(set(PAGES) - IN_WORDS))
def test_the_example_of_a_page_breaks_its_rule_and_no_other(name, tmp_path):
    board = ["--board", "linux"]
    example = None
    for language, text in BLOCK.findall(PAGES[name].read_text()):
        if text.startswith("# board.yaml"):
            (tmp_path / "board.yaml").write_text(text)
            board = ["--board", tmp_path / "board.yaml"]
        else:
            assert example is None and language in ("yaml", "xml")
            example = tmp_path / ("example.yaml" if language == "yaml" else "example.system")
            example.write_text(text)
    done = sddf("check", example, *board)
    found = set(re.findall(r"\[([a-z-]+)\]$", done.stdout, re.MULTILINE))
    beside = {"too-many-capabilities": {"small-pages"}, "ppc-cycle": {"ppc-priority"}}
    assert found == {name} | beside.get(name, set()), done.stdout


def test_an_unknown_rule_is_refused_with_the_nearest():
    done = sddf("explain", "unknown-keys")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'sddf explain: found no rule "unknown-keys"; did you mean "unknown-key"?\n'
    done = sddf("explain", "xyz")
    assert done.stderr == 'sddf explain: found no rule "xyz"; sddf explain lists them\n'
