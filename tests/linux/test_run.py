# SPDX-License-Identifier: BSD-2-Clause
"""`sddf run` with small systems of our own: what a PD may do, what it may not, and what is said
when it dies."""

import json
import os
import pathlib
import re
import signal
import time

import pytest

from harness import DEADLINE_S, IMAGES, SANITIZED, Run, alive, on_x86, pd

PROBE_MAPS = (
    '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="action"/>'
    '<map mr="ring" vaddr="0x10002000" perms="r" setvar_vaddr="read_only"/>'
)
PROBE_REGIONS = (
    '<memory_region name="action" size="0x1000" prefill_path="action.txt"/>'
    '<memory_region name="ring" size="0x1000"/>'
)
GREETING = '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="greeting"/>'
HELLO = pd("other", "hello", GREETING)


def probe(folder, action, *options, more="", before=(), attributes=""):
    (folder / "action.txt").write_text(action, encoding="ascii")
    system = PROBE_REGIONS + pd("probe", "probe", PROBE_MAPS, attributes) + HELLO
    channels = '<channel><end pd="probe" id="1"/><end pd="other" id="1"/></channel>'
    channels += '<channel><end pd="probe" id="2"/><end pd="other" id="2"/></channel>'
    return Run(folder, system + more + channels, *options, before=before)


def test_a_component_says_hello_with_its_setvars_and_prefill(tmp_path):
    (tmp_path / "action.txt").write_text("good morning", encoding="ascii")
    image = pd(
        "hello",
        "hello",
        '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="greeting"'
        ' setvar_size="patched_bss"/>'
        '<map mr="ring" vaddr="0x10002000" perms="rw" setvar_size="patched_data"/>',
    )
    with Run(tmp_path, PROBE_REGIONS + image) as run:
        run.until("hello| 4096 4096 good morning\n")
        assert "hello| hello from hello\n" in run.output
        code, _ = run.stop(signal.SIGINT)
        assert code == 0


def test_a_hundred_thousand_notifications_arrive_one_by_one(tmp_path):
    rounds = '<map mr="rounds" vaddr="0x10000000" perms="r" setvar_size="rounds"/>'
    system = (
        '<memory_region name="rounds" size="0x19000"/>'
        + pd("ping", "ping_pong", rounds)
        + pd("pong", "ping_pong")
        + '<channel><end pd="ping" id="1"/><end pd="pong" id="2"/></channel>'
    )
    with Run(tmp_path, system) as run:
        run.until("ping| all rounds done\n")


def test_protected_calls_work_from_init_and_after_a_notification(tmp_path):
    system = (
        pd("caller", "caller").replace('"100"', '"90"')
        + pd("callee", "callee")
        + '<channel><end pd="caller" id="3" pp="true"/><end pd="callee" id="9"/></channel>'
    )
    with Run(tmp_path, system) as run:
        run.until("caller| notified: right answer\n")
        assert "caller| init: right answer\n" in run.output
        assert "WRONG" not in run.output


def test_a_write_to_a_read_only_region_is_reported_and_the_others_go_on(tmp_path):
    with probe(tmp_path, "write") as run:
        run.until("probe: fault: write to 0x10002010, region ring + 0x10 (this PD has r)\n")
        run.until("probe:   #1 init+")
        assert "#0 write_region+" in run.output
        assert alive(run.pids()["other"])
        code, _ = run.stop()
        assert code == 0


def test_the_runner_ends_with_code_1_when_every_pd_has_died(tmp_path):
    (tmp_path / "action.txt").write_text("null", encoding="ascii")
    with Run(tmp_path, PROBE_REGIONS + pd("probe", "probe", PROBE_MAPS)) as run:
        code, output = run.end()
    assert code == 1
    assert "probe: fault: write to 0x8, no region\n" in output
    assert "every PD has ended" in output


def test_a_stack_overflow_hits_the_guard_page_and_is_named(tmp_path):
    size = 32768 if SANITIZED else 8192
    with probe(tmp_path, "stack") as run:
        run.until(f"the guard page below the stack: its {size} bytes are full\n")


def test_a_trap_is_reported_with_a_backtrace(tmp_path):
    with probe(tmp_path, "trap") as run:
        run.until("probe: fault: illegal instruction at")
        run.until("probe:   #0 init")


