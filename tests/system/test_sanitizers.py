# SPDX-License-Identifier: BSD-2-Clause
"""The whole system, built with AddressSanitizer and UndefinedBehaviorSanitizer, with traffic."""
import os
import re
import subprocess

import pytest

import support
import test_console
from support import ethernet, lab
from test_bad_packets import BAD

PLAIN = support.build_directory()
BUILD = PLAIN.with_name(PLAIN.name + "-asan")


@pytest.fixture(name="build", scope="module")
def fixture_build(tmp_path_factory):
    probe = tmp_path_factory.mktemp("probe") / "probe"
    compiled = subprocess.run(["cc", "-fsanitize=address,undefined", "-xc", "-", "-o", probe],
                              input="int main(void) { return 0; }", text=True, check=False,
                              stderr=subprocess.DEVNULL)
    if compiled.returncode != 0:
        pytest.skip("the compiler has no sanitizers")
    if not (BUILD / "build.ninja").exists():
        lab.run("meson", "setup", BUILD, lab.ROOT, "-Db_sanitize=address,undefined",
                "-Db_lundef=false", timeout=120)
    images = [f"components/{path.name}" for path in (PLAIN / "components").glob("*.elf")]
    lab.run("ninja", "-C", BUILD, "tools/sddf/sddf", "tools/load/sddf-load",
            "platform/linux/sddf-pd", "platform/linux/sddf-pds",
            "platform/linux/device/sddf-virtio-net", "platform/linux/device/sddf-xsk",
            "platform/linux/device/sddf-pl011", *images, timeout=480)
    for image in images:
        found = (BUILD / image).read_bytes()
        assert b"__asan_report" in found and b"__ubsan" in found, f"{image} is not instrumented"
    return BUILD


ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0",
               "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def test_the_consoles_run_clean(build, tmp_path):
    with test_console.Console(build, tmp_path, env=ENVIRONMENT) as console:
        test_console.converse(console.terminal)
        test_console.check_counters(console.stop())
        assert not re.search(r"Sanitizer|runtime error", console.log()), console.log()


@pytest.mark.parametrize("nic", [lab.VIRTIO, lab.XSK])
@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["isolated", "in_process"])
def test_the_whole_system_runs_clean_with_traffic(build, options, nic):
    with lab.Lab(build) as laboratory:
        system = laboratory.sddf(env=ENVIRONMENT, options=options, nic=support.usable(nic))
        laboratory.wait_for_echo()
        pids = system.pids()
        for ip in (lab.ECHO_IP, lab.ECHO1_IP):
            with support.exchange(laboratory, seconds=1, window=16, ip=ip):
                pass
        laboratory.measure("--rate", 50000, "--duration", 1)
        support.inject(laboratory, [(3, frame) for _, _, frame in BAD] + [ethernet(b"x" * 1486)])
        for size in (32, 1472):
            with support.exchange(laboratory, "--size", size, seconds=0.5):
                pass
        laboratory.wait_for_echo()
        assert all(map(support.alive, pids.values())), system.log()
        assert system.stop() == 0
        assert not re.search(r"Sanitizer|runtime error", system.log()), system.log()
