# SPDX-License-Identifier: BSD-2-Clause
"""How the PDs of `sddf run` share the cores: nice values and quotas, real time, and what is said
where neither is possible. What the machine does not permit is skipped, with the reason."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness import DEADLINE_S, Run, alive, pd

CORES = sorted(os.sched_getaffinity(0))
GROUPS = pathlib.Path("/proc/self/mounts")
BUDGET = 'budget="2000" period="20000"'
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def scheduled(name, image, priority, more=""):
    return pd(name, image, attributes=more).replace('"100"', f'"{priority}"')


def own_group():
    """The directory in which this process may make groups with a quota, and the version."""
    own = dict(line.split(":", 2)[1:] for line in
               pathlib.Path("/proc/self/cgroup").read_text().splitlines())
    found = None
    for line in GROUPS.read_text().splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup" and "cpu" in options.split(","):
            path = next(path for names, path in own.items() if "cpu" in names.split(","))
            return pathlib.Path(place + path), 1
        if kind == "cgroup2":
            folder = pathlib.Path(place + own[""])
            if "cpu" in (folder / "cgroup.controllers").read_text().split():
                found = folder, 2
    return found


def why_no_quota():
    """Tries by hand what the runner would do."""
    if own_group() is None:
        return "no control group hierarchy here has a CPU controller"
    own, version = own_group()
    group, control = own / f"test-sddf-{os.getpid()}", own / "cgroup.subtree_control"
    enables = version == 2 and "cpu" not in control.read_text().split()
    try:
        group.mkdir()
        try:
            if enables:
                (group / "cgroup.type").write_text("threaded")
                control.write_text("+cpu")
        finally:
            group.rmdir()
            if enables and "cpu" in control.read_text().split():
                control.write_text("-cpu")
        return None
    except OSError as error:
        return f"no control group with a quota may be made here: {error}"


def why_no_realtime():
    if len(CORES) < 2:
        return "one core only"
    try:
        result = subprocess.run(["chrt", "-f", "5", "true"], check=False, capture_output=True)
        return None if result.returncode == 0 else "SCHED_FIFO is not permitted here"
    except FileNotFoundError:
        return "no chrt here"


def why_no_low_nice_values():
    own = os.nice(0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        os.setpriority(os.PRIO_PROCESS, 0, own)
        return None
    except OSError as error:
        return f"low nice values are not permitted here: {error}"


def skip_because(reason):
    return pytest.mark.skipif(reason is not None, reason=str(reason))


with_quota = skip_because(why_no_quota())
with_realtime = skip_because(why_no_realtime())
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to take rights away")


def groups():
    return {path.name for path in own_group()[0].glob("sddf*.*.*.*.*")}


def groups_of(pid):
    return {name for name in groups() if f".{pid}." in name}


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def cpu_time_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def children(pid, name):
    """The process ids of that name whose parent is `pid`."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if f"({name})" in text and text.rsplit(")", 1)[1].split()[1] == str(pid):
            found.append(int(stat.parent.name))
    return found


def pids_of_started(run):
    """Once each PD has said hello: its place was set before."""
    pids = run.pids()
    for name in pids:
        run.until(f"hello from {name}\n")
    return pids


# By default


def nices_of(run):
    return [os.getpriority(os.PRIO_PROCESS, pid) for pid in pids_of_started(run).values()]


@skip_because(why_no_low_nice_values())
def test_priorities_become_nice_values_in_their_order(tmp_path):
    system = "".join(scheduled(f"p{p}", "hello", p) for p in (0, 100, 200, 254))
    with Run(tmp_path, system) as run:
        nices = nices_of(run)
    assert nices == [19, 4, -11, -20]