@on_x86
@pytest.mark.parametrize("call", ["open", "socket", "ptrace", "mprotect"])
def test_no_system_call_opens_a_way_out(tmp_path, call):
    if SANITIZED and call == "mprotect":
        pytest.skip("a sanitizer's runtime may call mprotect")
    with probe(tmp_path, call) as run:
        # A sanitizer's runtime tries open() and is refused with an error.
        refused = SANITIZED and call == "open"
        run.until("open refused" if refused else f"({call}), which no PD may make\n")
        assert "ALLOWED" not in run.output


@on_x86
@pytest.mark.parametrize("kind", ["int 0x80", "x32"])
def test_a_system_call_of_another_kind_ends_the_pd(tmp_path, kind):
    with probe(tmp_path, kind) as run:
        run.until("probe: killed by signal 31\n")
        assert "ALLOWED" not in run.output


@on_x86
@pytest.mark.skipif(SANITIZED, reason="the sanitizer checks this access before the kernel does")
def test_a_read_only_region_cannot_be_made_writable_even_without_the_filter(tmp_path):
    unsafe = ["env", "SDDF_UNSAFE=no-seccomp"]
    with probe(tmp_path, "mprotect", "--no-seccomp", before=unsafe) as run:
        run.until("probe| mprotect refused\n")


@pytest.mark.skipif(not SANITIZED, reason="not a build with sanitizers")
def test_what_a_sanitizer_finds_is_printed_from_the_sandbox(tmp_path):
    with probe(tmp_path, "bait") as run:
        run.until("AddressSanitizer: stack-buffer-overflow")
        run.until("probe: ended with code 73\n")


def test_a_second_deferred_call_stops_the_pd(tmp_path):
    with probe(tmp_path, "defer-twice") as run:
        run.until("probe: stopped: microkit_deferred_notify(2): a deferred call already waited")
        assert "init done" not in run.output


def test_without_strict_a_second_deferred_call_is_said_and_replaces_the_first(tmp_path):
    with probe(tmp_path, "defer-twice", "--no-strict") as run:
        run.until("probe| microkit_deferred_notify(2): a deferred call already waited")
        run.until("probe| init done\n")


def test_what_a_passive_pd_defers_in_its_init_is_lost_as_on_sel4_and_said(tmp_path):
    passive = 'passive="true"'
    said = "microkit_deferred_notify(1): deferred in init() of a passive PD, where it is lost"
    with probe(tmp_path, "defer-same", attributes=passive) as run:
        run.until(f"probe: stopped: {said}")
    with probe(tmp_path, "defer-same", "--no-strict", attributes=passive) as run:
        run.until(f"probe| {said}")
    with probe(tmp_path, "none", attributes=passive) as run:
        run.until("probe| init done\n")
        assert "lost" not in run.output


def test_the_same_deferred_call_twice_is_one(tmp_path):
    with probe(tmp_path, "defer-same") as run:
        run.until("probe| init done\n")


@pytest.mark.parametrize(
    "action, said",
    [
        ("no-channel", "microkit_notify(61): this PD has no channel"),
        ("no-right", "microkit_ppcall(1): the system description does not allow it"),
        ("mr", "microkit_mr_set(120): there are 120 message registers"),
    ],
)
def test_misuse_of_the_api_stops_the_pd(tmp_path, action, said):
    with probe(tmp_path, action) as run:
        run.until("probe: stopped: " + said)


def test_output_without_end_is_cut_and_its_loss_counted(tmp_path):
    with probe(tmp_path, "flood") as run:
        pid = run.pids()["probe"]
        run.until("0123456789\n")
        while "init done" not in run.output and run.read(0.5):
            pass
        os.kill(pid, signal.SIGKILL)
        run.until("probe: killed by signal 9")


def test_control_characters_do_not_reach_the_terminal(tmp_path):
    with probe(tmp_path, "escape") as run:
        run.until("probe| a\\x1b[31mb \\u009b31m \xdb\n")
        assert "\x1b" not in run.output and "\x9b" not in run.output


