# SPDX-License-Identifier: BSD-2-Clause
"""`sddf gen`: a component that is a client of several devices, of one class and of several."""
import pytest
from generated import ROOT, Generated, assert_refused, gen, generate

NETWORK, TIMER, SERIAL = 0x105, 0x202, 0x304
ROUTER = """system: router
network:
  eth1: { clients: { router: { mac: "52:54:01:00:00:01", ip: 10.0.1.1/24 } } }
  eth0: { clients: { router: { mac: "52:54:01:00:00:02", ip: 10.0.0.1/24, copy: false }, other: { mac: "52:54:01:00:00:03" } } }
serial: { serial0: { clients: { other: {}, router: {} } } }
timer: { timer: { clients: [router] } }
components: { router: { image: router }, other: { image: other } }
"""


@pytest.fixture(name="router", scope="module")
def fixture_router(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("router"), ROUTER, name="router")


def test_a_blob_has_a_part_for_each_device_those_of_one_class_in_the_order_of_the_file(router):
    parts = [(part["kind"], part["device"]) for part in router.all_parts["router"]]
    assert parts == [(NETWORK, "eth1"), (NETWORK, "eth0"), (TIMER, "timer"), (SERIAL, "serial0")]
    parts = [(part["kind"], part["device"]) for part in router.all_parts["other"]]
    assert parts == [(NETWORK, "eth0"), (SERIAL, "serial0")]


def test_all_parts_name_the_same_component_and_the_same_page_of_statistics(router):
    for name, parts in router.all_parts.items():
        assert {part["instance"] for part in parts} == {name}
        assert {router.region_at(part["stats"]) for part in parts} == {f"{name}_stats"}
        assert [region for region in router.maps(name) if region.endswith("_config")] == [f"{name}_config"]


def test_every_part_about_a_device_says_which(router):
    for name, parts in router.all_parts.items():
        for device in ("eth0", "eth1", "serial0", "timer"):
            if name.startswith(f"{device}_") or name.endswith(f"_{device}_copier"):
                assert [part["device"] for part in parts] == [device]
    assert router.blobs["other_copier"]["device"] == "eth0"


def test_both_ends_of_each_connection_agree_and_only_its_side_may_write_a_region(router):
    ends = list(router.connections())
    by_region = {fields["mine"]: (name, fields) for name, fields in ends}
    assert len(ends) == len(by_region) == 2 * (2 + 2 + 3 + 2 + 3 + 2 + 1 + 4)
    used = set()
    for name, fields in ends:
        peer, other = by_region[fields["theirs"]]
        assert other["theirs"] == fields["mine"] and other["get_capacity"] == fields["put_capacity"]
        channel = [(name, fields["channel"]), (peer, other["channel"])]
        assert channel in router.channels or channel[::-1] in router.channels
        assert (name, fields["channel"]) not in used, "a channel for each connection"
        used.add((name, fields["channel"]))
        mine = router.region_at(fields["mine"])
        assert router.maps(name)[mine].get("perms") == "rw"
        assert router.maps(peer)[mine].get("perms") == "r"
        assert sum(mine in router.maps(pd) for pd in router.pds) == 2
    timer = router.all_parts["router"][2]["channel"]
    assert ("router", timer) not in used
    assert '<end pd="router" id="%d" pp="true" />' % timer in router.file.read_text()


def test_what_a_client_of_several_networks_sends_on_one_no_other_sees(router):
    data = {name for name in router.regions if name.endswith("_data")}
    assert data == {"eth0_rx_data", "eth1_rx_data", "router_eth0_data", "router_eth1_data", "other_data"}
    users = {name: {pd for pd in router.pds if name in router.maps(pd)} for name in data}
    assert users["router_eth1_data"] == {"router", "router_eth1_copier", "eth1_virt_tx"}
    assert users["router_eth0_data"] == {"router", "eth0_virt_tx"}
    assert users["eth1_rx_data"] == {"eth1_virt_rx", "router_eth1_copier"}
    assert users["eth0_rx_data"] == {"eth0_virt_rx", "router", "other_copier"}


def test_a_client_of_one_device_of_each_class_keeps_its_short_names(tmp_path):
    text = ROUTER.replace('  eth1: { clients: { router: { mac: "52:54:01:00:00:01", ip: 10.0.1.1/24 } } }\n', "")
    names = set(generate(tmp_path, text, name="router").regions)
    assert {"router_rx_virt", "router_data", "router_input_virt", "other_copies_client"} <= names
    assert not any("router_eth0" in name or "router_serial0" in name for name in names)


