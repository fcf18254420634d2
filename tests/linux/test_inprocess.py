# SPDX-License-Identifier: BSD-2-Clause
"""`sddf run --in-process`: what holds in processes of their own holds for PDs in one process, but for
the isolation; and what one process cannot hold is refused."""

import json
import os
import pathlib
import signal

import pytest

from harness import SANITIZED, Run, alive, pd

IN_PROCESS = "--in-process"
ROUNDS = '<map mr="rounds" vaddr="0x18000000" perms="r" setvar_size="rounds"/>'
PING_PONG = (
    '<memory_region name="rounds" size="0x19000"/>'
    + pd("ping", "ping_pong", ROUNDS)
    + pd("pong", "ping_pong")
    + '<channel><end pd="ping" id="1"/><end pd="pong" id="2"/></channel>'
)
PROBE = (
    '<memory_region name="action" size="0x1000" prefill_path="action.txt"/>'
    '<memory_region name="ring" size="0x1000"/>'
    + pd("probe", "probe", '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="action"/>'
         '<map mr="ring" vaddr="0x10002000" perms="r" setvar_vaddr="read_only"/>')
    + pd("other", "hello")
    + '<channel><end pd="probe" id="1"/><end pd="other" id="1"/></channel>'
    '<channel><end pd="probe" id="2"/><end pd="other" id="2"/></channel>'
)
DRIVER = (
    '<memory_region name="regs" size="0x1000" phys_addr="0xa000000"/>'
    + pd("driver", "mmio", '<map mr="regs" vaddr="0x10000000" perms="rw" cached="false"/>'
         '<irq irq="48" id="2"/>')
)


def with_priority(text, priority):
    return text.replace('"100"', f'"{priority}"')


def probe(folder, action, *options, more=""):
    (folder / "action.txt").write_text(action, encoding="ascii")
    return Run(folder, PROBE + more, IN_PROCESS, *options)


def test_all_pds_are_one_process_and_that_nothing_keeps_them_apart_is_said(tmp_path):
    with Run(tmp_path, PING_PONG, IN_PROCESS) as run:
        run.until("all PDs run in one process: nothing keeps them apart\n")
        pids = set(run.pids().values())
        assert len(pids) == 1
        code, output = run.stop(signal.SIGINT)
        assert code == 0 and "killed" not in output
        assert not any(map(alive, pids))


def test_a_hundred_thousand_notifications_arrive_one_by_one(tmp_path):
    with Run(tmp_path, PING_PONG, IN_PROCESS) as run:
        run.until("ping| all rounds done\n")


def test_two_instances_of_an_image_have_their_own_variables_and_those_of_their_host(tmp_path):
    system = (
        '<memory_region name="big" size="0x2000"/>'
        + pd("one", "hello", '<map mr="big" vaddr="0x10000000" perms="r" setvar_size="patched_bss"/>')
        + pd("two", "hello", '<map mr="big" vaddr="0x10000000" perms="rw" setvar_size="patched_data"/>')
    )
    with Run(tmp_path, system, IN_PROCESS) as run:
        run.until("one| 1 8192 \n")
        run.until("two| 8192 0 \n")
        assert "one| hello from one\n" in run.output and "two| hello from two\n" in run.output


def test_protected_calls_work_from_init_and_after_a_notification(tmp_path):
    system = (
        with_priority(pd("caller", "caller"), 90)
        + pd("callee", "callee")
        + '<channel><end pd="caller" id="3" pp="true"/><end pd="callee" id="9"/></channel>'
    )
    with Run(tmp_path, system, IN_PROCESS) as run:
        run.until("caller| notified: right answer\n")
        assert "caller| init: right answer\n" in run.output
        assert "WRONG" not in run.output


def channel(one, own_id, other, other_id, attributes=""):
    return (f'<channel><end pd="{one}" id="{own_id}" {attributes}/>'
            f'<end pd="{other}" id="{other_id}"/></channel>')


def test_the_highest_pd_that_does_not_wait_runs_and_equals_take_turns(tmp_path):
    trace = '<map mr="trace" vaddr="0x10000000" perms="rw" setvar_vaddr="trace"/>'
    priorities = {"low": 10, "equal": 10, "fair": 10, "mid": 100, "called": 150, "high": 200}
    system = '<memory_region name="trace" size="0x1000"/>' + "".join(
        with_priority(pd(name, "order", trace), priority) for name, priority in priorities.items())
    system += (channel("low", 1, "high", 1) + channel("low", 2, "equal", 1)
               + channel("low", 3, "fair", 1) + channel("equal", 2, "fair", 2)
               + channel("low", 4, "called", 1, 'pp="true"') + channel("high", 2, "mid", 1))
    with Run(tmp_path, system, IN_PROCESS) as run:
        run.until("low| order ")
        # high, called and mid begin, then low. equal and fair (1, 2) have not when low notifies
        # them, nor when high sends low back among them: low goes on first. They run in the order
        # of the description; fair was then notified on two channels, and low last.
        run.until("order ...aHhMbPcd1Ee2FFL\n")


@pytest.mark.parametrize("action, said", [
    ("null", "probe: fault: write to 0x8, no region\n"),
    ("write", "probe: fault: write to 0x10002010, region ring + 0x10 (this PD has r)\n"),
    ("stack", "the guard page below the stack: its "
     + ("32768" if SANITIZED else "8192") + " bytes are full\n"),
    ("trap", "probe: fault: illegal instruction at"),
])
def test_a_fault_ends_its_pd_with_a_report_and_the_others_go_on(tmp_path, action, said):
    with probe(tmp_path, action, more=PING_PONG) as run:
        run.until(said)
        run.until("probe:   #0 ")
        run.until("ping| all rounds done\n")
        assert "init done" not in run.output
        assert run.stop()[0] == 0