def test_killing_a_pd_is_reported_and_the_others_go_on(tmp_path):
    names = ["one", "two", "three"]
    with Run(tmp_path, "".join(pd(name, "ping_pong") for name in names)) as run:
        pids = run.pids()
        for number, name in enumerate(names[:-1]):
            os.kill(pids[name], signal.SIGKILL)
            run.until(f"{name}: killed by signal 9\n")
            assert all(alive(pids[rest]) for rest in names[number + 1 :])
        os.kill(pids["three"], signal.SIGKILL)
        assert run.end()[0] == 1


def test_killing_the_runner_leaves_no_process(tmp_path):
    with Run(tmp_path, pd("one", "ping_pong") + pd("two", "hello")) as run:
        pids = list(run.pids().values())
        run.until("two| hello")
        run.process.kill()
        end = time.monotonic() + DEADLINE_S
        while any(alive(pid) for pid in pids):
            assert time.monotonic() < end, "a PD outlives its runner"
            time.sleep(0.02)


def test_ctrl_c_leaves_no_process_and_no_status_file(tmp_path):
    with Run(tmp_path, pd("one", "ping_pong")) as run:
        pids = list(run.pids().values())
        code, _ = run.stop(signal.SIGINT)
        assert code == 0
        assert not any(alive(pid) for pid in pids)
        assert not run.status_file.exists()


def test_a_pd_holds_nothing_but_its_pipes_and_no_privilege(tmp_path):
    with Run(tmp_path, pd("one", "hello")) as run:
        pid = run.pids()["one"]
        run.until("hello from one")
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp"] == "2"
        assert int(fields["CapEff"], 16) == 0
        if os.geteuid() == 0:
            assert fields["Uid"].split() == ["65534"] * 4
            try:
                files = list(pathlib.Path(f"/proc/{pid}/fd").iterdir())
                links = [os.readlink(entry) for entry in files]
            except PermissionError as error:
                pytest.skip(f"the rest held, but what a PD has open cannot be read here: {error}")
            assert all(link.startswith("pipe:") for link in links), links
            assert len(links) == (3 if SANITIZED else 2)


def test_what_the_runner_writes_goes_into_no_file_that_lies_there(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "stats.json.new").symlink_to("precious")
    (tmp_path / "status.json.new").symlink_to("precious")
    with Run(tmp_path, pd("a", "hello"), "--stats", str(tmp_path / "stats.json")) as run:
        run.until("hello from a")
        assert run.pids()["a"] > 0
        assert run.stop()[0] == 0
    assert (tmp_path / "precious").read_text() == "precious"
    assert json.loads((tmp_path / "stats.json").read_text()) == {}


def test_a_system_larger_than_its_machine_is_refused(tmp_path):
    system = '<memory_region name="vast" size="0x10000000000"/>'
    with Run(tmp_path, system + pd("a", "hello")) as run:
        code, output = run.end()
    assert code == 1 and "the regions take 1099511627776 bytes, and this machine has" in output
    assert "hello from" not in output


def test_a_driver_reads_its_device_and_the_counters_are_written(tmp_path):
    stats = tmp_path / "stats.json"
    system = (
        '<memory_region name="regs" size="0x1000" phys_addr="0xa000000"/>'
        + pd("driver", "mmio", '<map mr="regs" vaddr="0x10000000" perms="rw" cached="false"/>'
             '<irq irq="48" id="2"/>')
    )
    with Run(tmp_path, system, "--stats", str(stats)) as run:
        run.until("driver| magic value 1953655158\n")
        run.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + DEADLINE_S
        while not stats.exists():
            assert time.monotonic() < end
            run.read(0.05)
        stats.unlink()
        assert run.stop()[0] == 0
        assert "device:eth0" in json.loads(stats.read_text())


def test_a_device_model_that_dies_is_reported_and_its_driver_goes_on(tmp_path):
    system = (
        '<memory_region name="regs" size="0x1000" phys_addr="0xa000000"/>'
        + pd("driver", "mmio", '<map mr="regs" vaddr="0x10000000" perms="rw" cached="false"/>')
    )
    with Run(tmp_path, system) as run:
        pid = run.pids()["driver"]
        run.until("driver| magic value")
        os.kill(json.loads(run.status_file.read_text())["devices"]["eth0"], signal.SIGKILL)
        run.until("eth0: device model killed by signal 9\n")
        assert alive(pid)


