# SPDX-License-Identifier: BSD-2-Clause
"""bench/compare: what moved beyond the noise, and its exit status."""
import subprocess

from support import MACHINE, ROOT, STEADY, compare, entry, time_of

from frame.figures import figure


def shifted(by):
    return [value * by for value in STEADY]


def test_two_runs_within_the_noise_differ_in_nothing_and_the_status_is_0(tmp_path):
    status, said = compare(tmp_path, [entry([time_of(STEADY)])], [entry([time_of(reversed(shifted(1.01)))])])
    assert status == 0, said
    assert said.splitlines()[-1].startswith("0 worse, 0 better, 0 moved otherwise, 1 within the noise"), said


def test_a_slower_figure_beyond_the_noise_is_named_with_both_values_and_the_status_is_1(tmp_path):
    status, said = compare(tmp_path, [entry([time_of(STEADY, burst=32)])], [entry([time_of(shifted(1.2), burst=32)])])
    assert status == 1
    assert "queue: time of sddf, burst 32: 100 -> 120 ns (+20 %)" in said, said


def test_a_faster_figure_is_better_and_the_status_is_0(tmp_path):
    status, said = compare(tmp_path, [entry([time_of(STEADY)])], [entry([time_of(shifted(0.8))])])
    assert (status, "better:" in said) == (0, True), said


def test_less_is_worse_where_more_is_better(tmp_path):
    old, new = ([entry([figure("rate", "sddf", values, "packets/s", "more")])] for values in (STEADY, shifted(0.8)))
    assert compare(tmp_path, old, new)[0] == 1
    assert compare(tmp_path, new, old)[0] == 0


def test_what_is_neither_better_nor_worse_never_fails(tmp_path):
    old, new = ([entry([figure("signals", "sddf", values, "per packet")])] for values in (STEADY, shifted(2)))
    status, said = compare(tmp_path, old, new, "--all")
    assert (status, "moved, neither" in said) == (0, True), said


def test_wide_spreads_that_overlap_are_noise_however_far_the_medians(tmp_path):
    old, new = [50, 60, 100, 100, 100, 100, 140, 200], [60, 70, 150, 150, 150, 150, 160, 210]
    assert compare(tmp_path, [entry([time_of(old)])], [entry([time_of(new)])])[0] == 0


def test_of_few_samples_the_spreads_must_lie_apart_by_more_than_a_spread(tmp_path):
    near, far = [106, 107, 108], [120, 121, 122]
    assert compare(tmp_path, [entry([time_of([98, 100, 102])])], [entry([time_of(near)])])[0] == 0
    assert compare(tmp_path, [entry([time_of([98, 100, 102])])], [entry([time_of(far)])])[0] == 1


def test_less_than_the_least_percentage_is_no_movement(tmp_path):
    old, new = [entry([time_of([100.0] * 9)])], [entry([time_of([103.0] * 9)])]
    assert compare(tmp_path, old, new)[0] == 0
    assert compare(tmp_path, old, new, "--least", "2")[0] == 1


def test_an_exact_count_moves_by_one(tmp_path):
    old, new = ([entry([time_of([count], exact=True)])] for count in (1000, 1001))
    status, said = compare(tmp_path, old, new)
    assert (status, "1,000 -> 1,001" in said) == (1, True), said


def test_the_same_name_under_another_condition_is_another_figure(tmp_path):
    old = [entry([time_of(STEADY, burst=1), time_of(STEADY, burst=2)])]
    new = [entry([time_of(STEADY, burst=1), time_of(shifted(2), burst=4)])]
    status, said = compare(tmp_path, old, new)
    assert status == 0
    assert "no longer measured:\n  queue: time of sddf, burst 2" in said and "new:\n  queue: time of sddf, burst 4" in said


def test_an_experiment_that_fails_now_is_named_and_the_status_is_1(tmp_path):
    status, said = compare(tmp_path, [entry([time_of(STEADY)])], [entry([time_of(STEADY)], failed="no wire")])
    assert (status, "queue: fails now" in said) == (1, True), said


def test_another_machine_and_quick_runs_are_said_first(tmp_path):
    new = entry([time_of(STEADY)], machine={**MACHINE, "kernel": "6.18"}, quick=True)
    _, said = compare(tmp_path, [entry([time_of(STEADY)])], [new])
    assert said.startswith("note: another kernel: 6.1 before, 6.18 now\nnote: queue: one of the two"), said


def test_reports_without_a_common_experiment_or_of_other_units_cannot_be_compared(tmp_path):
    status, said = compare(tmp_path, [entry([time_of(STEADY)], "a")], [entry([time_of(STEADY)], "b")])
    assert (status, "no experiment in common" in said) == (2, True), said
    other = {**time_of(STEADY), "unit": "us"}
    status, said = compare(tmp_path, [entry([time_of(STEADY)])], [entry([other])])
    assert (status, "in ns before, in us now" in said) == (2, True), said


def test_a_file_that_is_no_report_is_refused_by_name(tmp_path):
    for text in ("", "{", "[]", "{}", '{"experiments": 3}', '{"experiments": [{"name": 1}]}', "\xff"):
        path = tmp_path / "odd.json"
        path.write_text(text)
        done = subprocess.run([ROOT / "bench/compare", path, path], text=True, capture_output=True, check=False)
        assert (done.returncode, str(path) in done.stderr) == (2, True), (text, done.stderr)
    done = subprocess.run([ROOT / "bench/compare", tmp_path / "none", path], text=True, capture_output=True, check=False)
    assert (done.returncode, "No such file" in done.stderr) == (2, True)