def test_the_backtrace_of_a_fault_names_functions(tmp_path):
    with probe(tmp_path, "write") as run:
        run.until("probe:   #1 init+")
        assert "#0 write_region+" in run.output


def test_faults_come_one_after_the_other_and_the_last_ends_the_run(tmp_path):
    (tmp_path / "action.txt").write_text("null", encoding="ascii")
    maps = '<map mr="action" vaddr="0x10000000" perms="r" setvar_vaddr="action"/>'
    system = '<memory_region name="action" size="0x1000" prefill_path="action.txt"/>' + "".join(
        pd(f"probe{i}", "probe", maps) for i in range(5))
    with Run(tmp_path, system, IN_PROCESS) as run:
        code, output = run.end()
        assert code == 1 and "every PD has ended" in output
        assert all(f"probe{i}: fault: write to 0x8" in output for i in range(5))


def test_a_second_deferred_call_stops_the_pd_and_the_others_go_on(tmp_path):
    with probe(tmp_path, "defer-twice", more=PING_PONG) as run:
        run.until("probe: stopped: microkit_deferred_notify(2): a deferred call already waited")
        run.until("ping| all rounds done\n")
        assert "init done" not in run.output


def test_without_strict_a_second_deferred_call_is_said_and_replaces_the_first(tmp_path):
    with probe(tmp_path, "defer-twice", "--no-strict") as run:
        run.until("probe| microkit_deferred_notify(2): a deferred call already waited")
        run.until("probe| init done\n")


@pytest.mark.skipif(not SANITIZED, reason="a build without sanitizers")
def test_what_a_sanitizer_finds_is_said_and_ends_the_process(tmp_path):
    with probe(tmp_path, "bait", more=PING_PONG) as run:
        code, output = run.end()
        assert code == 1 and "AddressSanitizer: stack-buffer-overflow" in output
        assert "the process of all PDs ended with code 73\n" in output


def test_a_driver_reads_its_device(tmp_path):
    with Run(tmp_path, DRIVER, IN_PROCESS) as run:
        run.until("driver| magic value 1953655158\n")


def test_a_killed_process_ends_the_run(tmp_path):
    with Run(tmp_path, DRIVER + PING_PONG, IN_PROCESS) as run:
        os.kill(run.pids()["ping"], signal.SIGKILL)
        code, output = run.end()
        assert code == 1
        assert "the process of all PDs was killed by signal 9\nevery PD has ended\n" in output


def test_a_killed_runner_takes_the_process_with_it(tmp_path):
    with Run(tmp_path, PING_PONG, IN_PROCESS) as run:
        run.until("all rounds done")
        pid = run.pids()["ping"]
        run.process.kill()
        run.process.wait()
        while alive(pid):
            pass


REGIONS = '<memory_region name="a" size="0x2000"/><memory_region name="b" size="0x1000"/>'


@pytest.mark.parametrize("system, options, code, said", [
    (REGIONS + pd("one", "hello", '<map mr="a" vaddr="0x10000000" perms="r"/>')
     + pd("two", "hello", '<map mr="b" vaddr="0x10001000" perms="r"/>'), (), 1,
     "PD two: region b at 0x10001000 (4096 bytes) is where PD one has region a, at 0x10000000: in "
     "one process an address holds one region"),
    (REGIONS + pd("one", "hello", '<map mr="a" vaddr="0x10000000" perms="r"/>')
     + pd("two", "hello", '<map mr="a" vaddr="0x10001000" perms="r"/>'), (), 1,
     "PD two: region a at 0x10001000 (8192 bytes) is where PD one has region a, at 0x10000000"),
    (pd("outer", "hello", pd("inner", "hello", attributes='id="1"')), (), 1,
     "PD inner: it has a parent"),
    (pd("one", "hello"), ("--realtime",), 2, "--in-process and --realtime exclude each other"),
])
def test_what_one_process_cannot_hold_is_refused(tmp_path, system, options, code, said):
    with Run(tmp_path, system, IN_PROCESS, *options) as run:
        found, output = run.end()
        assert found == code and said in output
        assert "hello from" not in output


def test_regions_are_mapped_once_with_what_any_pd_may(tmp_path):
    (tmp_path / "action.txt").write_text("write", encoding="ascii")
    writer = pd("writer", "hello", '<map mr="ring" vaddr="0x10002000" perms="rw"/>')
    with Run(tmp_path, PROBE + writer, IN_PROCESS) as run:
        run.until("probe| init done\n")
        assert "fault" not in run.output


def test_images_are_left_where_profilers_find_them(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    with Run(tmp_path, PING_PONG, IN_PROCESS, "--images", str(images)) as run:
        run.until("ping| all rounds done")
        maps = pathlib.Path(f"/proc/{run.pids()['ping']}/maps").read_text(encoding="ascii")
        assert f"{images}/ping.elf" in maps and f"{images}/pong.elf" in maps


def test_the_counters_are_written(tmp_path):
    stats = tmp_path / "stats.json"
    with Run(tmp_path, DRIVER, IN_PROCESS, "--stats", str(stats)) as run:
        run.until("driver| magic value")
        assert run.stop()[0] == 0
        assert "device:eth0" in json.loads(stats.read_text())


def test_the_image_of_a_pd_is_left_in_that_folder_only(tmp_path):
    (tmp_path / "images").mkdir()
    with Run(tmp_path, pd("../out", "hello"), IN_PROCESS, "--images",
             str(tmp_path / "images")) as run:
        code, output = run.end()
    assert code == 1 and "found a / in its name" in output and not (tmp_path / "out.elf").exists()
