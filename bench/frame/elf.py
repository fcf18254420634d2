# SPDX-License-Identifier: BSD-2-Clause
"""What a component's program is made of: sections of its ELF file, depth of its stack, lines of its sources."""
import pathlib
import re

from .context import ROOT, BenchError

FLAGS = ["-std=gnu17", "-O2", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
         "-ffunction-sections", "-fdata-sections", "-nostdlib", "-static"]
LINK = ["-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--unresolved-symbols=ignore-all",
        "-Wl,-e,init"]  # libmicrokit, which is not there, has the rest
INCLUDE = ["-I" + str(ROOT / folder) for folder in
           ("include", "lib", "drivers/net", "platform/microkit/include", "platform/linux/include")]
ENTRIES = ("init", "notified", "protected", "fault")
# Where the one pointer leads that components call through: log_to() of lib/serial/log.c.
SINKS = ("take",)
MACHINE = {"aarch64": ["-mgeneral-regs-only"], "x86_64": ["-mno-red-zone"]}
DRIVER = {"aarch64": ["-mstrict-align"]}


def size(bench, arch, sources, shared, folder):
    """{"code", "constants", "data", "stack"} in bytes, of the component of `sources` and of what it uses of `shared`.
    memcpy and its like are compiled apart, since calls of them come up after optimisation."""
    compiler, folder = f"{arch}-linux-gnu-gcc", pathlib.Path(folder)
    flags = [*FLAGS, *INCLUDE, *MACHINE[arch]]
    if any(source.startswith("drivers/") for source in sources):
        flags += DRIVER.get(arch, [])
    late = [source for source in shared if source.startswith("lib/mem/")]
    for number, source in enumerate(late):
        bench.output(compiler, *flags, "-fcallgraph-info=su", "-c", ROOT / source, "-o", folder / f"late{number}.o",
                     cwd=folder)
    bench.output(compiler, *flags, "-flto", "-fcallgraph-info=su", *LINK, *(f"-Wl,-u,{name}" for name in ENTRIES),
                 *(ROOT / source for source in (*sources, *shared) if source not in late),
                 *(folder / f"late{number}.o" for number in range(len(late))), "-o", folder / "program.elf", cwd=folder)
    found = sections(folder / "program.elf")
    texts = [path.read_text() for path in sorted(folder.glob("*.ci"))]
    return {**found, "stack": deepest(texts)}


def sections(path):
    """Bytes of code, constants and variables of an ELF file."""
    from elftools.elf.elffile import ELFFile  # python3-pyelftools
    found = {"code": 0, "constants": 0, "data": 0}
    with open(path, "rb") as file:
        for section in ELFFile(file).iter_sections():
            flags = section["sh_flags"]
            if not flags & 2 or section.name == ".eh_frame":  # 2: SHF_ALLOC; no component unwinds
                continue
            kind = "code" if flags & 4 else "data" if flags & 1 else "constants"  # SHF_EXECINSTR, SHF_WRITE
            found[kind] += section["sh_size"]
    return found


NODE = re.compile(r'^node: \{ title: "([^"]*)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')


def call_graph(texts):
    """({function: bytes of its frame}, {function: functions that it calls}) of GCC's .ci files."""
    frames, calls = {}, {}
    for line in "\n".join(texts).splitlines():
        node, edge = NODE.match(line), EDGE.match(line)
        if node:
            name, label = bare(node.group(1)), node.group(2)
            bytes_of = re.search(r"\\n(\d+) bytes \(([a-z,]+)\)", label)
            if bytes_of and bytes_of.group(2) == "dynamic":  # and not "dynamic,bounded"
                raise BenchError(f"{name}: nothing bounds its frame")
            frames[name] = max(frames.get(name, 0), int(bytes_of.group(1)) if bytes_of else 0)
        elif edge:
            calls.setdefault(bare(edge.group(1)), set()).add(bare(edge.group(2)))
    return frames, calls


def bare(name):
    """A static function's name comes with its file's."""
    return name.rsplit(":", 1)[-1]


def deepest(texts, entries=ENTRIES):
    """Bytes of the deepest path from an entry point; BenchError if a function calls itself or one through a pointer,
    for then nothing bounds it. Calls out of the program, to libmicrokit, count nothing."""
    frames, calls = call_graph(texts)
    depth = {}

    def down(name, path):
        if name in path:
            raise BenchError(f"{name} calls itself, by {' > '.join([*path, name])}")
        if name == "__indirect_call":
            sinks = [sink for sink in SINKS if sink in frames]
            if not sinks:
                raise BenchError(f"{path[-1]} calls through a pointer: nothing says how deep that goes")
            return max(down(sink, path) for sink in sinks)
        if name not in depth:
            depth[name] = frames.get(name, 0) + max((down(to, [*path, name]) for to in calls.get(name, ())), default=0)
        return depth[name]

    known = [entry for entry in entries if entry in frames]
    if not known:
        raise BenchError(f"none of {', '.join(entries)} is in the call graph")
    return max(down(entry, []) for entry in known)


def code_lines(path):
    """Lines that are neither blank nor comment."""
    text = re.sub(r'("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|/\*.*?\*/|//[^\n]*',
                  lambda found: found.group(1) or "\n" * found.group().count("\n"), pathlib.Path(path).read_text(), flags=re.S)
    return sum(1 for line in text.splitlines() if line.strip())
