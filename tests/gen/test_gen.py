# SPDX-License-Identifier: BSD-2-Clause
"""What `sddf gen` writes: each test's name says what must hold of it. GEN_GOLDEN=write makes
the files in golden anew."""

import os
import pprint
import re
import subprocess

import pytest
from generated import ECHO, HERE, PAGE, ROOT, decode, echo_yaml, gen, generate

SYSTEMS = {
    "echo": None,
    "one": echo_yaml(1),
    "mixed": echo_yaml(5, 2, "    rx_buffers: 300\n    buffer_size: 4KiB\n"),
    "sixteen": echo_yaml(16),
    "one_virtualiser": echo_yaml(5, 3, "    virtualisers: one\n"),
    "most_copiers": echo_yaml(28),
    "most_clients": echo_yaml(56, 0, "    rx_buffers: 1024\n"),
}
WINDOWS = ((0x10000000, 0x58000000), (0x60000000, 0x7F000000))
PAGE_2M = 2 << 20


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request, tmp_path_factory):
    return generate(tmp_path_factory.mktemp(request.param), SYSTEMS[request.param])


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("echo"))


@pytest.mark.parametrize("path", sorted((ROOT / "systems").glob("*/*.yaml")), ids=lambda p: p.stem)
def test_the_output_of_each_system_of_the_tree_is_the_golden_one(path, tmp_path):
    done = gen(path, "--board", "linux", "--board-dir", ROOT / "boards", "-o", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    blobs = {blob.stem: decode(blob) for blob in sorted(tmp_path.glob("*.bin"))}
    blobs = {name: parts if len(parts) > 1 else parts[0] for name, parts in blobs.items()}
    for ending in ("system", "dot", "blobs"):
        text = pprint.pformat(blobs, width=110, sort_dicts=False) + "\n"
        if ending != "blobs":
            text = (tmp_path / f"{path.stem}.{ending}").read_text()
        golden = HERE / f"golden/{path.stem}.{ending}"
        if os.environ.get("GEN_GOLDEN") == "write":
            golden.write_text(text)
        assert text == golden.read_text()


@pytest.mark.parametrize("name", ["most_copiers", "most_clients"])
def test_the_largest_systems_are_generated_in_a_tenth_of_a_second(name, tmp_path):
    """Processor time, since others use the machine too; the best of five."""
    (tmp_path / "system.yaml").write_text(SYSTEMS[name])
    taken = []
    for _ in range(5):
        before = os.times()
        done = gen(tmp_path / "system.yaml", "--board-dir", ROOT / "boards", "-o", tmp_path / "out")
        after = os.times()
        assert done.returncode == 0, done.stderr
        taken.append(after.children_user + after.children_system
                     - before.children_user - before.children_system)
    assert min(taken) < 0.1, taken


def test_two_runs_write_the_same_bytes(tmp_path):
    outputs = []
    for run in ("one", "two/deeper"):
        generate(tmp_path / run)
        files = sorted((tmp_path / run / "out").iterdir())
        outputs.append([(file.name, file.read_bytes()) for file in files])
    assert outputs[0] == outputs[1]


def test_files_are_one_system_one_graph_and_a_blob_per_component(echo):
    blobs = {f"{pd}.bin" for pd in echo.pds}
    found = {path.name for path in echo.directory.iterdir()}
    assert found == blobs | {"echo.system", "echo.dot"}


def test_the_system_file_fits_the_grammar(system):
    schema = ROOT / "platform/linux/description/system.rng"
    command = ["xmllint", "--noout", "--relaxng", schema, system.file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_the_linux_platform_reads_the_system_file(system, tmp_path):
    if "SYSTEM_FILE_DUMP" not in os.environ:
        pytest.skip("SYSTEM_FILE_DUMP names no program")
    for pd in system.pds.values():
        (tmp_path / pd.find("program_image").get("path")).write_bytes(b"image")
    command = [os.environ["SYSTEM_FILE_DUMP"], "system", system.file, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_graph_can_be_drawn(system):
    command = ["dot", "-Tsvg", system.directory / "echo.dot"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    drawn = set(re.findall(r"<title>(\w+)</title>", done.stdout))
    assert set(system.pds) <= drawn


def test_a_blob_names_its_component_and_its_statistics_page(system):
    assert set(system.blobs) == set(system.pds)
    for name, blob in system.blobs.items():
        assert blob["instance"] == name
        assert system.region_at(blob["stats"]) == f"{name}_stats"
        assert system.maps(name)[f"{name}_stats"].get("perms") == "rw"
        config = system.maps(name)[f"{name}_config"]
        assert config.get("perms") == "r"
        assert config.get("setvar_vaddr") == "sddf_config"
        assert config.get("setvar_prefill_size") == "sddf_config_size"
        assert system.regions[f"{name}_config"]["prefill_path"] == f"{name}.bin"


def test_statistics_and_configuration_are_mapped_by_their_owner_only(system):
    for pd in system.pds:
        for name in system.maps(pd):
            if name.endswith(("_stats", "_config")):
                assert name.startswith(f"{pd}_")
                assert [other for other in system.pds if name in system.maps(other)] == [pd]


def test_each_virtualiser_has_a_name_and_a_statistics_page_of_its_own(system):
    for kind, name in ((0x102, "eth0_virt_rx"), (0x103, "eth0_virt_tx")):
        pd, part = system.virtualiser(kind)
        assert part["instance"] == name
        page = system.region_at(part["stats"])
        assert system.maps(pd)[page].get("perms") == "rw"
    assert system.virtualiser(0x102)[1]["stats"] != system.virtualiser(0x103)[1]["stats"]


def test_one_protection_domain_for_both_virtualisers_takes_the_place_of_two(tmp_path):
    two = generate(tmp_path / "two", echo_yaml(2))
    one = generate(tmp_path / "one", echo_yaml(2, 2, "    virtualisers: one\n"))
    assert set(two.pds) - set(one.pds) == {"eth0_virt_rx", "eth0_virt_tx"}
    assert set(one.pds) - set(two.pds) == {"eth0_virt"}
    assert one.pds["eth0_virt"].find("program_image").get("path") == "net_virt.elf"
    assert one.pds["eth0_virt"].get("priority") == "105"


def test_regions_do_not_overlap_and_an_unmapped_page_follows_each(system):
    spans = sorted((system.address(n), r["bytes"]) for n, r in system.regions.items())
    for (address, size), (following, _) in zip(spans, spans[1:]):
        assert address + size + PAGE <= following
    for address, size in spans:
        assert any(start <= address and address + size + PAGE <= end for start, end in WINDOWS)


def test_data_has_large_pages_aligned_in_both_spaces(system):
    for name, region in system.regions.items():
        if name.endswith("_data"):
            assert int(region["page_size"], 16) == PAGE_2M
            assert region["bytes"] % PAGE_2M == 0
            assert int(region["phys_addr"], 16) % PAGE_2M == 0
            assert system.address(name) % PAGE_2M == 0


def test_physical_addresses_lie_in_the_dma_window_and_do_not_overlap(system):
    spans = []
    for name, region in system.regions.items():
        if "phys_addr" in region and not name.endswith("_regs"):
            spans.append((int(region["phys_addr"], 16), region["bytes"]))
    spans.sort()
    assert spans[0][0] >= 0x80000000 and sum(spans[-1]) <= 0x80000000 + (1 << 30)
    for (address, size), (following, _) in zip(spans, spans[1:]):
        assert address + size <= following


def test_both_ends_of_a_connection_agree(system):
    ends = {(pd, c["channel"]): c for pd, c in system.connections()}
    assert len(ends) == 2 * len(system.channels)
    for one, other in system.channels:
        a, b = ends[one], ends[other]
        assert (a["mine"], a["theirs"]) == (b["theirs"], b["mine"])
        assert (a["put_capacity"], a["get_capacity"]) == (b["get_capacity"], b["put_capacity"])


def test_each_side_of_a_connection_is_written_by_its_owner_alone(system):
    for pd, connection in system.connections():
        mine, theirs = (system.region_at(connection[side]) for side in ("mine", "theirs"))
        assert system.maps(pd)[mine].get("perms") == "rw"
        assert system.maps(pd)[theirs].get("perms") == "r"
        mappers = [other for other in system.pds if mine in system.maps(other)]
        assert len(mappers) == 2
        capacity = connection["put_capacity"]
        assert capacity & (capacity - 1) == 0 and capacity <= 1 << 16
        assert system.regions[mine]["bytes"] >= 256 + 16 * capacity


def test_a_blob_names_only_what_its_component_maps(system):
    for pd, region in system.config_regions():
        name = system.region_at(region["address"] // PAGE * PAGE)
        assert name in system.maps(pd)
        assert region["address"] % PAGE + region["size"] <= system.regions[name]["bytes"]


def test_io_addresses_are_told_to_drivers_and_virtualisers_only(system):
    for pd, region in system.config_regions():
        name = system.region_at(region["address"] // PAGE * PAGE)
        phys = int(system.regions[name]["phys_addr"], 16)
        knows = pd in ("eth0_driver", "eth0_virt_rx", "eth0_virt_tx", "eth0_virt") and name != "eth0_regs"
        assert region["io_address"] == (phys if knows else 0)


def test_the_driver_maps_no_data_and_nobody_else_its_registers_or_rings(system):
    assert not [name for name in system.maps("eth0_driver") if name.endswith("_data")]
    for pd in system.pds:
        shared = {"eth0_regs", "eth0_rings"} & set(system.maps(pd))
        assert not shared or pd == "eth0_driver"
    assert system.maps("eth0_driver")["eth0_regs"].get("cached") == "false"


def test_received_data_is_written_by_the_device_alone(system):
    for pd in system.pds:
        if "eth0_rx_data" in system.maps(pd):
            assert system.maps(pd)["eth0_rx_data"].get("perms") == "r"


def test_a_client_with_a_copier_does_not_map_the_devices_data(system):
    for pd in system.pds:
        if f"{pd}_copier" in system.pds:
            assert "eth0_rx_data" not in system.maps(pd)
            assert system.blobs[pd]["rx_data"] == system.blobs[pd]["tx_data"]
            assert 0 < system.blobs[pd]["rx_buffers"] < system.blobs[pd]["tx_data"]["size"] // 2048


def test_a_clients_data_is_read_by_the_transmit_virtualiser_and_nobody_elses(system):
    for client in (pd for pd, blob in system.blobs.items() if blob["kind"] == 0x105):
        perms = {
            pd: system.maps(pd)[f"{client}_data"].get("perms")
            for pd in system.pds
            if f"{client}_data" in system.maps(pd)
        }
        expected = {client: "rw", system.virtualiser(0x103)[0]: "r"}
        if f"{client}_copier" in system.pds:
            expected[f"{client}_copier"] = "rw"
        assert perms == expected


def test_queues_hold_all_buffers_and_the_device_keeps_its_share(system):
    rx, tx = (system.virtualiser(kind)[1] for kind in (0x102, 0x103))
    assert rx["driver"]["put_capacity"] >= rx["buffer_count"]
    assert sum(c["held_max"] for c in rx["clients"]) + 64 <= rx["buffer_count"]
    assert rx["data"]["size"] == rx["buffer_count"] * rx["buffer_size"]
    for client in rx["clients"]:
        assert 16 <= client["held_max"] <= client["connection"]["put_capacity"]
    for client in tx["clients"]:
        buffers = client["data"]["size"] // tx["buffer_size"]
        assert client["connection"]["get_capacity"] >= buffers
    all_buffers = sum(c["data"]["size"] // tx["buffer_size"] for c in tx["clients"])
    assert tx["driver"]["put_capacity"] >= all_buffers


def test_channel_and_irq_ids_count_from_zero_without_a_gap(system):
    ids = {pd: [] for pd in system.pds}
    for channel in system.channels:
        for pd, number in channel:
            ids[pd].append(number)
    irq = system.pds["eth0_driver"].find("irq")
    assert dict(irq.attrib) == {"irq": "48", "id": "2", "trigger": "level"}
    assert system.blobs["eth0_driver"]["irq_channel"] == 2
    ids["eth0_driver"].append(2)
    for numbers in ids.values():
        assert sorted(numbers) == list(range(len(numbers)))
        assert max(numbers) <= 61


def test_no_component_stands_below_its_client(system):
    for server, client in system.channels:
        priority = {pd: int(system.pds[pd].get("priority")) for pd, _ in (server, client)}
        assert priority[server[0]] > priority[client[0]]


def test_addresses_and_flags_reach_the_blobs(tmp_path):
    text = (
        echo_yaml(1, 0)
        .replace("copy: false", "copy: false, multicast: true, broadcast: false, "
                 "promiscuous: true, gateway: 10.0.0.254, per_round: 7, tx_buffers: 100")
        .replace("image: echo", "image: echo, priority: 90, budget: 500us, period: 10ms, "
                 "stack_size: 16KiB, cpu: 1")
    )
    system = generate(tmp_path, text)
    client = system.blobs["c0"]
    assert client["mac"] == bytes.fromhex("525401000001")
    assert (client["ip"], client["gateway"]) == (bytes([10, 0, 0, 2]), bytes([10, 0, 0, 254]))
    assert (client["prefix_length"], client["rx_buffers"]) == (24, 0)
    assert client["rx_data"]["size"] == 512 * 2048 and client["tx_data"]["size"] == 100 * 2048
    receiver, = system.blobs["eth0_virt_rx"]["clients"]
    assert (receiver["mac"], receiver["flags"]) == (client["mac"], 2 | 4)
    sender, = system.blobs["eth0_virt_tx"]["clients"]
    assert (sender["mac"], sender["per_round"]) == (client["mac"], 7)
    assert dict(system.pds["c0"].attrib) == {
        "name": "c0", "priority": "90", "budget": "500", "period": "10000", "cpu": "1",
        "stack_size": "0x4000",
    }


def test_registers_inside_a_page_are_mapped_by_page_and_found_by_offset(tmp_path):
    board = tmp_path / "small.yaml"
    text = (ROOT / "boards/qemu_virt_aarch64.yaml").read_text()
    board.write_text(text.replace("address: 0x0a000000", "address: 0x0a000e00"))
    system = generate(tmp_path, echo_yaml(1), board=board)
    assert system.regions["eth0_regs"]["phys_addr"] == "0xa000000"
    assert system.regions["eth0_regs"]["size"] == "0x1000"
    registers = system.blobs["eth0_driver"]["registers"]
    assert registers["address"] == system.address("eth0_regs") + 0xE00
    assert registers["size"] == 0x200
    assert system.pds["eth0_driver"].find("irq").get("trigger") == "edge"


def test_two_devices_make_two_networks(tmp_path):
    text = echo_yaml(2).replace("      c1:", "  eth1:\n    clients:\n      c1:")
    system = generate(tmp_path, text)
    assert system.blobs["eth1_virt_tx"]["clients"][0]["mac"].hex() == "525401000002"
    assert system.regions["eth1_regs"]["phys_addr"] == "0xa001000"
    assert "eth0_rx_data" not in system.maps("c1_copier")


def test_a_component_that_is_nobodys_client_gets_no_blob(tmp_path):
    text = echo_yaml(1) + "  lonely: { image: idle }\n"
    (tmp_path / "system.yaml").write_text(text)
    done = gen(tmp_path / "system.yaml", "--board", "linux", "-o", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert '<protection_domain name="lonely"' in (tmp_path / "out/echo.system").read_text()
    assert not (tmp_path / "out/lonely.bin").exists()


def test_drivers_are_read_from_a_directory(tmp_path):
    folder = tmp_path / "drivers/net/mine"
    folder.mkdir(parents=True)
    text = (ROOT / "drivers/net/virtio/driver.yaml").read_text()
    (folder / "driver.yaml").write_text(text.replace("net_virtio.elf", "mine.elf"))
    arguments = (ECHO, "--board", "linux", "-o", tmp_path / "out")
    assert gen(*arguments, "--drivers", tmp_path / "drivers").returncode == 0
    assert '"mine.elf"' in (tmp_path / "out/echo.system").read_text()
    assert gen(*arguments).returncode == 0
    assert '"mine.elf"' not in (tmp_path / "out/echo.system").read_text()


def test_the_built_in_drivers_are_those_of_the_tree(tmp_path):
    files = {path.relative_to(ROOT) for path in (ROOT / "drivers").glob("*/*/driver.yaml")}
    listed = (ROOT / "tools/sddf/meson.build").read_text()
    assert files and all(str(path) in listed for path in files)
    own, built_in = tmp_path / "own", tmp_path / "built_in"
    arguments = (ECHO, "--board", "linux", "-o")
    assert gen(*arguments, own, "--drivers", ROOT / "drivers").returncode == 0
    assert gen(*arguments, built_in).returncode == 0
    assert (own / "echo.system").read_text() == (built_in / "echo.system").read_text()
