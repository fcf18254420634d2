# SPDX-License-Identifier: BSD-2-Clause
"""The JSON Schema for editors and docs/describe.md say what the tool does."""
import copy
import json
import re

import jsonschema
import pytest
import yaml
from support import HERE, ROOT, sddf

FILE = ROOT / "docs/system.schema.json"
SCHEMA = json.loads(FILE.read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
DOCUMENT = (ROOT / "docs/describe.md").read_text()
# What a schema can see, and the tool calls by these names.
SHAPES = {"unknown-key", "missing-key", "wrong-type", "unit", "bad-name"}

BASE = yaml.safe_load("""
system: station
network:
  eth0:
    clients:
      a: { mac: "52:54:01:00:00:01", ip: 10.0.0.2/24 }
serial:
  serial0: { clients: { c: {} } }
monitor: { priority: 210 }
timer:
  timer: { driver: { priority: 150 } }
components:
  a: { image: echo }
  b: { image: other, priority: 120 }
  c: { image: console }
regions:
  log: { size: 4MiB, maps: { a: { perms: rw }, b: { perms: r } } }
channels:
  ask: { ends: { a: {}, b: {} } }
""")

# Sections of the document: where its keys stand in BASE.
PLACES = {
    "The file": [()],
    "A network device": [("network", "eth0")],
    "A client of a network device": [("network", "eth0", "clients", "a")],
    "A serial device": [("serial", "serial0")],
    "A client of a serial device": [("serial", "serial0", "clients", "c")],
    "A timer": [("timer", "timer")],
    "A driver": [("network", "eth0", "driver"), ("timer", "timer", "driver")],
    "A monitor": [("monitor",)],
    "After a fault": [("components", "b"), ("network", "eth0", "driver"),
                      ("serial", "serial0", "driver"), ("timer", "timer", "driver")],
    "A component": [("components", "b")],
    "Scheduling": [("components", "b"), ("network", "eth0", "driver"),
                   ("network", "eth0", "virt_rx"), ("network", "eth0", "virt_tx"),
                   ("network", "eth0", "virt"),
                   ("network", "eth0", "copier"), ("serial", "serial0", "driver"),
                   ("serial", "serial0", "virt_rx"), ("serial", "serial0", "virt_tx"),
                   ("timer", "timer", "driver"), ("monitor",)],
    "A region of your own": [("regions", "log")],
    "A component's part in a region": [("regions", "log", "maps", "a")],
    "A channel of your own": [("channels", "ask")],
    "An end of a channel": [("channels", "ask", "ends", "a")],
}
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| `(.*?)` \| (.*?) \|$", re.MULTILINE)
SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(SECTION.findall(DOCUMENT))
ROWS = [(section, *row) for section in PLACES for row in ROW.findall(SECTIONS[section])]


def schema_of(place):
    """The schema of the map at a place of BASE."""
    node = SCHEMA
    for part in place:
        if part in node.get("properties", {}):
            node = node["properties"][part]
        else:
            node = node["additionalProperties"]
            node = node["anyOf"][1] if "anyOf" in node else node
    return node


def changed(place, change):
    """BASE with the map at that place, made if it is not there, changed."""
    system = copy.deepcopy(BASE)
    node = system
    for part in place:
        node = node.setdefault(part, {})
    change(node)
    return system


def check(system, tmp_path):
    """The findings of a description."""
    path = tmp_path / "system.yaml"
    path.write_text(system if isinstance(system, str) else yaml.safe_dump(system, sort_keys=False))
    return json.loads(sddf("check", path, "--json").stdout)


def rules_of(findings):
    return {finding["rule"] for finding in findings}


def test_the_schema_in_docs_is_what_the_tool_prints():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert sddf("schema").stdout == FILE.read_text()


def test_the_base_of_these_tests_is_without_a_mistake(tmp_path):
    assert check(BASE, tmp_path) == []
    VALIDATOR.validate(BASE)


@pytest.mark.parametrize("path", sorted((ROOT / "systems").glob("*/*.yaml")), ids=lambda p: p.name)
def test_the_schema_takes_every_system_of_the_tree(path):
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", sorted((HERE / "bad").glob("*.yaml")), ids=lambda p: p.name)
def test_the_schema_refuses_a_wrong_file_exactly_when_its_shape_is_wrong(path):
    found = set(re.findall(r"\[([a-z-]+)\]$", path.read_text(), re.MULTILINE))
    text = path.read_text()
    if found & {"syntax", "duplicate-key", "file-limit"}:
        return
    if re.search(r'found "(yes|010)"', text):
        return  # true and 8 for YAML 1.1, which Python reads
    shape = found & SHAPES
    if "a group's address" in text:
        shape = found
    if "out-of-range" in found and not re.search(r"expected .* (us|bit/s);", text):
        shape = found
    # a key may be right by itself and wrong beside others
    beside = ("found rx_buffers", "without an address", "without a rate", "found no component",
              "this number of virtualisers", "makes a protection domain")
    if any(words in text for words in beside):
        shape = set()
    assert bool(shape) == (not VALIDATOR.is_valid(yaml.safe_load(text))), found


# Values of every kind; each is tried for each key.
VALUES = [-1, 0, 1, 61, 64, 255, 4096, 65536, 1 << 40, True, [], ["r"], {}, {"x": 1}, "", "x", "r",
          "rw", "yes", "two", "1ms", "1 ms", "10ms", "0us", "010ms", "0x10us", "4KiB", "4kB", "2MiB",
          "12B", "100Mbit/s", "10kbit/s", "100M", "52:54:01:00:00:09", "53:54:01:00:00:09",
          "52:54:01:00:00", "10.0.0.2", "10.0.0.2/24", "10.0.0.2/33", "10.0.0.256", "a-b", "2nd", "n" * 70]


def shapes_at(findings, place, key, value, schema):
    """The rules that are broken at the key and that a schema can see."""
    visible = set(SHAPES)
    if schema.get("type") == "integer" or value == "" or len(str(value)) > 60:
        visible.add("out-of-range")
    if key == "mac":
        visible.add("bad-address")
    name = ".".join((*place, key))
    return visible & {f["rule"] for f in findings if f["object"].endswith(name)}


@pytest.mark.parametrize("section", PLACES)
def test_schema_and_tool_agree_on_every_kind_of_value(section, tmp_path):
    place = PLACES[section][0]
    properties = schema_of(place)["properties"]
    for value in VALUES:
        tried = {}
        for key, schema in properties.items():
            if schema.get("type") == "string" and not isinstance(value, str):
                continue  # YAML's 1 may be a text for the tool
            if schema["type"] == "object" and isinstance(value, dict):
                continue  # its own section's matter
            tried[key] = schema
        wrong = {key: copy.deepcopy(value) for key in tried}  # PyYAML makes anchors of shared ones
        found = check(changed(place, lambda at, w=wrong: at.update(w)), tmp_path)
        for key, schema in tried.items():
            valid = jsonschema.Draft7Validator(schema).is_valid(value)
            shapes = shapes_at(found, place, key, value, schema)
            assert valid == (not shapes), (key, value, shapes)


def test_unknown_and_missing_keys_are_refused_by_both(tmp_path):
    for places in PLACES.values():
        place = places[0]
        node = schema_of(place)
        system = changed(place, lambda at: at.__setitem__("no_such_key", 1))
        assert not VALIDATOR.is_valid(system)
        assert "unknown-key" in rules_of(check(system, tmp_path)), place
        for key in node["required"]:
            system = changed(place, lambda at, k=key: at.pop(k))
            assert not VALIDATOR.is_valid(system)
            assert "missing-key" in rules_of(check(system, tmp_path)), (place, key)


# ---- docs/describe.md ----


@pytest.mark.parametrize("section", PLACES)
def test_the_document_has_a_row_for_each_key_and_no_other(section):
    rows = {row[1] for row in ROWS if row[0] == section}
    for place in PLACES[section]:
        keys = set(schema_of(place)["properties"])
        if section == "A component":
            keys &= {"image", "passive", "fpu"}
        if section == "Scheduling":
            keys -= {"image", "passive", "fpu", "model", "restarts", "serial"}
        if section == "A driver":
            keys &= {"model"}
        if section == "After a fault":
            keys &= {"restarts"}
        if section == "A monitor":
            keys &= {"serial"}
        assert rows == keys, place


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_row_tells_the_type_the_default_and_the_meaning_that_the_tool_has(row):
    section, key, kind, default, _, meaning = row
    place = PLACES[section][0]
    schema = schema_of(place)["properties"][key]
    description = meaning
    if default == "required":
        assert key in schema_of(place)["required"]
    elif default:
        description = f"{meaning} Default: {default}."
    assert description == schema["description"]
    if schema.get("type") == "integer" and kind != "address":
        assert kind == f"{schema['minimum']} to {schema['maximum']}"
    elif "enum" in schema:
        assert kind == " or ".join(schema["enum"])
    elif schema.get("type") == "boolean":
        assert kind == "true or false"
    elif schema["type"] == "array":
        assert kind == "list of names"
    else:
        units = {"size": "KiB", "duration": "(us|ms|s)", "rate": "bit/s", "MAC address": "{2}",
                 "IPv4 address/bits": "3[0-2]", "IPv4 address": "25[0-5]", "map": "", "name": "",
                 "names, each with a map": "", "address": ""}
        assert units[kind.split(" (")[0]] in schema.get("pattern", "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_example_of_a_row_is_taken(row, tmp_path):
    section, _, _, _, example, _ = row
    key, value = next(iter(yaml.safe_load(example).items()))
    place = PLACES[section][0]

    def change(at):
        at[key] = value
        if key == "period":
            at["budget"] = "1ms"
        if key == "virt":
            at["virtualisers"] = "one"
        if key == "burst":
            at["rate"] = "100Mbit/s"
        if key == "components":
            at["components"].update({name: BASE["components"][name] for name in "bc"})

    system = changed(place, change)
    if key == "passive":  # is called
        system["channels"]["ask"]["ends"]["a"]["call"] = True
    if key == "priority" and section == "Scheduling":
        system["components"]["b"].pop("passive", None)
    if key == "physical" or key == "address":
        system["regions"]["log"].update(size="64KiB")
    if key == "cached":
        system["regions"]["log"]["maps"]["b"]["cached"] = value
    if key in ("regions", "channels"):
        system = {"system": "s", "components": copy.deepcopy(BASE["components"]), key: value}
    found = check(system, tmp_path)
    assert found == []


BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_whole_example_of_the_document_is_without_a_mistake(number, tmp_path):
    assert check(BLOCKS[number], tmp_path) == []
    VALIDATOR.validate(yaml.safe_load(BLOCKS[number]))
