# SPDX-License-Identifier: BSD-2-Clause
"""Code, data and stack of every component, and the lines of every driver: linked as for seL4, without an SDK."""
import json
import pathlib
import tempfile

from frame import elf
from frame.context import ROOT, BenchError
from frame.plots import plot

TITLE = "Size of the components"
CLAIM = ("The talk: a driver is hardware abstraction and nothing else, purely reactive and single threaded. So "
         "it is to be small; and no component needs more than Microkit's default stack of 8 KiB.")
SECONDS, QUICK_SECONDS = 20, 10
YIELDS = ["code", "data", "stack", "lines"]

STACK_DEFAULT = 8192  # bytes (Microkit's)
ARCHITECTURES = ("aarch64", "x86_64")
ONLY = {"aarch64": {"timer_arm": ["drivers/timer/shell.c", "drivers/timer/arm/timer.c"]}}
LIBRARY = ("lib/base/", "lib/mem/")


def components(build):
    """{component: its own sources}, as the build has them, and the sources that all share."""
    targets = json.loads((build / "meson-info/intro-targets.json").read_text())
    found, shared = {}, set()
    for target in targets:
        if target["defined_in"] != str(ROOT / "components/meson.build") or not target["filename"][0].endswith(".elf"):
            continue
        sources = [str(pathlib.Path(path).relative_to(ROOT)) for group in target["target_sources"]
                   for path in group.get("sources", ())]
        found[target["name"]] = [path for path in sources if not path.startswith(LIBRARY)]
        shared |= {path for path in sources if path.startswith(LIBRARY)}
    return found, sorted(shared)


def drivers():
    """{class/device: (its own files, its shell's)}, relative to the root."""
    found = {}
    for path in sorted(ROOT.glob("drivers/*/*/driver.yaml")):
        own, shell = path.parent, path.parent.parent
        found[f"{shell.name}/{own.name}"] = tuple(
            sorted(str(file.relative_to(ROOT)) for kind in ("*.c", "*.h") for file in folder.glob(kind))
            for folder in (own, shell))
    return found


def exact(bench, name, contender, value, unit, **options):
    return bench.figure(name, contender, [value], unit, "less", exact=True, **options)


def component_figures(bench, name, arch, size):
    at = {"architecture": arch, "headline": True}
    return [exact(bench, "code", name, size["code"], "bytes", **at),
            exact(bench, "constants", name, size["constants"], "bytes", **at),
            exact(bench, "data", name, size["data"], "bytes", **at),
            exact(bench, "stack", name, size["stack"], "bytes", goal=STACK_DEFAULT, **at)]


def line_figures(bench, name, own, shell):
    lines = [sum(elf.code_lines(ROOT / file) for file in files) for files in (own, shell)]
    return [exact(bench, "lines", name, sum(lines), "lines of code", part="driver with its shell", headline=True),
            exact(bench, "lines", name, lines[0], "lines of code", part="device"),
            exact(bench, "lines", name, lines[1], "lines of code", part="shell")]


def bars(title, what, unit, found, key, values, names):
    """A figure by contender, a bar for each value of `where[key]`."""
    series = []
    for value in values:
        own = {f["contender"]: f["value"] for f in found if f["name"] == what and f["where"].get(key) == value}
        shown = [name for name in names if name in own]
        series.append({"name": str(value), "x": shown, "y": [own[name] for name in shown]})
    return plot(title, "bars", {"label": ""}, {"label": unit, "min": 0}, series)


def measured(bench, arch, sources, shared):
    with tempfile.TemporaryDirectory(prefix="sddf-size-") as folder:
        return elf.size(bench, arch, sources, shared, folder)


def measure(bench):
    found, shared = components(bench.build)
    architectures = bench.choose(ARCHITECTURES, ARCHITECTURES[:1])
    work = [(arch, name, sources) for arch in architectures
            for name, sources in sorted({**found, **ONLY.get(arch, {})}.items())]
    of_drivers = drivers()
    bench.steps(len(work) + 1)
    figures = []
    for arch, name, sources in work:
        bench.step(f"{name}, {arch}")
        try:
            found_size = measured(bench, arch, sources, shared)
        except BenchError as error:
            raise BenchError(f"{name} for {arch}: {error}") from error
        figures += component_figures(bench, name, arch, found_size)
    bench.step("lines")
    for name, (own, shell) in of_drivers.items():
        figures += line_figures(bench, name, own, shell)
    names = sorted({name for _, name, _ in work})
    return {"figures": figures, "peers": {},
            "plots": [bars("Code of each component", "code", "code (bytes)", figures, "architecture", architectures, names),
                      bars("Deepest stack of each component", "stack", "stack (bytes)", figures, "architecture",
                           architectures, names),
                      bars("Lines of each driver", "lines", "lines of code", figures, "part", ("device", "shell"),
                           list(of_drivers))],
            "notes": ["Each component is linked as for seL4 (gcc -O2 -flto, sections that nobody uses dropped), less "
                      "libmicrokit. data: initialised and zeroed variables, the tables of what a component may serve at "
                      "most. stack: the deepest path through the call graph from an entry point, by the compiler's own "
                      "account (-fcallgraph-info=su), less libmicrokit's frames. Lines: neither blank nor comment."]}