def test_a_configuration_of_many_parts_gets_the_pages_that_it_needs(tmp_path):
    """4 KiB hold 16 parts of a network client."""
    system = many(tmp_path, devices=16, clients=1, serials=True)
    assert len(system.all_parts["c0"]) == 17
    assert system.regions["c0_config"]["bytes"] == 0x2000
    size = sum(path.stat().st_size for path in [system.directory / "c0.bin"])
    assert 0x1000 < size < 0x2000


def many_yaml(devices, clients, serials=False):
    lines = ["system: many", "network:"]
    for d in range(devices):
        macs = [f'c{c}: {{ mac: "52:54:01:00:{d:02x}:{c:02x}", copy: false, tx_buffers: 64 }}' for c in range(clients)]
        lines.append(f"  e{d}: {{ virtualisers: one, clients: {{ {', '.join(macs)} }} }}")
    lines += ["serial: { serial0: { clients: { c0: {} } } }"] if serials else []
    lines += ["components:", *(f"  c{c}: {{ image: c }}" for c in range(clients))]
    return "\n".join(lines) + "\n"


def run_many(folder, text, devices):
    """On a board of that many network devices."""
    board = (ROOT / "boards/linux.yaml").read_text()
    for d in range(devices):
        board += (f'  e{d}:\n    class: network\n    compatible: "virtio,mmio"\n    irq: {{ number: {100 + d}, trigger: level }}\n'
                  f"    reg: {{ address: {0x0b000000 + d * 0x1000:#x}, size: 0x1000 }}\n    backend: virtio-net\n")
    (folder / "board.yaml").write_text(board)
    (folder / "many.yaml").write_text(text)
    return gen(folder / "many.yaml", "--board", folder / "board.yaml", "-o", folder / "out")


def many(folder, devices, clients, serials=False):
    done = run_many(folder, many_yaml(devices, clients, serials), devices)
    assert (done.returncode, done.stderr) == (0, "")
    return Generated(folder / "out", "many")


def test_as_many_connections_as_there_may_be_are_generated_and_one_more_is_refused(tmp_path):
    system = many(tmp_path, devices=16, clients=15)
    assert len(list(system.connections())) == 2 * 512
    assert all(len(system.all_parts[f"c{c}"]) == 16 for c in range(15))
    done = run_many(tmp_path, many_yaml(16, 15, serials=True), 16)
    assert done.returncode == 2
    assert ("found 517 connections between drivers, virtualisers, copiers and clients, expected at most 512; "
            "remove clients of devices") in done.stderr


LONG = "c" + 19 * "o" + "ng"


def long_named(name):
    """A name of the longest that may be, and a device's that is not too long by itself."""
    text = ROUTER.replace("router:", f"{name}:").replace("[router]", f"[{name}]")
    return text.replace("eth1: {", "aethertransceiver1: { device: eth1,")


def test_the_longest_name_that_a_copier_can_have_is_taken(tmp_path):
    system = generate(tmp_path, long_named(LONG[1:]), name="router")
    (copier,) = (name for name in system.pds if "aethertransceiver1_copier" in name)
    assert len(copier) == 47 and system.blobs[copier]["instance"] == copier


REFUSED = {
    "a client above one of its servers, whichever": (
        ROUTER.replace("serial0: {", "serial0: { virt_rx: { priority: 96 },"),
        "found router at priority 97, above serial0_virt_rx, which serves it, at 96, expected no client above its server"),
    "a client above its timer": (
        ROUTER.replace("timer: {", "timer: { driver: { priority: 90 },", 2).replace("timer: { driver: { priority: 90 }, timer",
                                                                                   "timer: { timer"),
        '"router" (priority 97) calls "timer_driver" (priority 90)'),
    "a client of one timer twice": (
        ROUTER.replace("[router]", "[router, other, router]"),
        'timer.timer.clients[2]: component "router" is a client of timer in line 6 already, expected once at most'),
    "a client of one network twice": (
        ROUTER.replace("other: { mac", "router: { mac"), 'key "router" stands here a second time'),
    "a client of a passive timer whose budget ends": (
        ROUTER.replace("router: { image: router }", "router: { image: router, budget: 1ms, period: 5ms }"),
        'PD "router" calls the passive "timer_driver" with a budget of 1000 us in 5000 us'),
    "a name too long with its device's": (
        long_named(LONG), f'makes a protection domain "{LONG}_aethertransceiver1_copier" of 48 characters, expected at most 47'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    assert_refused(tmp_path, *REFUSED[case])
