# SPDX-License-Identifier: BSD-2-Clause
"""Plots: from the data in a report to SVG, drawn by gnuplot.

A plot is {title, kind, x, y, series}:
  kind    "lines" (with spread where there is one), "steps" (distributions) or "bars"
  x, y    {"label": with the unit in brackets, "log": 2 or 10 if the axis is logarithmic, "min", "max"}
  series  [{"name", "x": [...], "y": [...], "low": [...], "high": [...]}]; x of bars are words, the same
          in each series; low and high may be left out; None in y is a gap
"""
import subprocess

COLOURS = ["#0b5fa5", "#d1495b", "#2e8540", "#b8860b", "#6a4c93", "#5f6b73", "#00848c", "#a0522d"]
WIDTH, HEIGHT = 820, 430
KINDS = ("lines", "steps", "bars")


def quoted(text):
    """A gnuplot string: nothing in it is interpreted."""
    return "'" + str(text).replace("'", "''").replace("\n", " ") + "'"


def plot(title, kind, x, y, series):
    """A plot, checked: what gnuplot would complain of is said here by name."""
    if kind not in KINDS:
        raise ValueError(f"plot {title!r}: kind {kind!r}; there are {', '.join(KINDS)}")
    for one in series:
        lengths = {len(one[key]) for key in ("x", "y", "low", "high") if key in one}
        if len(lengths) != 1:
            raise ValueError(f"plot {title!r}, {one['name']!r}: x, y, low, high differ in length")
    return {"title": title, "kind": kind, "x": x, "y": y, "series": series}


def axis(name, found):
    lines = [f"set {name}label {quoted(found['label'])} noenhanced"]
    if "log" in found:
        lines.append(f"set logscale {name} {found['log']}")
    if "min" in found or "max" in found:
        lines.append(f"set {name}range [{found.get('min', '*')}:{found.get('max', '*')}]")
    if found.get("log") == 2:
        lines.append(f"set {name}tics 2")
    return lines


def cell(value):
    return "NaN" if value is None else repr(float(value))


def rows(one, words):
    """A series as a gnuplot data block."""
    low, high = one.get("low", one["y"]), one.get("high", one["y"])
    for x, y, least, most in zip(one["x"], one["y"], low, high):
        yield f"{words.index(x) if words else cell(x)} {cell(y)} {cell(least)} {cell(most)}"


def script(found):
    """What gnuplot is told. The legend stands outside of the axes, over no data."""
    series, bars = found["series"], found["kind"] == "bars"
    words = list(dict.fromkeys(str(x) for one in series for x in one["x"])) if bars else None
    lines = [f"set terminal svg size {WIDTH},{HEIGHT} dynamic font 'DejaVu Sans,13' background '#ffffff'",
             "set encoding utf8", f"set title {quoted(found['title'])} noenhanced",
             "set key outside below center horizontal noenhanced samplen 2",
             "set grid ytics lc rgb '#dddddd' lt 1", "set border 3 lc rgb '#555555'",
             "set tics nomirror", *axis("x", found["x"]), *axis("y", found["y"])]
    if bars:
        lines += ["set style data histograms", "set style histogram errorbars gap 1.5 lw 1",
                  "set style fill solid 0.85 noborder", "set xtics noenhanced",
                  "set xtics (" + ", ".join(f"{quoted(word)} {at}" for at, word in enumerate(words)) + ")"]
        if max(map(len, words)) * len(words) > 90:
            lines.append("set xtics rotate by -25 left")
    drawn = []
    for number, one in enumerate(series):
        block, colour = f"$data{number}", COLOURS[number % len(COLOURS)]
        lines += [f"{block} << EOD", *rows({**one, "x": list(map(str, one["x"]))} if bars else one, words), "EOD"]
        title, spread = quoted(one["name"]), "low" in one
        if bars:
            drawn.append(f"{block} using 2:3:4 title {title} lc rgb '{colour}'")
        elif found["kind"] == "steps":
            drawn.append(f"{block} using 1:2 with steps lw 2 lc rgb '{colour}' title {title}")
        else:
            if spread:
                drawn.append(f"{block} using 1:3:4 with filledcurves fc rgb '{colour}' fs transparent "
                             "solid 0.15 noborder notitle")
            drawn.append(f"{block} using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb '{colour}' title {title}")
    return "\n".join([*lines, "plot " + ", ".join(drawn)]) + "\n"


def svg(found):
    """The picture, as an element that can stand in a page."""
    done = subprocess.run(["gnuplot"], input=script(found), text=True, capture_output=True, check=False)
    if done.returncode != 0 or "<svg" not in done.stdout:
        raise RuntimeError(f"gnuplot, plot {found['title']!r}: {done.stderr.strip()}")
    return done.stdout[done.stdout.index("<svg"):]
