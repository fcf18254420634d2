# SPDX-License-Identifier: BSD-2-Clause
"""What was counted, by protection domain: sums per PD and per function, less the idle background."""
import collections
import pathlib
import xml.etree.ElementTree as xml

import counts

IDLE = "idle (interrupts)"
KERNEL = "kernel"
OTHER = "other"
FIGURES = ("user", "kernel", "entries", "calls")


class System:
    """The PDs of a built system, and which space of the counts each is."""

    def __init__(self, folder, sdk_elf, snapshot):
        folder = pathlib.Path(folder)
        (description,) = folder.glob("*.system")
        self.pds = {pd.get("name"): pathlib.Path(pd.find("program_image").get("path")).stem
                    for pd in xml.parse(description).getroot().iter("protection_domain")}
        self.images = {name: counts.Image(folder / f"{name}.elf")
                       for name in sorted(set(self.pds.values()))}
        others = [counts.Image(path) for path in sorted(pathlib.Path(sdk_elf).glob("*.elf"))
                  if path.stem in ("monitor", "initialiser")]
        self.kernel = counts.Image(pathlib.Path(sdk_elf) / "sel4.elf")
        naming = counts.Naming(snapshot, [*self.images.values(), *others])
        self.space_image = naming.space_image
        self.space_name = {}
        for image in (*self.images.values(), *others):
            spaces = naming.spaces_of(image)
            names = [pd for pd, program in self.pds.items() if program == image.name] or [image.name]
            if len(names) == len(spaces) == 1:
                self.space_name[spaces[0]] = names[0]
            elif len(names) != len(spaces) and image not in others:  # those may be gone
                raise RuntimeError(f"{image.name}: {len(names)} PDs run it, found {len(spaces)} "
                                   "spaces with its code: expected as many")

    def name_by_traffic(self, client, delta):
        """Of PDs with one image, those that worked while only `client` had traffic are its own."""
        work = {}
        for record in delta.records:
            if record.kind == counts.USER:
                work[record.space] = work.get(record.space, 0) + sum(record.count)
        for program, image in self.images.items():
            spaces = [space for space, found in self.space_image.items() if found is image]
            own = [pd for pd in self.pds if self.pds[pd] == program and pd.startswith(client)]
            if len(spaces) > 1 and len(own) == 1:
                self.space_name[max(spaces, key=lambda space: work.get(space, 0))] = own[0]

    def image(self, name):
        """The program of a PD, or the kernel; None for what is neither."""
        return self.kernel if name == KERNEL else self.images.get(self.pds.get(name))

    def name(self, record):
        if record.kind == counts.IDLE:
            return IDLE
        return self.space_name.get(record.space, OTHER)


class Tally:
    """Sums over deltas."""

    def __init__(self, system):
        self.system = system
        self.figures = {}
        self.code = {}  # PD's name, or KERNEL: {address: executions}
        self.packets = 0

    def add(self, delta, packets):
        if delta.lost:
            raise RuntimeError(f"{delta.lost} instructions ran where the plugin cannot count")
        self.packets += packets
        for record in delta.records:
            name = KERNEL if record.kind == counts.KERNEL else self.system.name(record)
            code = self.code.setdefault(name, collections.Counter())
            for address, _, count in record.executed():
                code[address] += count
            if record.kind != counts.KERNEL:
                figures = self.figures.setdefault(name, dict.fromkeys(FIGURES, 0))
                figures["user"] += sum(record.count)
                figures["kernel"] += record.kernel
                figures["entries"] += sum(record.entries)
                figures["calls"] += record.system_calls()

    def merge(self, other):
        """Adds another tally's sums."""
        self.packets += other.packets
        for name, figures in other.figures.items():
            own = self.figures.setdefault(name, dict.fromkeys(FIGURES, 0))
            for key in FIGURES:
                own[key] += figures[key]
        for name, code in other.code.items():
            self.code.setdefault(name, collections.Counter()).update(code)

    def instructions_per_packet(self):
        return sum(figures["user"] + figures["kernel"]
                   for figures in self.figures.values()) / self.packets

    def per_packet(self):
        """Figures per packet and PD; a PD that did nothing is left out."""
        result = {name: {key: figures[key] / self.packets for key in FIGURES}
                  for name, figures in self.figures.items()}
        return {name: figures for name, figures in result.items() if any(figures.values())}

    def functions_per_packet(self):
        """name -> [(function, instructions, calls)] per packet, the biggest first."""
        result = {}
        for name, image, code in self._code_of_images():
            functions = counts.functions(code, image)
            result[name] = sorted(((function, count / self.packets, calls / self.packets)
                                   for function, (count, calls) in functions.items()),
                                  key=lambda row: -row[1])
        return result

    def lines_per_packet(self):
        """name -> [(source line, instructions)] per packet, the biggest first. Inlined code counts
        where it was written."""
        result = {}
        for name, image, code in self._code_of_images():
            lines = collections.Counter()
            for address, line in image.lines(code).items():
                lines[line] += code[address] / self.packets
            result[name] = lines.most_common()
        return result

    def annotated(self, wanted):
        """The disassembly of a PD's program, or the kernel's, where it ran: executions per packet
        before each instruction."""
        for name, image, code in self._code_of_images():
            function = None
            for address, text in image.disassembly() if name == wanted else ():
                if text.endswith(">:"):
                    function = text
                elif address in code:
                    yield from (function,) if function else ()
                    function = None
                    yield f"{code[address] / self.packets:9.3f} {text}"

    def _code_of_images(self):
        for name, code in self.code.items():
            image = self.system.image(name)
            code = {address: count for address, count in code.items() if count > 0}
            if image and code:
                yield name, image, code


class Background:
    """What the kernel does while nothing happens: ticks of its timer, all alike, in the idle loop.

    An instruction that each tick executes once, and packets never do, counts the ticks of any other
    period: so what is taken off does not depend on how long that period was.
    """

    def __init__(self, system, delta):
        self.tally = Tally(system)
        self.tally.add(delta, 1)
        idle = self.tally.figures[IDLE]
        self.ticks = idle["entries"]
        self.kernel = idle["kernel"] / self.ticks if self.ticks else 0
        self.once = [address for address, count in self.tally.code[KERNEL].items()
                     if count == self.ticks]
        busy = [name for name, figures in self.tally.figures.items()
                if name != IDLE and any(figures.values())]
        if busy:
            raise RuntimeError(f"without any packet, {', '.join(busy)} ran: expected only the idle loop")

    def take_off(self, result):
        """Takes the ticks off a Tally."""
        if not self.ticks:
            return
        code = result.code[KERNEL]
        ticks = min(code[address] for address in self.once)
        for key in ("kernel", "entries"):
            result.figures[IDLE][key] -= ticks * self.tally.figures[IDLE][key] / self.ticks
        for address, count in self.tally.code[KERNEL].items():
            code[address] -= ticks * count / self.ticks
