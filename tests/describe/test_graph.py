# SPDX-License-Identifier: BSD-2-Clause
"""`sddf graph`: what must be in a picture. Whether it is legible, people judge: the tests see to it
that nothing is missing or drawn over."""
import re
import xml.etree.ElementTree as xml

import pytest
from support import ROOT, echo_yaml, sddf

SVG = "{http://www.w3.org/2000/svg}"
STATION = next(block for block in re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs/describe.md").read_text(), re.MULTILINE | re.DOTALL)
    if block.startswith("system: station"))
ROUTER = """system: router
network:
  eth0: { clients: { router: { mac: "52:54:01:00:00:01", ip: 10.0.0.1/24, copy: false }, a: { mac: "52:54:01:00:00:02" } } }
  eth1: { clients: { router: { mac: "52:54:01:00:00:03", ip: 10.0.1.1/24 } } }
serial: { serial0: { clients: { router: {}, b: {} } } }
timer: { timer: { clients: [router] } }
components: { router: { image: router }, a: { image: a }, b: { image: b } }
"""
SYSTEMS = {"two": echo_yaml(2), "sixteen": echo_yaml(16), "mixed": echo_yaml(7, 3),
           "one_virtualiser": echo_yaml(3, 1, "    virtualisers: one"), "station": STATION,
           "router": ROUTER}


@pytest.fixture(name="drawn", params=SYSTEMS)
def fixture_drawn(request, tmp_path):
    """The picture's nodes {title: (box, fills)}, the titles of its edges, and its texts."""
    (tmp_path / "s.yaml").write_text(SYSTEMS[request.param])
    done = sddf("graph", tmp_path / "s.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    nodes, edges = {}, []
    root = xml.fromstring(done.stdout)
    for group in root.iter(SVG + "g"):
        title = group.find(SVG + "title")
        if group.get("class") == "node":
            shapes = [s for s in group.iter() if s.tag in (SVG + "path", SVG + "polygon")]
            numbers = re.findall(r"-?[\d.]+", shapes[0].get("d") or shapes[0].get("points"))
            xs, ys = [[float(n) for n in numbers[i::2]] for i in (0, 1)]
            nodes[title.text] = ((min(xs), min(ys), max(xs), max(ys)),
                                 {s.get("fill") for s in shapes})
        if group.get("class") == "edge":
            edges.append(title.text)
    return nodes, edges, {t.text for t in root.iter(SVG + "text")}, tmp_path


def test_every_protection_domain_and_region_of_ones_own_is_a_node(drawn):
    nodes, _, _, path = drawn
    assert sddf("gen", path / "s.yaml", "-o", path / "out").returncode == 0
    (system,) = (path / "out").glob("*.system")
    pds = {pd.get("name") for pd in xml.parse(system).getroot().iter("protection_domain")}
    assert pds <= set(nodes)
    if "settings" in pds:
        assert "region_picture" in nodes


def test_no_node_lies_over_another(drawn):
    nodes = list(drawn[0].items())
    for index, (name, (a, _)) in enumerate(nodes):
        for other, (b, _) in nodes[:index]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, (name, other)


def test_every_channel_is_an_edge(drawn):
    _, edges, _, path = drawn
    assert sddf("gen", path / "s.yaml", "-o", path / "out").returncode == 0
    (system,) = (path / "out").glob("*.system")
    plain = [set(re.sub(r":[ew]\b", "", edge).split("->")) for edge in edges]
    for channel in xml.parse(system).getroot().iter("channel"):
        ends = {end.get("pd") for end in channel}
        assert ends in plain, ends


def test_components_are_coloured_by_trust_and_memory_by_who_writes_it(drawn):
    nodes = drawn[0]
    device, hardware, trusted, hostile = "#e0e0e0", "#fff2cc", "#d5e8d4", "#f8cecc"
    assert nodes["eth0_driver"][1] == {hardware, device, "none"}  # registers and rings
    one = "eth0_virt" in nodes  # for both virtualisers
    assert {trusted, device} <= nodes["eth0_virt" if one else "eth0_virt_rx"][1]
    assert {trusted, hostile} <= nodes["eth0_virt" if one else "eth0_virt_tx"][1]
    if "c0_copier" in nodes:
        assert {trusted, device, hostile} <= nodes["c0_copier"][1]
        assert hostile in nodes["c0"][1] and device not in nodes["c0"][1]
    if "c6" in nodes and "c6_copier" not in nodes:
        assert {hostile, device} <= nodes["c6"][1]  # it sees what the device wrote
    if "region_picture" in nodes:
        assert hostile in nodes["region_picture"][1]


def test_clients_have_their_address_and_zero_copy_is_said(drawn):
    nodes, _, texts, _ = drawn
    if "c0" in nodes:
        for i in range(sum(re.fullmatch(r"c\d+", name) is not None for name in nodes)):
            copied = "" if f"c{i}_copier" in nodes else ", zero copy"
            assert f"10.0.0.{i + 2}/24{copied}" in texts


def test_the_monitor_is_drawn_as_trusted_and_as_a_client_of_the_line_it_reports_on(tmp_path):
    console = (ROOT / "systems/console/console.yaml").read_text()
    (tmp_path / "s.yaml").write_text(console + "monitor: {}\n")
    done = sddf("graph", tmp_path / "s.yaml", "-o", tmp_path / "s.dot")
    assert (done.returncode, done.stderr) == (0, "")
    drawn = (tmp_path / "s.dot").read_text()
    assert re.search(r'"system_monitor" \[fillcolor="#d5e8d4".*parent of all 5 others', drawn)
    assert '"serial0_virt_tx":e -> "system_monitor":w' in drawn


@pytest.mark.parametrize(("ending", "magic"), [
    ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml"), ("dot", b"// Written by")])
def test_the_ending_of_the_output_is_its_format(ending, magic, tmp_path):
    (tmp_path / "s.yaml").write_text(echo_yaml(1))
    picture = tmp_path / f"picture.{ending}"
    done = sddf("graph", tmp_path / "s.yaml", "-o", picture)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert picture.read_bytes().startswith(magic)


def test_without_graphviz_it_says_what_to_install(tmp_path):
    (tmp_path / "s.yaml").write_text(echo_yaml(1))
    done = sddf("graph", tmp_path / "s.yaml", env={"PATH": str(tmp_path), **sddf_env()})
    assert done.returncode == 2 and "install graphviz" in done.stderr
    done = sddf("graph", tmp_path / "s.yaml", "-o", tmp_path / "p.gif")
    assert done.returncode == 2 and "must end in .svg" in done.stderr


def sddf_env():
    import os
    return {"SDDF": os.environ["SDDF"]}


def test_the_picture_in_the_readme_is_that_of_the_echo_system(tmp_path):
    echo = ROOT / "systems/echo/echo.yaml"
    texts = []
    for path in (ROOT / "docs/echo.svg", tmp_path / "echo.svg"):
        if path.parent == tmp_path:
            assert sddf("graph", echo, "-o", path).returncode == 0
        texts.append([t.text for t in xml.parse(path).getroot().iter(SVG + "text")])
    assert texts[0] == texts[1]
