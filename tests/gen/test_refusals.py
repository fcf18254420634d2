# SPDX-License-Identifier: BSD-2-Clause
"""What `sddf gen` refuses, and in which words; nothing is written then."""

import random

import pytest
from generated import ECHO, ROOT, echo_yaml, gen

BASE = """\
system: echo
network:
  eth0:
    clients:
      a: { mac: "52:54:01:00:00:01", ip: 10.0.0.2/24 }
      b: { mac: "52:54:01:00:00:02", ip: 10.0.0.3/24 }
components:
  a: { image: echo }
  b: { image: echo }
"""

A = "network.eth0.clients.a"
B = "network.eth0.clients.b"
PLACE = "as \"52:54:01:00:00:01\""

# What it proves: (what is replaced, by what, the errors without "FILE:").
CASES = {
    "an unknown key is refused with those that are known": (
        "image: echo }", "image: echo, prio: 3 }",
        ["8:21: components.a.prio: unknown key; known here: image, priority, budget, period, cpu, "
         "stack_size, fpu"],
    ),
    "a client must be a component": (
        "  b: { image", "  c: { image",
        [f'6:7: {B}: there is no component "b"; add it under "components"'],
    ),
    "a component is one client at most": (
        "components:",
        '  eth1:\n    clients:\n      a: { mac: "52:54:01:00:00:03" }\ncomponents:',
        ['9:7: network.eth1.clients.a: component "a" is a client in line 5 already, expected one '
         "at most; make it two components"],
    ),
    "the device must be on the board": (
        "eth0", "eth7",
        ["3:3: network.eth7: board linux (BOARDS/linux.yaml) has no such device, expected one of: "
         "eth0, eth1"],
    ),
    "a MAC address has six bytes": (
        "52:54:01:00:00:01", "52:54:01:00:01",
        [f'5:12: {A}.mac: found "52:54:01:00:01", expected a MAC address, {PLACE}'],
    ),
    "a MAC address is not a group's": (
        "52:54:01:00:00:01", "53:54:01:00:00:01",
        [f"5:12: {A}.mac: found 53:54:01:00:00:01, a group's address (its first byte is odd), "
         f"expected that of one station, {PLACE}"],
    ),
    "two clients have two MAC addresses": (
        "00:02", "00:01", [f"6:12: {B}.mac: is the MAC address of a (line 5) too; change one"],
    ),
    "two clients have two IP addresses": (
        "10.0.0.3/24", "10.0.0.2/24",
        [f"6:38: {B}.ip: is the address of a (line 5) too; change one"],
    ),
    "a MAC address is needed": (
        'mac: "52:54:01:00:00:01", ', "",
        [f'5:7: {A}: key "mac" is missing; add it'],
    ),
    "an IP address has the length of its network": (
        "10.0.0.2/24", "10.0.0.2",
        [f'5:38: {A}.ip: found "10.0.0.2", expected an IPv4 address and the length of its network '
         "part in bits, 1 to 32, as 10.0.0.2/24"],
    ),
    "an IP address is that of a host": (
        "10.0.0.2/24", "224.0.0.2/24",
        [f"5:38: {A}.ip: found 224.0.0.2/24, which no host can have; expected one as 10.0.0.2"],
    ),
    "a gateway is in the client's network": (
        "10.0.0.2/24", "10.0.0.2/24, gateway: 10.0.1.1",
        [f"5:55: {A}.gateway: found 10.0.1.1, which is not in the network of 10.0.0.2/24; "
         "expected one that is"],
    ),
    "a budget is within its period": (
        "a: { image: echo", "a: { image: echo, budget: 2ms, period: 1ms",
        ["8:34: components.a.period: found 1ms, expected at least the budget, 2ms; raise one or "
         "lower the other"],
    ),
    "a period needs a budget": (
        "a: { image: echo", "a: { image: echo, period: 1ms",
        ['8:21: components.a.period: found a period without a budget; add "budget", the time in '
         "each period that it may run"],
    ),
    "a duration has a unit": (
        "a: { image: echo", "a: { image: echo, budget: 1000",
        ['8:21: components.a.budget: found "1000", expected a duration with its unit, as 100us, '
         "1ms or 2s"],
    ),
    "a priority is one of Microkit's": (
        "a: { image: echo", "a: { image: echo, priority: 255",
        ["8:21: components.a.priority: found 255, expected 0 to 254"],
    ),
    "no client stands above a component that serves it": (
        "a: { image: echo", "a: { image: echo, priority: 101",
        ["8:3: components.a: found a at priority 101, above a_copier, which serves it, at 100; "
         "expected no client above its server: lower the one or raise the other"],
    ),
    "no virtualiser stands above its driver": (
        "    clients:", "    driver: { priority: 104 }\n    clients:",
        ["3:3: network.eth0: found eth0_virt_tx at priority 105, above eth0_driver, which serves "
         "it, at 104; expected no client above its server: lower the one or raise the other"],
    ),
    "an image is a name, not a path": (
        "b: { image: echo", "b: { image: ../echo.elf",
        ['9:8: components.b.image: found "../echo.elf", expected the image\'s name: letters, '
         "digits, _ and -, without a folder and without .elf"],
    ),
    "a stack is whole pages": (
        "a: { image: echo", "a: { image: echo, stack_size: 5000",
        ["8:21: components.a.stack_size: found 5000, expected a multiple of 4KiB"],
    ),
    "receive buffers suffice for all clients": (
        "    clients:", "    rx_buffers: 90\n    clients:",
        ["3:3: network.eth0: found 90 receive buffers for 2 clients, expected 96 at least (64 for "
         "the device, 16 for each client); raise rx_buffers"],
    ),
    "a buffer's size is a power of two": (
        "    clients:", "    buffer_size: 3KiB\n    clients:",
        ["4:5: network.eth0.buffer_size: found 3KiB, expected 2KiB, 4KiB, 8KiB or 16KiB"],
    ),
    "a client without a copier has no receive buffers of its own": (
        "10.0.0.2/24", "10.0.0.2/24, copy: false, rx_buffers: 16",
        [f'5:68: {A}.rx_buffers: a client with "copy: false" reads the device\'s buffers and has '
         "none of its own; remove it or copy"],
    ),
    "a data region has no more buffers than its peers can keep track of": (
        "10.0.0.2/24", "10.0.0.2/24, tx_buffers: 4096",
        [f"5:7: {A}: found 4352 buffers (rx_buffers 256, tx_buffers 4096), expected at most 4096"],
    ),
    "no two protection domains have one name": (
        "components:", "components:\n  eth0_driver: { image: echo }",
        ['8:3: components.eth0_driver: makes a protection domain "eth0_driver", as line 3 does; '
         "rename one"],
    ),
    "the system's name can name files": (
        "system: echo", "system: ../echo",
        ['1:1: system: found "../echo", expected a letter, then letters, digits and _'],
    ),
    "a component's name can stand in the system file": (
        "components:", 'components:\n  "<x>": { image: echo }',
        ['8:3: components.<x>: found "<x>", expected a name of letters, digits, _ and -, a letter '
         "first, of at most 24 bytes"],
    ),
    "a network has a client": (
        BASE[BASE.index("      a:") : BASE.index("components:")], "      {}\n",
        ["4:5: network.eth0.clients: found no client, expected one at least"],
    ),
    "all mistakes are told in one run": (
        "image: echo }", "imag: echo, cpu: x }",
        ["8:8: components.a.imag: unknown key; known here: image, priority, budget, period, cpu, "
         "stack_size, fpu",
         '8:3: components.a: key "image" is missing; add it',
         '8:20: components.a.cpu: found "x", expected a whole number, as 48 or 0x30'],
    ),
}


