# SPDX-License-Identifier: BSD-2-Clause
"""Tables of figures: how an experiment's headlines are laid out, and a table as text, Markdown and HTML.

A table is (words, rows): the first row is the head, the first `words` columns are words, the others numbers."""
import html

from .figures import condition, number, reached

LEGEND = "median [10 %, 90 %] (to reach: ✓ reached, ✗ not)"
FEW = 4  # rows; what has no more, and shares no row with anything else, stands with its like in a list


def cell(figure):
    """A figure: its median, its spread if it has one, and what was to be reached."""
    text = number(figure["value"])
    if figure["samples"] > 1 and not figure.get("exact"):
        text += f" [{number(figure['low'])}, {number(figure['high'])}]"
    if "goal" in figure:
        sign = "≤" if figure["better"] == "less" else "≥"
        text += f" ({sign} {number(figure['goal'])} {'✓' if reached(figure) else '✗'})"
    return text


def title(column):
    name, unit = column
    return name if unit in name else f"{name} ({unit})"


def groups(columns):
    """Columns that belong together since they share rows. `columns`: {column: {row: text}}, in order."""
    found = []
    for column, own in columns.items():
        joined, apart = [column], []
        for group in found:
            if any(own.keys() & columns[other].keys() for other in group):
                joined = group + joined
            else:
                apart.append(group)
        found = apart + [joined]
    order = list(columns).index
    return sorted((sorted(group, key=order) for group in found), key=lambda group: order(group[0]))


def side_by_side(columns, group):
    """A row for each contender under each condition, a column for each thing measured."""
    keys = list(dict.fromkeys(key for column in group for key in columns[column]))
    where = any(key[0] for key in keys)
    head = (["where"] if where else []) + ["contender", *map(title, group)]
    rows = [[*(key if where else key[1:]), *(columns[column].get(key, "") for column in group)] for key in keys]
    return (2 if where else 1, [head, *rows])


def tables(entry):
    """The tables of an experiment's headlines, or of all its figures if there is none."""
    shown = [figure for figure in entry["figures"] if figure.get("headline")] or entry["figures"]
    columns = {}
    for figure in shown:
        own = columns.setdefault((figure["name"], figure["unit"]), {})
        own[condition(figure), figure["contender"]] = cell(figure)
    together = groups(columns)
    alone = [group[0] for group in together if len(group) == 1 and len(columns[group[0]]) <= FEW]
    found = []
    if len(alone) > 1:
        found.append((3, [["what", "where", "contender", "figure"],
                          *([title(column), *key, text] for column in alone for key, text in columns[column].items())]))
    else:
        alone = []
    return found + [side_by_side(columns, group) for group in together if group[0] not in alone]


def text(table):
    """Lines for the terminal."""
    words, rows = table
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(content.ljust(width) if column < words else content.rjust(width)
                      for column, (content, width) in enumerate(zip(row, widths))).rstrip() for row in rows]


def markdown(table):
    words, rows = table
    rule = ["---" if column < words else "--:" for column in range(len(rows[0]))]
    return ["| " + " | ".join(content.replace("|", "\\|") for content in row) + " |"
            for row in [rows[0], rule, *rows[1:]]] + [""]


def page(table):
    """As HTML."""
    words, rows = table

    def line(tag, row):
        return "<tr>" + "".join(f"<{tag}{' class=n' if column >= words else ''}>{html.escape(content)}</{tag}>"
                                for column, content in enumerate(row)) + "</tr>\n"
    return f"<table>{line('th', rows[0])}{''.join(line('td', row) for row in rows[1:])}</table>"
