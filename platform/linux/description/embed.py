# SPDX-License-Identifier: BSD-2-Clause
"""Writes a file as a C array. Run by meson at build time: embed.py INPUT OUTPUT NAME."""

import pathlib
import sys


def main() -> None:
    source, target, name = sys.argv[1:]
    data = pathlib.Path(source).read_bytes()
    rows = [", ".join(f"{byte:#04x}" for byte in data[i : i + 12]) for i in range(0, len(data), 12)]
    body = ",\n    ".join(rows)
    pathlib.Path(target).write_text(
        f"const unsigned char {name}[] = {{\n    {body},\n}};\n"
        f"const unsigned long {name}_size = sizeof({name});\n",
        encoding="ascii",
    )


main()
