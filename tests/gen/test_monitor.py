# SPDX-License-Identifier: BSD-2-Clause
"""`sddf gen`: the monitor."""
import xml.etree.ElementTree as xml

import pytest
from generated import ROOT, echo_yaml, gen, generate

CONSOLE = (ROOT / "systems/console/console.yaml").read_text()
TWO_LINES = CONSOLE + "monitor: {}\n"
RESTARTED = TWO_LINES.replace("  serial0:\n", "  serial0:\n    driver: { restarts: 3 }\n").replace(
    "console0: { image: console,", "console0: { image: console, restarts: 7,")


def test_all_others_are_its_children_by_the_ids_and_names_of_its_blob(tmp_path):
    system = generate(tmp_path, echo_yaml(3, 2) + "monitor: {}\n")
    (parent,) = xml.parse(system.file).getroot().findall("protection_domain")
    assert parent.get("name") == "system_monitor"
    children = {int(pd.get("id")): pd.get("name") for pd in parent.findall("protection_domain")}
    assert len(children) == 3 + 3 + 2 and sorted(children) == list(range(8))
    assert [name for name, _, _ in system.blobs["system_monitor"]["children"]] == [
        children[number] for number in range(8)]


def test_it_maps_nothing_of_its_children_but_its_connection_to_the_serial_class(tmp_path):
    system = generate(tmp_path, TWO_LINES, name="console")
    own = {"system_monitor_config", "system_monitor_stats"}
    assert set(system.maps("system_monitor")) == own | {"monitor_output_virt", "monitor_output_monitor"}
    assert system.maps("system_monitor")["monitor_output_virt"].get("perms") == "r"
    without = generate(tmp_path / "b", echo_yaml(1) + "monitor: {}\n")
    assert set(without.maps("system_monitor")) == own
    assert without.blobs["system_monitor"]["serial"]["mine"] == 0


def test_it_calls_nobody_and_nobody_calls_it(tmp_path):
    system = generate(tmp_path, TWO_LINES, name="console")
    (its,) = [channel for channel in xml.parse(system.file).getroot().iter("channel")
              if any(end.get("pd") == "system_monitor" for end in channel)]
    assert not any(end.get("pp") for end in its)


def test_it_prints_by_its_name_behind_all_clients(tmp_path):
    system = generate(tmp_path, TWO_LINES, name="console")
    last = system.blobs["serial0_virt_tx"]["clients"][-1]
    assert (last["name"], last["colour"]) == ("system_monitor", 31)
    serial = system.blobs["system_monitor"]["serial"]
    assert (last["connection"]["mine"], last["connection"]["theirs"]) == (serial["theirs"], serial["mine"])
    assert len(system.blobs["serial0_virt_rx"]["clients"]) == 2  # it reads nothing


def test_its_blob_says_who_restarts_and_without_whom_nothing_is_shown(tmp_path):
    children = {name: rest for name, *rest in
                generate(tmp_path, RESTARTED, name="console").blobs["system_monitor"]["children"]}
    assert children == {"serial0_driver": [3, 1], "serial0_virt_rx": [0, 0], "serial0_virt_tx": [0, 1],
                        "console0": [7, 0], "console1": [0, 0]}


def test_fifty_five_clients_and_the_monitor_share_a_serial_device(tmp_path):
    lines = ["system: many", "monitor: {}", "serial:", "  serial0:", "    clients:"]
    lines += [f"      c{i}: {{}}" for i in range(55)]
    lines += ["components:", *(f"  c{i}: {{ image: console }}" for i in range(55))]
    system = generate(tmp_path, "\n".join(lines) + "\n", name="many")
    assert len(system.blobs["serial0_virt_tx"]["clients"]) == 57


@pytest.mark.parametrize("count", [62, 63])
def test_it_counts_as_a_protection_domain(tmp_path, count):
    (tmp_path / "s.yaml").write_text("system: s\nmonitor: {}\ncomponents:\n" + "".join(
        f"  c{i}: {{ image: any }}\n" for i in range(count)))
    done = gen(tmp_path / "s.yaml", "--board-dir", ROOT / "boards", "-o", tmp_path / "out")
    if count == 62:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert "found 64 protection domains (63 components; 0 drivers, virtualisers and copiers; the monitor)" \
            in done.stderr
