# SPDX-License-Identifier: BSD-2-Clause
"""`sddf gen`: serial devices."""
import pytest
from generated import ROOT, gen, generate

CONSOLE = (ROOT / "systems/console/console.yaml").read_text()
RED, GREEN, YELLOW = 31, 32, 33


def consoles(count):
    lines = ["system: many", "serial:", "  serial0:", "    clients:"]
    lines += [f"      c{i}: {{}}" for i in range(count)]
    lines += ["components:", *(f"  c{i}: {{ image: console }}" for i in range(count))]
    return "\n".join(lines) + "\n"


BOARDS = {"linux": ("serial_pl011.elf", "51"), "qemu_virt_aarch64": ("serial_pl011.elf", "33"),
          "qemu_virt_riscv64": ("serial_ns16550.elf", "10")}


@pytest.mark.parametrize("board", BOARDS)
def test_the_driver_follows_from_the_board_and_maps_its_registers_and_queues_alone(tmp_path, board):
    system = generate(tmp_path, CONSOLE, board=board, name="console")
    driver = system.pds["serial0_driver"]
    irq = driver.find("irq")
    assert (driver.find("program_image").get("path"), irq.get("irq")) == BOARDS[board]
    assert int(irq.get("id")) == system.blobs["serial0_driver"]["irq_channel"]
    queues = {f"serial0_{way}_{side}" for way in ("rx", "tx") for side in ("driver", "virt")}
    own = {"serial0_regs", "serial0_driver_config", "serial0_driver_stats"}
    assert set(system.maps("serial0_driver")) == queues | own
    assert system.blobs["serial0_driver"]["rings"]["address"] == 0
    registers = system.blobs["serial0_driver"]["registers"]
    assert registers["address"] == system.address("serial0_regs")


def test_a_device_with_dma_gets_its_rings_at_an_io_address(tmp_path):
    system = generate(tmp_path, CONSOLE.replace("serial0", "serial1"), board="qemu_virt_aarch64",
                      name="console")
    rings = system.blobs["serial1_driver"]["rings"]
    assert (rings["address"], rings["size"]) == (system.address("serial1_rings"), 0x4000)
    assert int(system.regions["serial1_rings"]["phys_addr"], 16) == rings["io_address"] != 0
    assert set(system.maps("serial1_virt_rx")) & {"serial1_rings", "serial1_regs"} == set()


def test_both_ends_of_each_connection_agree_and_only_its_side_may_write_a_region(tmp_path):
    system = generate(tmp_path, CONSOLE, name="console")
    ends = list(system.connections())
    assert len(ends) == 2 * (2 + 1 + 4)  # driver's, the announcement, two clients'
    by_region = {fields["mine"]: (name, fields) for name, fields in ends}
    for name, fields in ends:
        peer, other = by_region[fields["theirs"]]
        assert other["theirs"] == fields["mine"]
        assert other["get_capacity"] == fields["put_capacity"]
        assert [(name, fields["channel"]), (peer, other["channel"])] in system.channels or [
            (peer, other["channel"]), (name, fields["channel"])] in system.channels
        mine = system.region_at(fields["mine"])
        assert system.maps(name)[mine].get("perms") == "rw"
        assert system.maps(peer)[mine].get("perms") == "r"
        assert sum(mine in system.maps(pd) for pd in system.pds) == 2


def test_clients_have_their_names_and_colours_and_the_receive_virtualiser_prints_as_the_device(tmp_path):
    system = generate(tmp_path, CONSOLE.replace("{ colour: green }", "{}"), name="console")
    printed = [(client["name"], client["colour"]) for client in system.blobs["serial0_virt_tx"]["clients"]]
    assert printed == [("console0", RED), ("console1", YELLOW), ("serial0", 0)]
    rx = system.blobs["serial0_virt_rx"]
    assert [client["name"] for client in rx["clients"]] == ["console0", "console1"]
    assert rx["escape"] == 0x1D
    last = system.blobs["serial0_virt_tx"]["clients"][-1]["connection"]
    assert (last["mine"], last["theirs"]) == (rx["announce"]["theirs"], rx["announce"]["mine"])
    text = CONSOLE.replace("  serial0:\n", '  serial0:\n    escape: "^A"\n')
    assert generate(tmp_path, text, name="console").blobs["serial0_virt_rx"]["escape"] == 1


def test_fifty_five_clients_share_a_device(tmp_path):
    system = generate(tmp_path, consoles(55), name="many")
    assert len(system.blobs["serial0_virt_tx"]["clients"]) == 56


REFUSED = {
    "fifty-six clients": (consoles(56), "found 56 clients, expected at most 55 of one device"),
    "no client": ("system: s\nserial: { serial0: { clients: {} } }\ncomponents: { c: { image: c } }\n",
                  "found no client, expected one at least"),
    "an unknown colour": (CONSOLE.replace("green", "pink"), 'found "pink"'),
    "an unknown device": (CONSOLE.replace("serial0", "uart7"), 'has no device "uart7", expected one of: serial0'),
    "a network device": (CONSOLE.replace("serial0", "eth0"), "eth0 is a network device"),
    "a virtualiser below its client": (CONSOLE.replace("    clients:", "    virt_tx: { priority: 90 }\n    clients:"),
                                       "no client above its server"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name, tmp_path):
    text, message = REFUSED[name]
    (tmp_path / "system.yaml").write_text(text)
    done = gen(tmp_path / "system.yaml", "--board", "linux", "--board-dir", ROOT / "boards", "-o", tmp_path / "out")
    assert done.returncode == 2 and message in done.stderr, done.stderr
