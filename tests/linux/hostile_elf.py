# SPDX-License-Identifier: BSD-2-Clause
"""Builds an image for x86-64 by hand, every field of which a test may spoil: what no linker makes.

    0x0000  r    ELF header, program headers, hash table, symbols, strings, relocations
    0x1000  rx   init() says "started"; early() writes "EARLY" to file 2, which the sandbox closes
    0x2000  rw   the address of microkit_dbg_puts(), room for tables, the dynamic section
"""

import dataclasses
import struct

HASH, SYMBOLS, RELOCATIONS, CODE, DATA, ROOM, DYNAMIC = (
    0x200, 0x300, 0x600, 0x1000, 0x2000, 0x2100, 0x2800)
INIT, NOTIFIED, EARLY, TEXTS = CODE, CODE + 0x20, CODE + 0x40, CODE + 0x80
READ, WRITE, EXECUTE = 4, 2, 1
LOAD, DYN, STACK = 1, 2, 0x6474E551
FUNC, OBJECT, IFUNC, ABSOLUTE = 0x12, 0x11, 0x1A, 0xFFF1
GLOB_DAT, RELATIVE, DIRECT, IRELATIVE = 6, 8, 1, 37
DT = {"INIT": 12, "RELA": 7, "RELASZ": 8, "SYMTAB": 6, "STRTAB": 5, "GNU_HASH": 0x6FFFFEF5}


@dataclasses.dataclass
class Image:
    """What a test may change before bytes() are made: names speak for themselves."""

    segments: list  # type, flags, offset, address, size in file and memory
    dynamic: list  # tag, value
    symbols: list  # name, info, section, value
    relocations: list  # where, symbol, type, addend
    chain_start: int = 2  # the hash table's bucket
    tables_moved: int = 0  # symbols and strings are looked for so much higher
    extra: dict = dataclasses.field(default_factory=dict)  # bytes by offset, written last

    @property
    def strings(self):
        """Right behind the symbols, as linkers put them: nothing else tells how many there are."""
        return SYMBOLS + 24 * len(self.symbols)

    def set_tag(self, tag, value):
        for entry in self.dynamic:
            if entry[0] == DT[tag]:
                entry[1] = value

    def bytes(self):
        self.set_tag("STRTAB", self.strings + self.tables_moved)
        file = bytearray(0x4000)

        def put(offset, data):
            file[offset:offset + len(data)] = data

        put(0, b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0x3000, 0, 64, 56, len(self.segments), 64, 3, 0))
        for number, (kind, flags, offset, address, in_file, in_memory) in enumerate(self.segments):
            put(64 + 56 * number, struct.pack("<IIQQQQQQ", kind, flags, offset, address, address,
                                              in_file, in_memory, 0x1000 if kind == LOAD else 8))
        strings = b"\0"
        for number, (name, info, section, value) in enumerate(self.symbols):
            put(SYMBOLS + 24 * number, struct.pack(
                "<IBBHQQ", len(strings) if name else 0, info, 0, section, value, 8 if name else 0))
            strings += name.encode() + b"\0" if name else b""
        put(self.strings, strings.ljust(0x100, b"\0"))
        put(HASH, hash_table([name for name, *_ in self.symbols], self.chain_start))
        put(RELOCATIONS, relocations(self.relocations))
        put(CODE, CODE_BYTES)
        put(DYNAMIC, b"".join(struct.pack("<QQ", tag, value) for tag, value in self.dynamic))
        for number, (kind, offset, size, link, entry) in enumerate(
                [(11, SYMBOLS, 24 * len(self.symbols), 2, 24), (3, self.strings, 0x100, 0, 0)], 1):
            put(0x3000 + 64 * number, struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link,
                                                  0, 8, entry))
        for offset, data in self.extra.items():
            put(offset, data)
        return bytes(file)


def gnu_hash(name):
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def hash_table(names, start):
    """One bucket for all symbols from the third on; the last one's hash is odd."""
    hashes = [gnu_hash(name) & ~1 for name in names[2:]]
    hashes[-1] |= 1
    return struct.pack(f"<IIIIQI{len(hashes)}I", 1, 2, 1, 6, 2**64 - 1, start, *hashes)


def relocations(entries):
    return b"".join(struct.pack("<QQq", where, symbol << 32 | kind, addend)
                    for where, symbol, kind, addend in entries)


def code():
    text = bytearray(0x100)
    text[0:7] = b"\x48\x8d\x3d" + struct.pack("<i", TEXTS - (INIT + 7))  # lea text, %rdi
    text[7:13] = b"\xff\x25" + struct.pack("<i", DATA - (INIT + 13))  # jmp *DATA
    text[0x20] = 0xC3  # ret
    early = (b"\xb8\x01\0\0\0\xbf\x02\0\0\0"  # write(2,
             + b"\x48\x8d\x35" + struct.pack("<i", TEXTS + 16 - (EARLY + 17))  # text,
             + b"\xba\x06\0\0\0\x0f\x05\x31\xc0\xc3")  # 6); return 0
    text[0x40:0x40 + len(early)] = early
    text[0x80:0x96] = b"started\n".ljust(16, b"\0") + b"EARLY\n"
    return bytes(text)


CODE_BYTES = code()


def harmless():
    """An image that starts."""
    return Image(
        segments=[[LOAD, READ, 0, 0, 0x1000, 0x1000],
                  [LOAD, READ | EXECUTE, CODE, CODE, 0x100, 0x100],
                  [LOAD, READ | WRITE, DATA, DATA, 0x1000, 0x1000],
                  [DYN, READ | WRITE, DYNAMIC, DYNAMIC, 0x200, 0x200],
                  [STACK, READ | WRITE, 0, 0, 0, 0]],
        dynamic=[[16, 0], [DT["GNU_HASH"], HASH], [DT["STRTAB"], 0], [10, 0x100],
                 [DT["SYMTAB"], SYMBOLS], [11, 24], [DT["RELA"], RELOCATIONS], [9, 24],
                 [DT["RELASZ"], 48], [0, 0]],
        symbols=[["", 0, 0, 0], ["microkit_dbg_puts", FUNC, 0, 0], ["init", FUNC, 1, INIT],
                 ["notified", FUNC, 1, NOTIFIED]],
        relocations=[[DATA, 1, GLOB_DAT, 0], [DATA + 8, 0, RELATIVE, INIT]],
    )


if __name__ == "__main__":  # the seed of tests/fuzz/image.c
    print("/* Made by hostile_elf.py. */")
    print("static const unsigned char image_seed[] = {" + ", ".join(map(str, harmless().bytes())) + "};")