def refuse(tmp_path, text, *arguments):
    """The errors, without the name of the file."""
    system = tmp_path / "system.yaml"
    system.write_text(text)
    options = arguments or ("--board", "linux", "--board-dir", ROOT / "boards")
    done = gen(system, *options, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()
    return done.stderr.replace(f"{system}:", "").replace(f"{ROOT}/boards", "BOARDS").splitlines()


@pytest.mark.parametrize("name", CASES)
def test_refused(name, tmp_path):
    old, new, errors = CASES[name]
    assert old in BASE
    assert refuse(tmp_path, BASE.replace(old, new, 1)) == errors


def test_64_protection_domains_are_refused_and_63_are_not(tmp_path):
    more = "    rx_buffers: 1024\n"
    assert refuse(tmp_path, echo_yaml(31, 30, more)) == [
        "1:1: found 64 protection domains (31 components; 33 drivers, virtualisers and copiers), "
        "expected at most 63, Microkit's limit; remove clients, or copiers of clients that may see "
        "each other's frames (copy: false)"
    ]
    (tmp_path / "system.yaml").write_text(echo_yaml(30, 30, more))
    arguments = (tmp_path / "system.yaml", "--board", "linux", "-o", tmp_path / "out")
    assert gen(*arguments).returncode == 0


def test_more_clients_than_a_virtualiser_has_are_refused(tmp_path):
    assert refuse(tmp_path, echo_yaml(57, 0, "    rx_buffers: 4096\n")) == [
        "62:7: network.eth0.clients.c56: found a client too many, expected at most 56 of one device"
    ]


def test_more_buffers_than_the_transmit_queue_can_hold_are_refused(tmp_path):
    text = echo_yaml(17, 0).replace("copy: false", "copy: false, tx_buffers: 4096")
    assert refuse(tmp_path, text) == [
        "3:3: network.eth0: found 69632 buffers of all clients, expected at most 65536, what the "
        "transmit queue can hold; lower their rx_buffers or tx_buffers"
    ]


def test_more_data_than_the_board_has_for_dma_is_refused(tmp_path):
    board = tmp_path / "tiny.yaml"
    board.write_text((ROOT / "boards/linux.yaml").read_text().replace("size: 1GiB", "size: 4MiB"))
    assert refuse(tmp_path, BASE, "--board", board) == [
        f"6:7: {B}: found no room for region b_data of 2048 KiB in the 4096 KiB that board linux "
        f'has for DMA ("dma" in {board}); use fewer or smaller buffers'
    ]


def test_more_regions_than_the_address_space_holds_are_refused(tmp_path):
    options = "    rx_buffers: 4096\n    buffer_size: 16KiB\n"
    text = echo_yaml(32, 0, options).replace("copy: false", "copy: false, tx_buffers: 4096")
    text = text.replace("      c16:", f"  eth1:\n{options}    clients:\n      c16:", 1)
    board = tmp_path / "large.yaml"
    board.write_text((ROOT / "boards/linux.yaml").read_text().replace("size: 1GiB", "size: 4GiB"))
    assert refuse(tmp_path, text, "--board", board) == [
        "33:7: network.eth1.clients.c22: found no room for region c22_data of 65536 KiB in the "
        "1,648 MiB of virtual addresses that all regions of a system share; use fewer or smaller "
        "buffers"
    ]


def test_two_devices_in_one_page_are_refused(tmp_path):
    board = tmp_path / "page.yaml"
    text = (ROOT / "boards/linux.yaml").read_text().replace("size: 0x1000 }", "size: 0x200 }")
    board.write_text(text.replace("0x0a001000", "0x0a000200"))
    two = BASE.replace("      b:", "  eth1:\n    clients:\n      b:")
    assert refuse(tmp_path, two, "--board", board) == [
        "6:3: network.eth1: its registers share the page at 0xa000000 with those of eth0 (line 3), "
        "expected a page of its own; use another device of the board"
    ]


def test_a_device_without_a_driver_is_refused(tmp_path):
    board = tmp_path / "odd.yaml"
    board.write_text((ROOT / "boards/linux.yaml").read_text().replace("virtio,mmio", "odd,mac"))
    assert refuse(tmp_path, BASE, "--board", board) == [
        f'3:3: network.eth0: found no network driver for "odd,mac" ({board}:7); add it to a '
        "driver's driver.yaml"
    ]


def test_a_board_that_does_not_exist_is_refused(tmp_path):
    assert refuse(tmp_path, BASE, "--board", tmp_path / "none.yaml") == [
        f"{tmp_path}/none.yaml: cannot be opened: No such file or directory"
    ]


def test_an_output_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    done = gen(ECHO, "--board", "linux", "-o", tmp_path / "file/out")
    assert (done.returncode, done.stderr) == (
        1, f"{tmp_path}/file/out: cannot be made: Not a directory\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the system's file is missing"),
        ([ECHO], "the board is missing, as --board linux"),
        ([ECHO, "--board", "linux"], "the directory to write to is missing, as -o build/echo"),
        ([ECHO, ECHO], "found more than one system, expected one"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments, message):
    done = gen(*arguments)
    assert (done.returncode, done.stderr) == (2, f"sddf gen: {message}; see sddf gen --help\n")


def test_no_damaged_file_crashes_the_tool(tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    system = tmp_path / "system.yaml"
    for _ in range(100):
        data = bytearray(BASE.encode())
        for _ in range(source.randint(1, 6)):
            at = source.randrange(len(data))
            piece = source.choice([b"", b"{", b"}", b"]", b":", b"\n", b" ", b"9", b"a", b"\xff"])
            data[at : at + source.randint(0, 3)] = piece
        system.write_bytes(data)
        done = gen(system, "--board", "linux", "-o", tmp_path / "out")
        assert done.returncode in (0, 1), data
        assert (done.returncode == 1) == (done.stderr != ""), data
