# SPDX-License-Identifier: BSD-2-Clause
"""bench/run: what becomes of experiments that fail, yield too little, or are not permitted here."""
import importlib.machinery
import importlib.util
import io
import subprocess
import types

import pytest
from support import MACHINE, ROOT, time_of

from frame import context, progress
from frame.context import BenchError, Skip

loader = importlib.machinery.SourceFileLoader("bench_run", str(ROOT / "bench/run"))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
loader.exec_module(run)


def entry_of(tmp_path, measure, **more):
    """The report's entry of an experiment."""
    bar = progress.Progress({"odd": 1}, out=io.StringIO())
    module = types.SimpleNamespace(TITLE="Odd", CLAIM="None.", measure=measure, **more)
    return run.run_one("odd", module, context.Bench(tmp_path, True, bar), MACHINE)


def raises(error):
    def measure(_):
        raise error
    return measure


def yields(*names):
    return lambda bench: {"figures": [{**time_of([1]), "name": name} for name in names], "peers": {}, "plots": []}


def test_an_experiment_has_its_figures_its_command_and_its_machine(tmp_path):
    found = entry_of(tmp_path, yields("time"), YIELDS=["time"])
    assert found["command"] == "make bench-odd QUICK=1" and found["machine"] == {**MACHINE, "line_ns": []}
    assert not {"failed", "skipped"} & set(found) and len(found["figures"]) == 1


@pytest.mark.parametrize("error, text", [(BenchError("no wire: plug one in"), "no wire"), (KeyError("x"), "KeyError: 'x'"),
                                         (subprocess.TimeoutExpired(["a"], 3), "timed out after 3")])
def test_an_experiment_that_breaks_fails_alone_and_says_why(tmp_path, error, text):
    assert text in entry_of(tmp_path, raises(error))["failed"]


def test_an_experiment_without_a_figure_that_it_should_yield_has_failed(tmp_path):
    assert entry_of(tmp_path, yields("time"), YIELDS=["time", "speed"])["failed"] == "no figure of: speed"
    assert entry_of(tmp_path, yields())["failed"] == "no figure of: anything"


def test_an_experiment_with_two_figures_that_nothing_tells_apart_has_failed(tmp_path):
    assert "more than one figure" in entry_of(tmp_path, yields("time", "time"))["failed"]


def test_an_experiment_that_is_not_permitted_here_is_skipped_with_the_reason(tmp_path):
    found = entry_of(tmp_path, raises(Skip("no second core")), YIELDS=["time"])
    assert (found["skipped"], "failed" in found) == ("no second core", False)


def test_an_experiment_that_is_not_there_is_refused_with_those_that_are():
    done = subprocess.run([ROOT / "bench/run", "no-such"], text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "no experiment no-such; there are: queue transport" in done.stderr
