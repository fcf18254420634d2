# SPDX-License-Identifier: BSD-2-Clause
"""Writes the pages of docs/rules as a C table, in the order of rules.h; a rule without a page, and a
page without a rule, is an error. Run by meson: embed_rules.py RULES_H PAGES OUTPUT DEPFILE"""

import json
import pathlib
import re
import sys


def main() -> None:
    header, folder, target, depfile = map(pathlib.Path, sys.argv[1:])
    rules = re.findall(r'RULE\(\w+, "([a-z-]+)", \w+\)', header.read_text(encoding="ascii"))
    pages = {path.stem: path for path in folder.glob("*.md")}
    lost = [f"docs/rules/{name}.md: the page is missing" for name in rules if name not in pages]
    lost += [f"{path}: no rule is called so" for name, path in pages.items() if name not in rules]
    if lost:
        sys.exit("\n".join(lost))
    rows = []
    for name in rules:
        text = pages[name].read_text(encoding="utf-8")
        text = text.split("-->\n", 1)[1].lstrip()  # without the licence
        lines = "".join(f"\n     {json.dumps(line)}" for line in text.splitlines(keepends=True))
        rows.append(f"   {lines},\n")
    target.write_text(
        '#include "tools/sddf/rules_embedded.h"\n\n'
        f"const char *const RULE_PAGES[RULE_COUNT] = {{\n{''.join(rows)}}};\n",
        encoding="ascii",
    )
    depfile.write_text(f"{target}: {' '.join(map(str, [header, *pages.values()]))}\n")


main()