@as_root
def test_without_the_right_to_low_nice_values_priorities_keep_their_order_and_a_line_says_so(
        tmp_path):
    system = "".join(scheduled(f"p{p}", "hello", p) for p in (0, 100, 200, 254))
    with Run(tmp_path, system, before=["setpriv", "--bounding-set=-sys_nice"]) as run:
        nices = nices_of(run)
        own = os.nice(0)
        run.until(f"may not lower its nice value: priorities 0 to 254 become 19 to {own}\n")
    assert nices == [19 - p * (19 - own) // 254 for p in (0, 100, 200, 254)]


@pytest.mark.skipif(len(CORES) < 2, reason="one core only")
def test_a_pd_runs_on_the_core_that_it_asks_for(tmp_path):
    system = "".join(pd(f"c{core}", "hello", attributes=f'cpu="{core}"') for core in CORES[:2])
    with Run(tmp_path, system) as run:
        for core, pid in zip(CORES, pids_of_started(run).values()):
            assert os.sched_getaffinity(pid) == {core}


def test_a_core_that_is_not_there_is_said_and_any_serves(tmp_path):
    with Run(tmp_path, pd("far", "hello", attributes='cpu="255"')) as run:
        run.until("far| hello from far")
        run.until("far: core 255 is not among those that this process may use: it runs on any\n")
        assert os.sched_getaffinity(run.pids()["far"]) == set(CORES)


@pytest.mark.parametrize("verbose", [False, True])
def test_what_has_no_effect_on_linux_is_said(tmp_path, verbose):
    domains = ('<domains><domain name="d"/><domain_schedule><schedule_entry domain="d"'
               ' duration="1 us"/></domain_schedule></domains>')
    cspace = '<cspace><cap_tcb slot="1" pd="a"/></cspace>'
    system = domains + pd("a", "hello", cspace, 'fpu="false" passive="true" domain="d"')
    with Run(tmp_path, system, *(["--verbose"] if verbose else [])) as run:
        run.until("hello from a")
        assert "<domains> has no effect" in run.output
        assert "a: <cspace> has no effect" in run.output
        assert ('a: fpu="false" has no effect' in run.output) == verbose
        assert ("a: passive has no effect" in run.output) == verbose


# Quotas


@with_quota
def test_a_budget_below_its_period_is_kept_by_a_control_group(tmp_path):
    system = scheduled("spinner", "spinner", 100, BUDGET) + pd("free", "ping_pong")
    with Run(tmp_path, system) as run:
        run.until("spinner| spinning")
        pids = run.pids()
        (name,) = groups_of(run.process.pid)
        folder, version = own_group()[0] / name, own_group()[1]
        members = folder / ("cgroup.procs" if version == 1 else "cgroup.threads")
        assert members.read_text().split() == [str(pids["spinner"])]
        nice = os.getpriority(os.PRIO_PROCESS, pids["spinner"])
        if version == 1:
            assert (folder / "cpu.cfs_quota_us").read_text() == "2000\n"
            assert (folder / "cpu.cfs_period_us").read_text() == "20000\n"
            assert abs(int((folder / "cpu.shares").read_text()) - 1024 * 0.8**nice) < 1
        else:
            assert (folder / "cpu.max").read_text() == "2000 20000\n"
            assert (folder / "cpu.weight.nice").read_text() == f"{nice}\n"
        start, before = time.monotonic(), cpu_time_s(pids["spinner"])
        time.sleep(1)
        used, passed = cpu_time_s(pids["spinner"]) - before, time.monotonic() - start
        assert 0 < used <= 0.15 * passed + 0.02
        statistics = dict(line.split() for line in (folder / "cpu.stat").read_text().splitlines())
        assert int(statistics["nr_throttled"]) > 0


@with_quota
def test_without_a_budget_below_its_period_there_is_no_group(tmp_path):
    with Run(tmp_path, pd("a", "hello", attributes='budget="5" period="5"')) as run:
        run.until("hello from a")
        assert not groups_of(run.process.pid)
        assert not children(run.process.pid, "sddf-watch")


@with_quota
@pytest.mark.parametrize(
    "budget, said",
    [
        ('budget="100" period="1000"', "100 us of 1000 us is kept as 1000 us of 10000 us, since"),
        ('budget="1" period="1000000"', "is kept as 1000 us of 1000000 us, the least that"),
    ],
)
def test_a_budget_finer_than_linux_keeps_is_said(tmp_path, budget, said):
    with Run(tmp_path, pd("a", "hello", attributes=budget), "--verbose") as run:
        run.until("a: " + budget.split('"')[1])
        run.until(said)


def run_with_group(folder, *more):
    return Run(folder, scheduled("spinner", "spinner", 100, BUDGET) + "".join(more))


@with_quota
def test_no_group_is_left_when_the_runner_is_asked_to_end(tmp_path):
    with run_with_group(tmp_path) as run:
        run.pids()
        assert groups_of(run.process.pid)
        assert run.stop()[0] == 0
        assert not groups_of(run.process.pid)


@with_quota
def test_no_group_is_left_when_every_pd_has_died(tmp_path):
    with run_with_group(tmp_path) as run:
        os.kill(run.pids()["spinner"], signal.SIGKILL)
        assert run.end()[0] == 1
        assert not groups_of(run.process.pid)


@with_quota
def test_no_group_is_left_when_a_start_fails(tmp_path):
    registers = ('<memory_region name="regs" size="0x1000" phys_addr="0xa000000"/>'
                 + pd("driver", "mmio", '<map mr="regs" vaddr="0x10000000" cached="false"/>'))
    system = scheduled("spinner", "spinner", 100, BUDGET) + registers
    with Run(tmp_path, system, "--wire", "eth0=nonsense:1") as run:
        code, output = run.end()
        assert code == 1 and "eth0" in output and "spinning" not in output
        assert not groups_of(run.process.pid)


@with_quota
def test_no_group_is_left_when_the_runner_is_killed(tmp_path):
    with run_with_group(tmp_path) as run:
        run.pids()
        watchers = children(run.process.pid, "sddf-watch")
        assert groups_of(run.process.pid) and len(watchers) == 1
        run.process.kill()
        wait_until(lambda: not groups_of(run.process.pid), "removal of the groups")
        wait_until(lambda: not alive(watchers[0]), "end of the watcher")


@with_quota
def test_the_next_start_removes_what_a_runner_killed_with_its_watcher_has_left(tmp_path):
    with run_with_group(tmp_path) as run:
        pids = run.pids()
        os.kill(children(run.process.pid, "sddf-watch")[0], signal.SIGKILL)
        run.until("the watcher has ended")
        run.process.kill()
        wait_until(lambda: not alive(pids["spinner"]), "end of the PD")
        left = groups_of(run.process.pid)
        assert left
    (tmp_path / "second").mkdir()
    with run_with_group(tmp_path / "second") as other:
        other.pids()
        assert not left & groups()
        assert groups_of(other.process.pid)


@with_quota
def test_a_start_leaves_the_groups_of_a_running_system_alone(tmp_path):
    (tmp_path / "second").mkdir()
    with run_with_group(tmp_path) as run:
        run.pids()
        # An empty one of its own, which nothing but its name protects.
        mine = own_group()[0] / (groups_of(run.process.pid).copy().pop()[:-1] + "99")
        mine.mkdir()
        with run_with_group(tmp_path / "second") as other:
            other.pids()
            assert mine.exists() and len(groups_of(run.process.pid)) == 2
        run.stop()
        assert not mine.exists()


@pytest.mark.skipif(why_no_quota() is None, reason="quotas are permitted here")
def test_here_no_quota_is_permitted_and_one_line_says_so(tmp_path):
    with run_with_group(tmp_path) as run:
        run.until("spinner| spinning")
        run.until("budgets below their periods are not kept: ")


MOUNTS = {
    "none mounted": ("umount -a -t cgroup,cgroup2", "no control group hierarchy with a CPU"),
    "read-only": ("mount -o remount,bind,ro {}", "Read-only file system"),
}


@as_root
@with_quota
@pytest.mark.parametrize("how", MOUNTS)
def test_where_no_quota_is_permitted_one_line_says_so(tmp_path, how):
    command, said = MOUNTS[how]
    script = command.format(own_group()[0]) + ' && exec "$@"'
    before = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*before, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("mount namespaces are not permitted here")
    system = "".join(scheduled(name, "hello", 100, BUDGET) for name in "abc")
    with Run(tmp_path, system, before=before) as run:
        for name in "abc":
            run.until(f"hello from {name}")
        assert run.output.count("budgets below their periods are not kept: ") == 1
        assert said in run.output
        assert run.stop()[0] == 0


# Real time


@with_realtime
def test_in_real_time_the_order_of_the_priorities_holds_and_the_keeper_stands_above(tmp_path):
    system = "".join(scheduled(f"p{p}", "hello", p) for p in (254, 0, 253, 1, 254))
    system = system.replace('name="p254"', 'name="top"', 1)
    with Run(tmp_path, system, "--realtime") as run:
        pids = pids_of_started(run)
        assert all(os.sched_getscheduler(pid) == os.SCHED_FIFO for pid in pids.values())
        fifo = {name: os.sched_getparam(pid).sched_priority for name, pid in pids.items()}
        assert fifo == {"top": 4, "p0": 1, "p253": 3, "p1": 2, "p254": 4}
        threads = [int(path.name) for path in
                   pathlib.Path(f"/proc/{run.process.pid}/task").iterdir()]
        (keeper,) = set(threads) - {run.process.pid}
        (watcher,) = children(run.process.pid, "sddf-watch")
        assert os.sched_getparam(keeper).sched_priority == 5
        assert os.sched_getparam(watcher).sched_priority == 6


@with_realtime
def test_in_real_time_one_core_is_left_to_the_rest(tmp_path):
    system = "".join(pd(f"c{core}", "hello", attributes=f'cpu="{core}"') for core in CORES)
    with Run(tmp_path, system, "--realtime") as run:
        pids = pids_of_started(run)
        used = set().union(*(os.sched_getaffinity(pid) for pid in pids.values()))
        assert used == set(CORES[:-1])
        run.until(f"c{CORES[-1]}: core {CORES[-1]} is left to the rest of the machine: it runs on ")
        assert os.sched_getaffinity(run.process.pid) == {CORES[-1]}


@with_realtime
def test_in_real_time_a_core_that_no_pd_wants_is_the_one_that_is_left(tmp_path):
    system = pd("a", "hello", attributes=f'cpu="{CORES[-1]}"')
    with Run(tmp_path, system, "--realtime") as run:
        assert os.sched_getaffinity(pids_of_started(run)["a"]) == {CORES[-1]}
        assert "core" not in run.output
        assert not os.sched_getaffinity(run.process.pid) & {CORES[-1]}


@with_realtime
def test_real_time_on_one_core_is_refused(tmp_path):
    before = ["taskset", "--cpu-list", str(CORES[0])]
    with Run(tmp_path, pd("a", "hello"), "--realtime", before=before) as run:
        code, output = run.end()
    assert code == 1 and "--realtime: this process may use one core only" in output
    assert "hello from" not in output


@as_root
@with_realtime
def test_real_time_without_the_right_to_it_is_refused(tmp_path):
    before = ["setpriv", "--bounding-set=-sys_nice"]
    with Run(tmp_path, pd("a", "hello"), "--realtime", before=before) as run:
        code, output = run.end()
    assert code == 1
    assert "--realtime: this machine does not permit SCHED_FIFO to this process" in output
    assert "hello from" not in output


@with_realtime
def test_in_real_time_budgets_are_kept_too(tmp_path):
    child = scheduled("child", "spinner", 150, 'id="1" ' + BUDGET)
    system = (scheduled("high", "spinner", 200, BUDGET) + scheduled("low", "spinner", 100, BUDGET)
              + pd("parent", "ping_pong", child) + scheduled("lowest", "hello", 0))
    with Run(tmp_path, system, "--realtime") as run:
        # It gets the core only when all spinners stand still.
        run.until("lowest| hello from lowest")
        pids = [run.pids()[name] for name in ("high", "child", "low")]
        start, before = time.monotonic(), [cpu_time_s(pid) for pid in pids]
        time.sleep(1)
        for pid, at_start in zip(pids, before):
            used, passed = cpu_time_s(pid) - at_start, time.monotonic() - start
            assert 0.01 < used <= 0.15 * passed + 0.02
        assert run.stop()[0] == 0
        assert not any(alive(pid) for pid in pids)


@with_realtime
def test_every_pd_in_real_time_has_a_limit_of_time_without_waiting(tmp_path):
    with Run(tmp_path, pd("a", "hello"), "--realtime") as run:
        limits = pathlib.Path(f"/proc/{pids_of_started(run)['a']}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max realtime timeout")]
    assert line.split()[3:] == ["5000000", "6000000", "us"]


