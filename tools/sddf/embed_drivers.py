# SPDX-License-Identifier: BSD-2-Clause
"""Writes driver.yaml files as a C table. Run by meson: embed_drivers.py OUTPUT FILE..."""

import json
import pathlib
import sys


def entry(path: pathlib.Path) -> str:
    name = "/".join(path.parts[-4:])  # drivers/CLASS/DEVICE/driver.yaml
    text = path.read_text(encoding="ascii")
    lines = "".join(f"\n     {json.dumps(line)}" for line in text.splitlines(keepends=True))
    return f"    {{{json.dumps(name)},{lines}}},\n"


def main() -> None:
    target, *files = sys.argv[1:]
    entries = "".join(entry(pathlib.Path(file).resolve()) for file in files)
    pathlib.Path(target).write_text(
        '#include "tools/sddf/drivers_embedded.h"\n\n#include <stddef.h>\n\n'
        f"const struct embedded_driver EMBEDDED_DRIVERS[] = {{\n{entries}    {{NULL, NULL}},\n}};\n",
        encoding="ascii",
    )


main()
