# SPDX-License-Identifier: BSD-2-Clause
"""Reads the counts that the plugin (count.c) keeps, and gives them names.

A Snapshot is what was counted so far; the difference of two is what happened in between. A Naming
tells from the code of each page which program it is of, and a function from the program's symbols.
"""
import array
import bisect
import copy
import mmap
import os
import pathlib
import struct
import subprocess

from elftools.elf.elffile import ELFFile

MAGIC = 0x31746e7546444473
PAGE = 4096
VECTORS = 16
HEADER = struct.Struct("<8Q")
RECORD = struct.Struct(f"<5Q{VECTORS}Q{PAGE}s")  # counts.h: the record up to the counters
RECORD_SIZE = RECORD.size + 2 * PAGE
NOTHING = array.array("Q", bytes(2 * PAGE))
IDLE, USER, KERNEL = range(3)  # counts.h: enum counts_kind
IDLE_RECORD = 0
FROM_USER = range(8, VECTORS)  # Arm ARM D1.10.2: the vectors for a lower exception level


class Image:
    """The code and the functions of one ELF file."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.segments = [(segment["p_vaddr"], segment.data())
                             for segment in elf.iter_segments("PT_LOAD") if segment["p_flags"] & 1]
            table = elf.get_section_by_name(".symtab")
            symbols = list(table.iter_symbols()) if table else []
        self.symbols = {symbol.name: symbol["st_value"] for symbol in symbols}
        # Functions written in assembly have no type, and local labels ("$x") are no names.
        named = {symbol["st_value"]: symbol.name for symbol in symbols
                 if symbol["st_info"]["type"] in ("STT_FUNC", "STT_NOTYPE") and symbol.name
                 and symbol["st_shndx"] != "SHN_UNDEF" and not symbol.name.startswith("$")}
        named.update({symbol["st_value"]: symbol.name for symbol in symbols
                      if symbol["st_info"]["type"] == "STT_FUNC"})
        self.starts = sorted(start for start in named if self.contains(start))
        self.names = [named[start] for start in self.starts]

    def contains(self, address):
        return any(start <= address < start + len(data) for start, data in self.segments)

    def word(self, address):
        for start, data in self.segments:
            if start <= address < start + len(data):
                return data[address - start:address - start + 4]
        return None

    def function(self, address):
        """The name of the function at an address, and whether the address is its first."""
        index = bisect.bisect_right(self.starts, address) - 1
        if index < 0:
            return f"{address:#x}", False
        return self.names[index], self.starts[index] == address

    def lines(self, addresses):
        """{address: "file:line function"}, of the innermost function where one is inlined."""
        addresses = list(addresses)
        found = self._binutil("addr2line", "-s", "-f", "-e",
                              told="".join(f"{address:#x}\n" for address in addresses))
        return {address: f"{where.split(' ')[0]} {function}"
                for address, function, where in zip(addresses, found[::2], found[1::2])}

    def disassembly(self):
        """(address, text) of each line of it; address None where a line is no instruction."""
        for line in self._binutil("objdump", "-d", "--no-show-raw-insn"):
            address = line.split(":")[0].strip()
            yield (int(address, 16) if line.startswith(" ") else None), line

    def _binutil(self, name, *options, told=""):
        program = os.environ.get("CROSS", "aarch64-linux-gnu-") + name
        return subprocess.run([program, *options, self.path], input=told, stdout=subprocess.PIPE,
                              text=True, check=True).stdout.splitlines()

    def end(self, symbol):
        """The address at which the function `symbol` ends."""
        return self.starts[bisect.bisect_right(self.starts, self.symbols[symbol])]


class Record:
    """One page of code: who it is, and how often each of its instructions was executed."""

    def __init__(self, memory, offset):
        fields = RECORD.unpack_from(memory, offset)
        self.host, self.address, self.kind, self.space, self.kernel = fields[:5]
        self.entries = list(fields[5:5 + VECTORS])
        self.code = fields[-1]
        self.count = array.array("Q", memory[offset + RECORD.size:offset + RECORD_SIZE])

    def words(self):
        """(address, code, count) of each instruction that was ever translated."""
        for index, count in enumerate(self.count):
            code = self.code[4 * index:4 * index + 4]
            if code != b"\0\0\0\0":
                yield self.address + 4 * index, code, count

    def executed(self):
        """(address, code, count) of each instruction that was executed."""
        if self.count is not NOTHING:
            yield from (word for word in self.words() if word[2])

    def system_calls(self):
        """Executions of SVC (Arm ARM C6.2.331: 1101 0100 000 imm16 00001)."""
        return sum(count for _, code, count in self.executed()
                   if int.from_bytes(code, "little") & 0xffe0001f == 0xd4000001)

    def since(self, before):
        """A record of what was counted after an earlier one of the same page."""
        result = copy.copy(self)
        result.kernel -= before.kernel
        result.entries = [now - then for now, then in zip(self.entries, before.entries)]
        result.count = NOTHING
        if self.count != before.count:
            result.count = array.array("Q", (now - then
                                             for now, then in zip(self.count, before.count)))
        return result


class Snapshot:
    """All counts at one moment. Exact if the machine stood still."""

    def __init__(self, memory):
        _, used, self.lost, kernel, given, entered_by, _, _ = HEADER.unpack_from(memory, 0)
        self.records = [Record(memory, PAGE + index * RECORD_SIZE) for index in range(used)]
        self.records[entered_by].kernel += kernel - given

    def since(self, before):
        """A snapshot of what was counted after an earlier one."""
        result = copy.copy(self)
        result.lost -= before.lost
        known = len(before.records)
        result.records = [now.since(then) for now, then in zip(self.records, before.records)]
        result.records += self.records[known:]
        return result


class Counts:
    """The plugin's file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        magic = HEADER.unpack_from(self.memory, 0)[0]
        if magic != MAGIC:
            raise RuntimeError(f"{path}: found magic {magic:#x}, expected {MAGIC:#x}: "
                               "not a file of this plugin")

    def snapshot(self):
        return Snapshot(self.memory)

    def idle(self):
        """The kernel's instruction count if the machine now waits in the idle loop, else None."""
        fields = HEADER.unpack_from(self.memory, 0)
        kernel, current, in_kernel = fields[3], fields[6], fields[7]
        return kernel if current == IDLE_RECORD and not in_kernel else None


class Naming:
    """Which space runs which image."""

    def __init__(self, snapshot, images):
        self.images = images
        self.space_image = {}
        spaces = {}
        for record in snapshot.records:
            if record.kind == USER:
                spaces.setdefault(record.space, []).append(record)
        for space, records in spaces.items():
            fitting = [image for image in images if all(
                image.word(address) == code
                for record in records for address, code, _ in record.words())]
            self.space_image[space] = fitting[0] if len(fitting) == 1 else None

    def spaces_of(self, image):
        return [space for space, found in self.space_image.items() if found is image]


def functions(code, image):
    """{address: count} as {function: [instructions, calls]}."""
    result = {}
    for address, count in code.items():
        name, first = image.function(address)
        entry = result.setdefault(name, [0, 0])
        entry[0] += count
        entry[1] += count if first else 0
    return result