def test_a_device_reaches_what_its_driver_or_a_neighbour_of_that_maps_and_no_other_devices(tmp_path):
    """Two devices; each one's frames are mapped by who has a channel to its driver, and by nobody
    else but a stranger."""
    system = '<memory_region name="private" size="0x1000"/>'
    strange = ""
    for number in (0, 1):
        for name, address in (("rings", 0x80000000), ("frames", 0x80010000), ("stray", 0x80020000)):
            system += (f'<memory_region name="{name}{number}" size="0x1000" '
                       f'phys_addr="{address + number * 0x1000:#x}"/>')
        system += (f'<memory_region name="regs{number}" size="0x1000" '
                   f'phys_addr="{0xa000000 + number * 0x1000:#x}"/>')
        near = f'<map mr="frames{number}" vaddr="0x10020000" perms="rw"/>'
        near += '<map mr="private" vaddr="0x10030000" perms="rw"/>'
        strange += f'<map mr="stray{number}" vaddr="{0x10020000 + number * 0x1000:#x}" perms="rw"/>'
        system += pd(f"driver{number}", "mmio",
                     f'<map mr="regs{number}" vaddr="0x10000000" perms="rw" cached="false"/>'
                     f'<map mr="rings{number}" vaddr="0x10010000" perms="rw"/>')
        system += pd(f"near{number}", "ping_pong", near)
        system += (f'<channel><end pd="driver{number}" id="5"/><end pd="near{number}" id="5"/>'
                   '</channel>')
    with Run(tmp_path, system + pd("stranger", "ping_pong", strange)) as run:
        run.until("driver0| magic value")
        run.until("driver1| magic value")
        devices = json.loads(run.status_file.read_text())["devices"]
        for number in (0, 1):
            try:
                maps = pathlib.Path(f"/proc/{devices[f'eth{number}']}/maps").read_text()
            except PermissionError as error:
                pytest.skip(f"what a device model maps cannot be read here: {error}")
            found = set(re.findall("memfd:((?:rings|frames|stray|private)[01]?) ", maps))
            assert found == {f"rings{number}", f"frames{number}"}


def test_a_child_pd_is_started_like_any_other(tmp_path):
    child = pd("inner", "hello", attributes='id="1"')
    with Run(tmp_path, pd("outer", "hello", child)) as run:
        run.until("inner| hello from inner")
        run.until("outer| hello from outer")


@pytest.mark.parametrize(
    "image, said",
    [
        ("constructor", "constructor"),
        ("needs_library", "DT_NEEDED"),
        ("needs_import", "uses puts"),
        ("needs_ifunc", "IFUNC"),
    ],
)
def test_an_image_that_would_run_or_load_something_else_is_refused(tmp_path, image, said):
    if SANITIZED and image in ("constructor", "needs_library"):
        pytest.skip("a sanitizer build has constructors of its own")
    with Run(tmp_path, pd("bad", image) + pd("good", "hello")) as run:
        code, output = run.end()
    assert code == 1
    assert "PD bad: image" in output and said in output
    assert "hello from" not in output


def test_a_damaged_image_is_refused(tmp_path):
    whole = (IMAGES / "hello.elf").read_bytes()
    for length in (0, 10, 64, 200, len(whole) // 2):
        (tmp_path / "cut.elf").write_bytes(whole[:length])
        with Run(tmp_path, pd("bad", "cut")) as run:
            code, output = run.end()
        assert code == 1 and "PD bad: image" in output


def test_a_setvar_without_its_symbol_is_refused(tmp_path):
    maps = '<map mr="ring" vaddr="0x10002000" perms="r" setvar_vaddr="absent"/>'
    system = '<memory_region name="ring" size="0x1000"/>' + pd("bad", "hello", maps)
    with Run(tmp_path, system) as run:
        code, output = run.end()
    assert code == 1
    assert "PD bad: image" in output and "has no symbol absent" in output


def test_a_pd_that_may_be_called_must_have_protected(tmp_path):
    system = (
        pd("caller", "caller").replace('"100"', '"90"')
        + pd("callee", "hello")
        + '<channel><end pd="caller" id="3" pp="true"/><end pd="callee" id="9"/></channel>'
    )
    with Run(tmp_path, system) as run:
        code, output = run.end()
    assert code == 1
    assert "PD callee: image" in output and "defines no protected()" in output
