# SPDX-License-Identifier: BSD-2-Clause
"""Runs `sddf gen` and reads back what it wrote: the .system file, and the blobs by layouts written
here a second time, from the comments of include/sddf/net.h. SDDF names the tool."""

import os
import pathlib
import struct
import subprocess
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ECHO = ROOT / "systems/echo/echo.yaml"
PAGE = 0x1000


def gen(*arguments):
    """The finished process; its stderr is text."""
    return subprocess.run(
        [os.environ["SDDF"], "gen", *map(str, arguments)],
        capture_output=True, text=True, timeout=30, check=False,
    )


def echo_yaml(clients, copiers=None, extra=""):
    """A system of that many echo clients, the first of them with copiers."""
    copiers = clients if copiers is None else copiers
    lines = ["system: echo", "network:", "  eth0:", *extra.splitlines(), "    clients:"]
    for i in range(clients):
        mac, ip = f"52:54:01:00:00:{i + 1:02x}", f"10.0.0.{i + 2}/24"
        copy = "true" if i < copiers else "false"
        lines.append(f'      c{i}: {{ mac: "{mac}", ip: {ip}, copy: {copy} }}')
    lines.append("components:")
    lines += [f"  c{i}: {{ image: echo }}" for i in range(clients)]
    return "\n".join(lines) + "\n"


