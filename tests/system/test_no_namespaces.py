# SPDX-License-Identifier: BSD-2-Clause
"""`make demo` and `make up` where network namespaces are not permitted: as root in a container that
lacks the privileges, and as a user who has none. What they run is a copy that everybody may read,
as a user's own clone would be."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools/demo"))
import lab  # noqa: E402

if "SDDF_BUILD" not in os.environ:
    pytest.skip("SDDF_BUILD does not name a build directory", allow_module_level=True)
BUILD = pathlib.Path(os.environ["SDDF_BUILD"]).resolve()
NOBODY = 65534
# sudo would give back what is taken away here, hence no new privileges.
RESTRICTED = {
    "container": ["setpriv", "--no-new-privs", "--inh-caps=-all",
                  "--bounding-set=-sys_admin,-net_admin,-net_raw"],
    "user": ["setpriv", "--no-new-privs", f"--reuid={NOBODY}", f"--regid={NOBODY}",
             "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"],
}
PARTS = ["tools/sddf/sddf", "tools/load/sddf-load", "tools/load/sddf-echo-linux",
         "platform/linux/sddf-pd", "platform/linux/sddf-pds",
         "platform/linux/device/sddf-virtio-net"]


class Clone:
    """A copy of what `make demo` and `make up` need, a temporary folder of theirs, and how to run
    them without privileges."""

    def __init__(self, folder, who):
        self.folder, self.build, self.temporary = folder, folder / "build", folder / "tmp"
        self.prefix = RESTRICTED[who] if os.geteuid() == 0 else ["setpriv", "--no-new-privs"]
        for part in ("tools/demo", "systems/echo", "boards"):
            shutil.copytree(lab.ROOT / part, folder / part)
        images = [f"components/{path.name}" for path in (BUILD / "components").glob("*.elf")]
        for part in [*PARTS, *images]:
            (self.build / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BUILD / part, self.build / part)
        self.temporary.mkdir()
        if os.geteuid() == 0 and who == "user":
            lab.run("chown", "-R", f"{NOBODY}:{NOBODY}", folder)

    def start(self, program, *options, **more):
        return subprocess.Popen(
            [*self.prefix, self.folder / "tools/demo" / program, self.build, *options],
            text=True, start_new_session=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(self.temporary)}, **more)

    def processes(self):
        """Of it, those that run."""
        return [path.name for path in pathlib.Path("/proc").glob("[0-9]*")
                if str(self.folder) in told(lambda: os.readlink(path / "exe")) +
                told(lambda: (path / "cmdline").read_text(errors="replace"))]

    def left(self):
        """What of it is still there: processes, sockets, files."""
        return self.processes() + list(self.temporary.iterdir()) + \
            [line for line in pathlib.Path("/proc/net/unix").read_text().splitlines()
             if str(self.folder) in line]


def told(ask):
    """What ask() returns, or nothing: the process may have gone, or be none of ours."""
    try:
        return ask()
    except OSError:
        return ""


@pytest.fixture(name="clone", params=list(RESTRICTED))
def fixture_clone(request):
    if os.geteuid() != 0 and request.param == "container":
        pytest.skip("needs root, to take privileges away from it")
    with tempfile.TemporaryDirectory(prefix="sddf-clone-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield Clone(folder, request.param)


def test_the_demo_measures_over_the_wire_and_says_so_and_leaves_nothing(clone):
    process = clone.start("demo", "--seconds", "0.2", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert err.count("not permitted here") == 1 and "in-memory wire" in err.splitlines()[0]
    for name, over in (("sddf", "in-memory wire"), ("sddf-in-process", "in-memory wire"),
                       ("linux-recv", "loopback"), ("linux-mmsg", "loopback")):
        rows = [line for line in out.splitlines() if line.startswith(f"{name} ") and over in line]
        assert len(rows) == 3, out
    assert "do not compare" in out
    runs = lab.read_json(clone.build / "demo/report.json")["runs"]
    assert [(run["system"], run["over"]) for run in runs] == \
        [("sddf", "in-memory wire")] * 3 + [("sddf-in-process", "in-memory wire")] * 3 + \
        [("linux-recv", "loopback")] * 3 + [("linux-mmsg", "loopback")] * 3
    processes = {"sddf": 8, "sddf-in-process": 2}
    for run in runs:
        assert {"offered_pps", "achieved_pps", "lost_by_reason"} <= set(run)
        assert run["corrupt"] == 0 and run["received"] > 0
        assert run["lost"] == run["sent"] - run["received"]
        assert run["lost"] == sum(value for name, value in run["lost_by_reason"].items()
                                  if name.startswith("generator."))
        assert set(run["rtt_us"]) == {"p50", "p90", "p99", "max"}
        assert len(run["cpu"]["by_pd"]) == processes.get(run["system"], 1)
    assert clone.left() == []


def test_the_commands_that_up_prints_do_what_it_says(clone):
    log = clone.folder / "log"
    with open(log, "w") as file:
        process = clone.start("up", stdout=file, stderr=file)
    try:
        lab.wait_until(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, 20, "up")
        text = log.read_text()
        assert text.count("not permitted here") == 1, text
        commands = {line[:16].strip(): line[16:] for line in text.splitlines()}
        for what, more in (("send it UDP", ""), ("load it", " --duration 0.5"),
                           ("load both", " --duration 0.5")):
            said = lab.run(*clone.prefix, "sh", "-c", commands[what] + more)
            report = json.loads(said.splitlines()[-1])
            assert report["received"] > 0 and report["corrupt"] == report["stray"] == 0
        counters = lab.run(*clone.prefix, "sh", "-c", commands["its counters"])
        assert '"echo1": {"udp_echoed": ' in counters and '"udp_echoed": 0,' not in counters
    finally:
        lab.end(process)
    assert "nothing is left" in log.read_text()
    lab.wait_until(lambda: not clone.left(), 20, "nothing left of it")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demo_leaves_nothing_however_it_ends(clone, how):
    log = clone.folder / "log"
    with open(log, "w") as file:
        process = clone.start("demo", stdout=file, stderr=file)

    def all_run():  # itself, keeper, runner, device model, 7 PDs; root sees them all
        return process.poll() is not None or \
            len(clone.processes()) >= (11 if os.geteuid() == 0 else 3)
    try:
        lab.wait_until(all_run, 20, "processes")
        time.sleep(0.5)
        assert process.poll() is None, log.read_text()
        assert any("/wire" in str(line) for line in clone.left())
    finally:
        process.send_signal(how)
        process.wait(20)
    assert process.returncode != 0
    lab.wait_until(lambda: not clone.left(), 10, f"nothing left of it: {clone.left()}")
