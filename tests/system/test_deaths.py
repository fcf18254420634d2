# SPDX-License-Identifier: BSD-2-Clause
"""Every process of a system may be killed: the runner says whose end it was, the others live on,
and nothing is left behind."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

import support
from support import lab

BUILD = support.build_directory()


def gone(pids):
    lab.wait_until(lambda: not any(map(support.alive, pids)), 20, "end of all processes")


def test_each_killed_pd_is_reported_by_name_and_the_others_live_on():
    with support.running(BUILD) as (_, system):
        pids = system.pids()
        assert len(pids) == 8
        rest = dict(pids)
        # The device model first: the runner ends with the last PD.
        for name, pid in sorted(pids.items(), key=lambda item: not item[0].startswith("device:")):
            before = system.log()
            os.kill(pid, signal.SIGKILL)
            del rest[name]
            lab.wait_until(lambda: system.log() != before, 20, f"report of {name}'s end")
            time.sleep(0.1)
            news = system.log()[len(before):]
            plain = name.removeprefix("device:")
            assert f"{plain}: " in news and "killed by signal 9" in news
            assert ("device model" in news) == name.startswith("device:")
            assert not any(f"{other}: " in news for other in rest)
            assert {other for other, pid in rest.items() if support.alive(pid)} == set(rest)
        lab.wait_until(system.ended, 20, "end of the runner after its last PD")
        assert system.process.returncode == 1
        gone(pids.values())


def test_a_client_that_is_killed_costs_the_other_nothing():
    with support.running(BUILD) as (laboratory, system):
        with support.exchange(laboratory):
            time.sleep(0.5)
            os.kill(system.pids()["echo1"], signal.SIGKILL)
        assert "echo1: killed by signal 9" in system.log()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_runner_that_is_asked_to_end_leaves_nothing(how):
    shared = set(os.listdir("/dev/shm"))
    with support.running(BUILD) as (laboratory, system):
        pids = list(system.pids().values())
        assert system.stop(how) == 0
        gone(pids)
        assert not (system.directory / "status").exists()
        assert lab.run("ip", "netns", "pids", laboratory.system) == ""
        names = (laboratory.system, laboratory.peer)
        folder = laboratory.directory
    assert not folder.exists()
    assert not set(names) & set(os.listdir("/run/netns"))
    assert set(os.listdir("/dev/shm")) <= shared


def test_a_runner_that_is_killed_takes_all_its_processes_with_it():
    with support.running(BUILD) as (_, system):
        pids = list(system.pids().values())
        system.stop(signal.SIGKILL)
        gone(pids)


@pytest.mark.parametrize("program", ["demo", "up"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_demo_and_up_leave_nothing_however_they_end(program, how, tmp_path):
    command = [lab.ROOT / "tools/demo" / program, BUILD]
    log = tmp_path / "log"
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    mine = f"sddf{process.pid}-"

    def names():
        return [name for name in os.listdir("/run/netns") if name.startswith(mine)]
    try:
        lab.wait_until(lambda: len(names()) == 2, 20, "namespaces")
        system = next(name for name in names() if name.endswith("system"))
        pids = lab.wait_until(
            lambda: [int(pid) for pid in lab.run("ip", "netns", "pids", system,
                                                 check=False).split() if pid.isdigit()],
            10, "processes")
        time.sleep(0.5)
        process.send_signal(how)
        process.wait(20)
        lab.wait_until(lambda: not names(), 20, "removal of the namespaces:\n" + log.read_text())
        gone(pids)
        left = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                if mine.encode() in read_bytes(path)]
        assert not left or how == signal.SIGKILL
        assert process.returncode != 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def read_bytes(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