class Blob:
    """Takes a blob apart from the start; each take is a field."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values[0] if len(values) == 1 else values

    def header(self):
        magic, kind, version, size, reserved, instance, device, stats = self.take("IHHII48s32sQ")
        assert (magic, version, reserved) == (0x46444473, {1: 4, 2: 3, 3: 2, 4: 1}[kind >> 8], 0)
        assert size == len(self.data)
        return {"kind": kind, "instance": text(instance), "device": text(device), "stats": stats}

    def region(self):
        return dict(zip(("address", "io_address", "size"), self.take("QQQ")))

    def connection(self):
        names = ("mine", "theirs", "put_capacity", "get_capacity", "channel", "by_call")
        return dict(zip(names, self.take("QQIIII")))

    def unused_clients(self, size):
        """What is left is room for so many more clients, all zero."""
        rest = self.data[self.at :]
        assert len(rest) % size == 0 and not any(rest)
        self.at = len(self.data)


def driver(b):
    fields = {
        "registers": b.region(),
        "rings": b.region(),
        "rx": b.connection(),
        "tx": b.connection(),
        "irq_channel": b.take("I"),
    }
    assert b.take("I") == 0
    return fields


def virt_rx_client(b):
    client = {"connection": b.connection()}
    client["mac"], client["flags"], client["held_max"] = b.take("6sHI4x")
    return client


def virt_rx(b):
    fields = {"driver": b.connection(), "data": b.region()}
    fields["buffer_size"], fields["buffer_count"], count, fields["dma_coherent"] = b.take("IIII")
    fields["clients"] = [virt_rx_client(b) for _ in range(count)]
    b.unused_clients(48)
    return fields


def virt_tx_client(b):
    client = {"connection": b.connection(), "data": b.region()}
    client["mac"], reserved, client["per_round"] = b.take("6sHI4x")
    client["rate"], client["burst"] = b.take("QQ")
    assert reserved == 0
    return client


def virt_tx(b):
    fields = {"driver": b.connection()}
    fields["buffer_size"], count, fields["dma_coherent"], fields["timer_channel"] = b.take("IIII")
    fields["clients"] = [virt_tx_client(b) for _ in range(count)]
    b.unused_clients(88)
    return fields


def copier(b):
    fields = {
        "virt": b.connection(),
        "client": b.connection(),
        "virt_data": b.region(),
        "client_data": b.region(),
        "buffer_size": b.take("I"),
    }
    assert b.take("I") == 0
    return fields


def client(b):
    fields = {
        "rx": b.connection(),
        "tx": b.connection(),
        "rx_data": b.region(),
        "tx_data": b.region(),
    }
    names = ("buffer_size", "rx_buffers", "mac", "ip", "gateway", "prefix_length", "reserved")
    fields.update(zip(names, b.take("II6s4s4sB9s")))
    assert fields.pop("reserved") == bytes(9)
    return fields


def timer_driver(b):
    fields = {"registers": b.region()}
    fields["irq_channel"], count, fields["clock_hz"], reserved = b.take("IIII")
    assert reserved == 0
    fields["channels"] = list(b.take("56I"))
    assert not any(fields["channels"][count:])
    del fields["channels"][count:]
    return fields


def timer_client(b):
    channel, reserved = b.take("II")
    assert reserved == 0
    return {"channel": channel}


def virt(b):
    """Both virtualisers: each with a header of its own."""
    parts = {}
    for name, size, read in (("rx", 176 + 48 * 56, virt_rx), ("tx", 152 + 88 * 56, virt_tx)):
        part = Blob(b.data[b.at : b.at + size])
        parts[name] = part.header() | read(part)
        b.at += size
    return parts


def serial_client(b):
    return {"rx": b.connection(), "tx": b.connection()}


def serial_virt_rx(b):
    fields = {"driver": b.connection(), "announce": b.connection()}
    count, fields["escape"] = b.take("II")
    fields["clients"] = [{"connection": b.connection(), "name": text(b.take("32s"))}
                         for _ in range(count)]
    b.unused_clients(64)
    return fields


def serial_virt_tx(b):
    fields = {"driver": b.connection()}
    count, _ = b.take("II")
    fields["clients"] = [{"connection": b.connection(), "name": text(b.take("32s")),
                          "colour": b.take("I4x")} for _ in range(count)]
    b.unused_clients(72)
    return fields


def monitor(b):
    fields = {"serial": b.connection()}
    children = [(text(b.take("48s")), *b.take("II")) for _ in range(62)]
    fields["children"] = [child for child in children if child[0]]
    assert not any(any(child) for child in children[len(fields["children"]):])
    return fields


def text(raw):
    assert raw[-1] == 0
    return raw.rstrip(b"\0").decode()


KINDS = {0x0101: driver, 0x0102: virt_rx, 0x0103: virt_tx, 0x0104: copier, 0x0105: client,
         0x0106: virt, 0x0201: timer_driver, 0x0202: timer_client,
         0x0301: driver, 0x0302: serial_virt_rx, 0x0303: serial_virt_tx, 0x0304: serial_client,
         0x0401: monitor}


def decode(path):
    """The parts of a blob, one after the other, each with its fields by the names of net.h."""
    data, parts = path.read_bytes(), []
    while data:
        size = int.from_bytes(data[8:12], "little")
        part = Blob(data[:size])
        header = part.header()
        parts.append(header | KINDS[header["kind"]](part))
        assert part.at == size
        data = data[size:]
    return parts


class Generated:
    """What `sddf gen` wrote, read back."""

    def __init__(self, directory, name="echo"):
        self.directory = directory
        self.file = directory / f"{name}.system"
        root = xml.parse(self.file).getroot()
        self.all_parts = {path.stem: decode(path) for path in sorted(directory.glob("*.bin"))}
        self.blobs = {name: parts[0] for name, parts in self.all_parts.items()}
        self.regions = {r.get("name"): dict(r.attrib) for r in root.iter("memory_region")}
        for region in self.regions.values():
            prefill = region.get("prefill_path")
            size = (directory / prefill).stat().st_size if prefill else int(region["size"], 16)
            region["bytes"] = -(-size // PAGE) * PAGE
        self.pds = {pd.get("name"): pd for pd in root.iter("protection_domain")}
        self.pd_maps = {
            name: {m.get("mr"): m for m in pd.findall("map")} for name, pd in self.pds.items()
        }
        self.addresses = {}
        for maps in self.pd_maps.values():
            for name, found in maps.items():
                self.addresses.setdefault(name, set()).add(int(found.get("vaddr"), 16))
        self.channels = [
            [(end.get("pd"), int(end.get("id"))) for end in channel]
            for channel in root.iter("channel")
        ]

    def maps(self, pd):
        return self.pd_maps[pd]

    def address(self, region):
        """The one virtual address of a region."""
        (address,) = self.addresses[region]
        return address

    def region_at(self, address):
        return next(name for name in self.regions if self.address(name) == address)

    def parts(self):
        """Every part of a blob, and those of a virtualiser's: its protection domain, and its fields."""
        for name, parts in self.all_parts.items():
            for part in parts:
                both = (part["rx"], part["tx"]) if part["kind"] == 0x0106 else (part,)
                yield from ((name, one) for one in both)

    def virtualiser(self, kind):
        """The receive (0x102) or the transmit (0x103) virtualiser: protection domain, fields."""
        return next((name, part) for name, part in self.parts() if part["kind"] == kind)

    def connections(self):
        """Every end of a connection in a blob: (protection domain, fields)."""
        for name, blob in self.parts():
            fields = [*blob.values(), *(c.get("connection") for c in blob.get("clients", []))]
            yield from ((name, f) for f in fields if isinstance(f, dict) and "mine" in f)

    def config_regions(self):
        """Every region in a blob: (protection domain, fields)."""
        for name, blob in self.parts():
            fields = [*blob.values(), *(c.get("data") for c in blob.get("clients", []))]
            yield from ((name, f) for f in fields if isinstance(f, dict) and "io_address" in f)


def assert_refused(directory, text, message):
    """`sddf gen` says so, and writes nothing."""
    (directory / "system.yaml").write_text(text)
    done = gen(directory / "system.yaml", "--board", "linux", "-o", directory / "out")
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert not (directory / "out").exists()


def generate(directory, text=None, board="linux", name="echo"):
    """Runs the tool on the text, or on systems/echo, and reads the result back."""
    system = ECHO
    directory.mkdir(parents=True, exist_ok=True)
    if text is not None:
        system = directory / "system.yaml"
        system.write_text(text)
    output = directory / "out"
    done = gen(system, "--board", board, "--board-dir", ROOT / "boards", "-o", output)
    assert (done.returncode, done.stderr) == (0, "")
    return Generated(output, name)