@with_realtime
def test_a_pd_that_never_waits_is_ended_by_its_limit_and_the_report_says_so(tmp_path):
    before = ["prlimit", "--rttime=300000:600000"]  # a lower limit than ours stays
    with Run(tmp_path, pd("a", "spinner"), "--realtime", before=before) as run:
        code, output = run.end()
    assert code == 1 and "a: ended by Linux: it ran in real time longer than" in output


@with_realtime
def test_a_runner_that_stands_still_is_ended_with_every_pd(tmp_path):
    with Run(tmp_path, pd("a", "ping_pong") + scheduled("b", "spinner", 50, BUDGET),
             "--realtime") as run:
        pids = list(run.pids().values())
        run.process.send_signal(signal.SIGSTOP)
        code, output = run.end()
        assert code == -signal.SIGKILL
        assert "the runner has not been heard of for 2 s" in output
        wait_until(lambda: not any(alive(pid) for pid in pids), "end of every PD")


@with_realtime
def test_without_its_dead_man_timer_a_system_in_real_time_ends(tmp_path):
    with Run(tmp_path, pd("a", "ping_pong"), "--realtime") as run:
        pids = list(run.pids().values())
        os.kill(children(run.process.pid, "sddf-watch")[0], signal.SIGKILL)
        code, output = run.end()
    assert code == 1 and "the dead-man timer has ended" in output
    assert not any(alive(pid) for pid in pids)


@with_realtime
def test_a_runner_killed_in_real_time_takes_its_stopped_pds_along(tmp_path):
    system = "".join(scheduled(name, "spinner", 100, 'budget="1000" period="500000"')
                     for name in "ab")
    with Run(tmp_path, system, "--realtime") as run:
        pids = list(run.pids().values())
        pids += children(run.process.pid, "sddf-watch")
        assert len(pids) == 3

        def stopped():
            return all(" T " in pathlib.Path(f"/proc/{pid}/stat").read_text() for pid in pids[:2])
        wait_until(stopped, "the stop of both")
        run.process.kill()
        wait_until(lambda: not any(map(alive, pids)), "end of every process")
