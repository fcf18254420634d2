# SPDX-License-Identifier: BSD-2-Clause
"""The frame of bench/: figures, turns, progress, and what the writers of the report make of them."""
import html.parser
import io
import json
import shutil
import xml.etree.ElementTree as xml

import pytest
from support import ROOT, STEADY, entry, plot, time_of

from frame import context, figures, plots, progress, report, tables

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None, reason="no gnuplot (gnuplot-nox)")
HOSTILE = "<script>alert('&\"')</script> | `$(id)` \\n %d {"


class Page(html.parser.HTMLParser):
    """The tags of a page and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.sources = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for key, value in attrs if key in ("src", "href", "xlink:href") and value]

    def handle_data(self, data):
        self.text += data


# ---- Figures ----

def test_a_figure_is_the_median_of_its_samples_with_its_tenth_and_ninetieth_percentile():
    found = figures.figure("time", "sddf", range(101), "ns", "less")
    assert (found["value"], found["low"], found["high"], found["samples"]) == (50, 10, 90, 101)


def test_a_figure_without_a_sample_or_with_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="no sample"):
        time_of([])
    with pytest.raises(ValueError, match="better is 'faster'"):
        figures.figure("time", "sddf", [1], "ns", "faster")


def test_ratios_are_taken_round_by_round():
    found = figures.ratios("speed", "sddf", [10, 1000], "linux", [5, 500])
    assert (found["value"], found["low"], found["high"], found["unit"]) == (2, 2, 2, "times linux")


def test_a_goal_is_reached_from_the_side_that_is_better():
    assert figures.reached(time_of([4], goal=5)) and not figures.reached(time_of([6], goal=5))
    assert figures.reached(figures.figure("rate", "sddf", [6], "/s", "more", goal=5))
    assert figures.reached(time_of([4])) is None


@pytest.mark.parametrize("value, text", [(0, "0"), (5, "5"), (123456.7, "123,457"), (100.4, "100"), (12.345, "12.3"),
                                         (1.2345, "1.23"), (0.0999, "0.0999"), (0.1044, "0.104"), (-0.5, "-0.500")])
def test_a_number_is_shown_with_three_digits_that_say_something(value, text):
    assert figures.number(value) == text


# ---- Turns and progress ----

class Bar:
    def __init__(self):
        self.steps = []

    def step(self, share, text):
        self.steps.append((share, text))


def test_contenders_take_turns_and_each_round_begins_with_another_one():
    order, bar = [], Bar()
    bench = context.Bench("build", True, bar)
    bench.steps(6)
    taken = bench.interleave({name: lambda number, name=name: order.append(name) or (name, number) for name in "ABC"},
                             rounds=2)
    assert order == list("ABCBCA")
    assert taken["B"] == [("B", 0), ("B", 1)]
    assert [share for share, _ in bar.steps] == [number / 6 for number in range(6)]


def test_the_time_left_follows_the_plan_and_then_how_it_has_held():
    now = [0.0]
    bar = progress.Progress({"a": 30, "b": 30}, out=io.StringIO(), clock=lambda: now[0])
    bar.start("a")
    assert bar.left() == 60
    now[0] = 60.0  # twice what was planned
    bar.end("done")
    bar.start("b")
    assert bar.left() == 60


def test_where_nobody_looks_on_the_bar_writes_whole_lines_only():
    out = io.StringIO()
    bar = progress.Progress({"a": 1}, out=out)
    bar.start("a")
    bar.step(0.5, "half")
    bar.end("3 figures")
    assert out.getvalue().splitlines() == ["bench: a ...", "bench: a: 3 figures, 0 s"]


# ---- The writers ----

def test_what_is_written_as_json_is_read_again_unchanged(tmp_path):
    found = {"experiments": [entry([time_of(STEADY, burst=32)], plots=[plot()])]}
    report.write_json(found, tmp_path / "report.json")
    assert report.read(tmp_path / "report.json") == found


def test_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError):
        report.write_json({"experiments": [entry([{**time_of([1]), "value": float("nan")}])]}, tmp_path / "r.json")


def named(name, value, contender="sddf", **where):
    return figures.figure(name, contender, [value], "ns", headline=True, **where)


def test_the_table_shows_the_headlines_or_else_all():
    both = [time_of(STEADY, burst=1), time_of(STEADY, headline=True)]
    assert tables.tables(entry(both)) == [(1, [["contender", "time (ns)"], ["sddf", "100 [99, 101]"]])]
    assert tables.tables(entry(both[:1])) == [(2, [["where", "contender", "time (ns)"],
                                                   ["burst 1", "sddf", "100 [99, 101]"]])]


def test_what_one_contender_reached_under_one_condition_stands_in_one_row():
    found = tables.tables(entry([time_of([1], burst=1), time_of([2], "linux", burst=1),
                                 figures.figure("signals", "sddf", [3], "per packet", burst=1)]))
    assert found == [(2, [["where", "contender", "time (ns)", "signals (per packet)"], ["burst 1", "sddf", "1", "3"],
                          ["burst 1", "linux", "2", ""]])]


def test_what_shares_no_row_stands_in_tables_of_its_own_and_the_small_ones_in_a_list():
    found = tables.tables(entry([named("ratio a", 1, base="x"), named("time", 2), named("calls", 3),
                                 named("ratio b", 4, base="y"), *(named("many", n, n=n) for n in range(5))]))
    assert [rows[0] for _, rows in found] == [["what", "where", "contender", "figure"],
                                              ["contender", "time (ns)", "calls (ns)"],
                                              ["where", "contender", "many (ns)"]]
    assert found[0][1][1:] == [["ratio a (ns)", "x", "sddf", "1"], ["ratio b (ns)", "y", "sddf", "4"]]


def test_columns_that_a_third_joins_stand_in_one_table():
    found = tables.tables(entry([named("a", 1, n=1), named("b", 2, n=2), named("c", 3, n=1), named("c", 4, n=2)]))
    assert len(found) == 1 and found[0][1][0][2:] == ["a (ns)", "b (ns)", "c (ns)"]


def test_a_goal_is_shown_with_whether_it_was_reached():
    assert tables.cell(time_of([4], goal=5)) == "4 (≤ 5 ✓)"
    assert tables.cell(time_of([6], goal=5)) == "6 (≤ 5 ✗)"


def test_markdown_has_claim_command_machine_peers_and_a_table_that_no_cell_breaks():
    text = report.markdown({"experiments": [entry([time_of(STEADY, contender="a|b")], notes=["A note."])]})
    for part in ("### queue: The queue", "It is fast.", "`make bench-queue`, 2026-11-24", "60 ns to 70 ns", "* A note.",
                 "* rte_ring: DPDK 22.11"):
        assert part in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 3 and len({line.replace("\\|", "").count("|") for line in lines}) == 1, lines


def test_a_run_takes_the_place_of_the_one_before_and_nothing_else_of_the_document(tmp_path):
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for _ in range(2):
        report.write_into({"experiments": [entry([time_of(STEADY)])]}, path)
    text = path.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n") and text.endswith(f"\n{report.END}\nafter\n")
    assert text.count("### queue") == 1 and "old" not in text
    path.write_text("no marks")
    with pytest.raises(context.BenchError, match="the tables go between"):
        report.write_into({"experiments": []}, path)


def test_the_document_has_the_place_for_a_run():
    text = (ROOT / "docs/performance.md").read_text()
    assert text.count(report.BEGIN) == 1 and text.count(report.END) == 1


def test_the_text_of_a_failed_experiment_says_why():
    assert "failed: no wire" in report.text(entry([], failed="no wire"))


@needs_gnuplot
def test_the_page_stands_alone_and_has_claim_command_peers_and_each_plot():
    page = Page(report.page({"experiments": [entry([time_of(STEADY)], plots=[plot(), plot("Another")],
                                                        tables=[{"title": "By function", "rows": [["f"], ["memcpy"]]}])]}))
    assert page.tags.count("svg") == 2
    assert not [source for source in page.sources if not source.startswith("#")], "the page reaches outside"
    for part in ("It is fast.", "make bench-queue", "DPDK 22.11", "time (ns)", "burst (entries)", "Another", "By function",
                 "memcpy"):
        assert part in page.text, part


@needs_gnuplot
def test_nothing_in_a_report_is_markup_or_a_command_of_gnuplot():
    hostile = entry([time_of(STEADY, contender=HOSTILE, where_=HOSTILE)], title=HOSTILE, claim=HOSTILE, failed=HOSTILE,
                    notes=[HOSTILE], peers={HOSTILE: HOSTILE},
                    plots=[plot(HOSTILE, series=[{"name": HOSTILE, "x": [1], "y": [1]}], x={"label": HOSTILE})])
    page = Page(report.page({"experiments": [hostile]}))
    assert "script" not in page.tags
    assert page.text.count("<script>") >= 10


@needs_gnuplot
@pytest.mark.parametrize("kind, x", [("lines", [1, 2, 3]), ("steps", [1, 2, 3]), ("bars", ["a", "b", "c"])])
def test_each_kind_of_plot_is_drawn_with_gaps_and_spread_and_pictures_do_not_share_names(kind, x):
    series = [{"name": name, "x": x, "y": [1.0, None, 3.0], "low": [0.5, None, 2.0], "high": [2.0, None, 4.0]}
              for name in ("sddf", "linux")]
    drawn = [plots.svg(plots.plot(title, kind, {"label": "x"}, {"label": "time (ns)", "log": 10}, series))
             for title in ("one", "two")]
    names = [{e.get("id") for e in xml.fromstring(text).iter() if e.get("id")} for text in drawn]
    assert not names[0] & names[1], names
    assert "linux" in "".join(xml.fromstring(drawn[0]).itertext())


def test_a_plot_of_an_unknown_kind_or_with_ragged_series_is_refused():
    with pytest.raises(ValueError, match="kind 'pie'"):
        plots.plot("t", "pie", {}, {}, [])
    with pytest.raises(ValueError, match="differ in length"):
        plots.plot("t", "lines", {}, {}, [{"name": "a", "x": [1], "y": [1, 2]}])


# ---- Ablations ----

def test_each_ablation_of_the_queue_still_finds_its_text_and_one_that_does_not_is_refused():
    import importlib.util
    spec = importlib.util.spec_from_file_location("ablate", ROOT / "bench/transport/ablate.py")
    ablate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ablate)
    text = (ROOT / "include/sddf/queue.h").read_text()
    for name, edits in ablate.ABLATIONS.items():
        assert ablate.ablate(text, edits) != text, name
    with pytest.raises(LookupError):
        ablate.ablate(text, [("no such line", "")])


def test_each_experiment_has_what_the_frame_asks_for():
    import runpy
    for path in sorted((ROOT / "bench/experiments").glob("*.py")):
        names = runpy.run_path(str(path))
        for key in ("TITLE", "CLAIM", "SECONDS", "QUICK_SECONDS", "measure"):
            assert key in names, f"{path.name} has no {key}"


def test_json_that_the_report_reads_needs_no_more_than_its_shape(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"experiments": []}))
    assert report.read(path) == {"experiments": []}
