# SPDX-License-Identifier: BSD-2-Clause
"""Plots: from the data in a report to SVG, drawn by gnuplot.

A plot is {title, kind, x, y, series}:
  kind    "lines" (with spread where there is one), "steps" (distributions) or "bars"
  x, y    {"label": with the unit in brackets, "log": 2 or 10 if the axis is logarithmic, "min", "max"}
  series  [{"name", "x": [...], "y": [...], "low": [...], "high": [...]}]; x of bars are words, the same
          in each series; low and high may be left out; None in y is a gap
"""
import json
import re
import subprocess
import zlib

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


def rows(one):
    """A series as a gnuplot data block: x, y, low, high."""
    low, high = one.get("low", one["y"]), one.get("high", one["y"])
    return [" ".join(map(cell, row)) for row in zip(one["x"], one["y"], low, high)]


def bars_placed(series, words):
    """The same series with numbers for words: groups about 0, 1, 2 ..., bars of a group side by side."""
    width = 0.8 / len(series)
    for number, one in enumerate(series):
        offset = (number - (len(series) - 1) / 2) * width
        yield {**one, "x": [words.index(str(x)) + offset for x in one["x"]]}


def drawing(kind, block, one, number):
    """The parts of the plot command that draw one series. Where there are more of them than colours, lines are dashed."""
    colour, dash = COLOURS[number % len(COLOURS)], 1 + number // len(COLOURS)
    title, spread = quoted(one["name"]), "low" in one
    if kind == "bars":
        yield f"{block} using 1:2 with boxes fs solid 0.9 noborder lc rgb '{colour}' title {title}"
        if spread:
            yield f"{block} using 1:3:(0):($4-$3) with vectors nohead lw 1.5 lc rgb '#333333' notitle"
    elif kind == "steps":
        yield f"{block} using 1:2 with steps lw 2 dt {dash} lc rgb '{colour}' title {title}"
    else:
        if spread:
            yield (f"{block} using 1:3:4 with filledcurves fc rgb '{colour}' fs transparent solid 0.15 noborder "
                   "notitle")
        yield f"{block} using 1:2 with linespoints lw 2 dt {dash} pt 7 ps 0.5 lc rgb '{colour}' title {title}"


def bar_axis(words, bars):
    """Words below their groups; slanted where they would touch."""
    tics = ", ".join(f"{quoted(word)} {at}" for at, word in enumerate(words))
    slanted = "rotate by -25 left " if max(map(len, words)) * len(words) > 80 else ""
    return [f"set boxwidth {0.8 / bars}", f"set xtics {slanted}noenhanced ({tics})",
            f"set xrange [-0.6:{len(words) - 0.4}]", "set rmargin 12" if slanted else "set rmargin 3"]


def script(found):
    """What gnuplot is told. The legend stands outside of the axes, over no data."""
    series = found["series"]
    lines = [f"set terminal svg size {WIDTH},{HEIGHT} dynamic font 'DejaVu Sans,13' background '#ffffff'",
             "set encoding utf8", f"set title {quoted(found['title'])} noenhanced",
             "set key bmargin left horizontal noenhanced samplen 2 Left reverse width 1 height 1",
             "set grid ytics lc rgb '#dddddd' lt 1", "set border 3 lc rgb '#555555'",
             "set tics nomirror", *axis("x", found["x"]), *axis("y", found["y"])]
    if found["kind"] == "bars":
        words = list(dict.fromkeys(str(x) for one in series for x in one["x"]))
        lines += bar_axis(words, len(series))
        series = list(bars_placed(series, words))
    drawn = []
    for number, one in enumerate(series):
        lines += [f"$data{number} << EOD", *rows(one), "EOD"]
        drawn += drawing(found["kind"], f"$data{number}", one, number)
    return "\n".join([*lines, "plot " + ", ".join(drawn)]) + "\n"


def svg(found):
    """The picture, as an element that can stand in a page."""
    done = subprocess.run(["gnuplot"], input=script(found), text=True, capture_output=True, check=False)
    if done.returncode != 0 or "<svg" not in done.stdout:
        raise RuntimeError(f"gnuplot, plot {found['title']!r}: {done.stderr.strip()}")
    # In one page names hold for all pictures, and gnuplot gives each the same.
    prefix = f"p{zlib.crc32(json.dumps(found).encode()):08x}-"
    picture = done.stdout[done.stdout.index("<svg"):]
    return re.sub(r"""(\bid=["']|\bhref=["']#|url\(["']?#)(?=\w)""", r"\1" + prefix, picture)
