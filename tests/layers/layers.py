#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The layers of ARCHITECTURE.md: arrows point one way, a component knows nothing of its platform."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h"}
# Folder: what its files may include besides freestanding headers and files of their own folder.
MAY = {
    "include": ("sddf/",),
    "lib": ("sddf/", "microkit.h", "base/", "mem/", "net/", "serial/", "virtio/", "lwip/", "netif/"),
    "drivers": ("sddf/", "microkit.h", "base/", "mem/", "primecell/", "virtio/", "xsk/", "device.h",
                "../device.h", "../counter.h", "../ticks.h"),
    "virt": ("sddf/", "microkit.h", "base/", "mem/", "serial/"),
    "components": ("sddf/", "microkit.h", "base/", "serial/"),
    "systems": ("sddf/", "microkit.h", "base/", "mem/", "net/", "serial/", "lwip/"),
}
# What differs between architectures, not platforms: copies, and the fault status of the machine.
ARCHITECTURES = ("lib/mem", "lib/base/fault.h")
SEAM = {"include/sddf/mmio.h": "platform/mmio.h", "include/sddf/cache.h": "platform/cache.h",
        "include/sddf/cycles.h": "platform/cycles.h", "include/sddf/utilisation.h": "platform/utilisation.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
PLATFORM = re.compile(r"^\s*#\s*(el)?if.*(__linux__|__unix__|PLATFORM_|__x86_64__|__aarch64__|__riscv)")


def violations_of(name, text):
    """Lines of the file `name` (relative to the root) that cross a border, as messages."""
    top = name.split("/")[0]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if PLATFORM.match(line) and not name.startswith(ARCHITECTURES):
            found.append(f"{name}:{number}: a component tests for its platform")
        if include is None:
            continue
        path = include.group(1)
        own = (ROOT / name).parent / path
        if path in FREESTANDING or path == SEAM.get(name) or path.startswith(MAY[top]):
            continue
        if "/" not in path and own.exists():
            continue
        found.append(f"{name}:{number}: {top} may not include {path}")
    return found


def test_no_file_of_a_component_crosses_a_border():
    found = []
    for top in MAY:
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            found += violations_of(str(path.relative_to(ROOT)), path.read_text())
    assert not found, "\n".join(found)


def test_each_kind_of_crossing_is_noticed():
    crossings = {
        "include/sddf/x.h": "#include <net/udp.h>",
        "include/sddf/y.h": "#include <string.h>",
        "lib/net/x.c": "#include <platform/mmio.h>",
        "drivers/net/x.c": '#include "../../virt/net/rx.h"',
        "virt/net/x.c": "#include <unistd.h>",
        "systems/echo/x.c": "#ifdef PLATFORM_LINUX\n#if defined(__linux__)",
    }
    for name, text in crossings.items():
        assert violations_of(name, text), f"{name}: {text} was not noticed"
