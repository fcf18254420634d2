# SPDX-License-Identifier: BSD-2-Clause
"""A component that is given a wrong blob says what is wrong with it, by name, and stops: each kind of
component of the echo and clock systems, on Linux, with each field of the header wrong."""
import os
import pathlib
import subprocess
import struct

import pytest
from support import BOARDS, ROOT, sddf

# struct config_header (sddf/config.h): magic, kind, version, size, reserved, instance, device, statistics.
HEADER = struct.Struct("<IHHII48s32sQ")
PDS = {"echo": ["eth0_driver", "eth0_virt_rx", "eth0_virt_tx", "echo0_copier", "echo0"],
       "clock": ["timer_driver", "clock0"]}
SAYS = {
    "magic": "the blob has not sDDF's magic number",
    "kind": "the blob is for another kind of component",
    "version": "the blob is of another version; run sddf gen again",
    "size": "the blob has another size; run sddf gen again",
    "truncated": "the blob has another size; run sddf gen again",
    "header": "no blob, or one shorter than its header",
    "nameless": "the instance's name is empty or not terminated",
    "endless": "the instance's name is empty or not terminated",
    "instance": "the blob is for another instance; look at the prefill paths",
    "device": "the device's name is not terminated",
    "odd": "the blob has another size; run sddf gen again",
    "rest": "no blob, or one shorter than its header",
    "second": "the blob has not sDDF's magic number",
    "statistics": "no statistics page",
}


def damage(blob, what):
    magic, kind, version, size, reserved, instance, device, stats = HEADER.unpack_from(blob)
    if what == "truncated":
        return blob[:-8]
    if what == "header":
        return blob[: HEADER.size - 1]
    if what in ("rest", "second"):  # more than one part, of which the second is none
        return HEADER.pack(magic, 1, version, HEADER.size, reserved, instance, device, stats) + (
            blob[8:] if what == "second" else blob[: HEADER.size - 1])
    magic ^= what == "magic"
    kind ^= (what == "kind") << 4
    version += what == "version"
    size += 8 * (what == "size") - (what == "odd")
    stats = 0 if what == "statistics" else stats
    instance = {"nameless": b"", "endless": b"x" * 48, "instance": b"another"}.get(what, instance)
    device = b"x" * 32 if what == "device" else device
    return HEADER.pack(magic, kind, version, size, reserved, instance, device, stats) + blob[HEADER.size:]


def lines_of(directory, name, wanted):
    """What the system said, until all the wanted lines are there or it is too late."""
    command = [os.environ["SDDF"], "run", directory / f"{name}.system", "--board",
               BOARDS / "linux.yaml", "--search", directory, "--search",
               pathlib.Path(os.environ["SDDF_COMPONENTS"])]
    log = directory / "log"
    with open(log, "w") as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)
    try:
        for _ in range(200):
            text = log.read_text(errors="replace")
            if all(line in text for line in wanted) or process.poll() is not None:
                break
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(10)
    return log.read_text(errors="replace")


@pytest.mark.parametrize("what", SAYS)
@pytest.mark.parametrize("name", PDS)
def test_a_wrong_blob_is_named_and_stops_its_component(name, what, tmp_path):
    system = ROOT / f"systems/{name}/{name}.yaml"
    tmp_path.chmod(0o755)  # PDs that gave up their privileges read in it
    assert sddf("gen", system, "--board-dir", BOARDS, "-o", tmp_path).returncode == 0
    for pd in PDS[name]:
        blob = tmp_path / f"{pd}.bin"
        blob.write_bytes(damage(blob.read_bytes(), what))
    says = [f"{pd}: bad configuration: {SAYS[what]}" for pd in PDS[name]]
    stops = [f"{pd}: fault: " for pd in PDS[name]]
    text = lines_of(tmp_path, name, says + stops)
    for line in says + stops:
        assert line in text, text
