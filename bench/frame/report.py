# SPDX-License-Identifier: BSD-2-Clause
"""The report's writers: JSON (the data), HTML (a page on its own), text and Markdown."""
import html
import json
import pathlib

from . import plots, tables
from .context import BenchError

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5em; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto }
td, th { padding: .2em .8em; text-align: left } td { white-space: nowrap }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } tr:nth-child(even) { background: #f5f5f5 }
svg { max-width: 100%; height: auto } code { background: #f0f0f0; padding: .1em .3em }
.claim { border-left: 4px solid #0b5fa5; padding-left: 1em } .failed { color: #b00020 } .muted { color: #666 }
"""


ENTRY = {"name": str, "title": str, "claim": str, "command": str, "date": str, "machine": dict, "figures": list,
         "peers": dict, "plots": list, "notes": list}
FIGURE = {"name": str, "contender": str, "where": dict, "unit": str, "value": (int, float), "low": (int, float),
          "high": (int, float), "samples": int, "better": (str, type(None))}


def lacks(found, keys):
    """What is missing in an entry or figure of a report, in words; None if nothing is."""
    if not isinstance(found, dict):
        return "is no object"
    wrong = [key for key, kind in keys.items() if not isinstance(found.get(key, ...), kind)]
    return f"lacks: {', '.join(wrong)}" if wrong else None


def read(path):
    """A report; BenchError says what is wrong with the file."""
    try:
        found = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}; `make bench` writes a report") from error
    except ValueError as error:
        raise BenchError(f"{path}: not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("experiments"), list):
        raise BenchError(f"{path}: not a report: it has no list of experiments")
    for number, entry in enumerate(found["experiments"], 1):
        what = lacks(entry, ENTRY) or next(filter(None, (lacks(figure, FIGURE) for figure in entry["figures"])), None)
        if what:
            raise BenchError(f"{path}: not a report of this version: experiment {number} {what}")
    return found


def write_json(found, path):
    """Owned by the user who called sudo, or a file of root's from before would be in the way."""
    path.unlink(missing_ok=True)
    path.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n")


# ---- Text and Markdown ----

def state(entry):
    if "failed" in entry:
        return "failed: " + entry["failed"]
    return "skipped: " + entry["skipped"] if "skipped" in entry else ""


def text(entry):
    """For the terminal."""
    lines = [f"\n{entry['name']}: {entry['title']}"]
    if state(entry):
        lines.append(state(entry))
    if entry["figures"]:
        for table in tables.tables(entry):
            lines += [*tables.text(table), ""]
        lines.append(tables.LEGEND)
    return "\n".join(lines)


def machine_words(entry):
    found = entry["machine"]
    lines = found.get("line_ns", [])
    distance = f"; a cache line from core to core: {' to '.join(f'{line:.0f} ns' for line in lines)}" if lines else ""
    return f"{found['processor']}, {found['cores']} cores, Linux {found['kernel']}, commit {found['commit']}{distance}"


def markdown(found):
    """Tables for docs/performance.md."""
    parts = [f"Tables: {tables.LEGEND}", ""]
    for entry in found["experiments"]:
        parts += [f"### {entry['name']}: {entry['title']}", "", f"Claim: {entry['claim']}", ""]
        parts += [f"`{entry['command']}`, {entry['date'][:10]}, {machine_words(entry)}.", ""]
        if state(entry):
            parts += [state(entry), ""]
        if entry["figures"]:
            parts += [line for table in tables.tables(entry) for line in tables.markdown(table)]
        for table in entry.get("tables", []):
            parts += [table["title"] + ":", "", *tables.markdown((2, table["rows"]))]
        parts += [f"* {name}: {what}" for name, what in entry["peers"].items()]
        parts += [f"* {note}" for note in entry["notes"]]
        parts += [""]
    return "\n".join(parts)


BEGIN, END = "<!-- run: bench/run --markdown -->", "<!-- end of run -->"


def write_into(found, path):
    """Puts the tables between the two marks of a document, in place of the run that stood there."""
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise BenchError(f"{path}: expected one line {BEGIN} and after it one line {END}: the tables go between")
    path.write_text(text[:text.index(BEGIN)] + BEGIN + "\n\n" + markdown(found) + "\n" + text[text.index(END):])


# ---- The page ----

def section(entry):
    parts = [f"<h2 id='{html.escape(entry['name'])}'>{html.escape(entry['title'])}</h2>",
             f"<p class=claim>{html.escape(entry['claim'])}</p>"]
    if state(entry):
        parts.append(f"<pre class=failed>{html.escape(state(entry))}</pre>")
    parts += [plots.svg(found) for found in entry["plots"]]
    if entry["figures"]:
        parts += [*map(tables.page, tables.tables(entry)), f"<p class=muted>{tables.LEGEND}</p>"]
    parts += [f"<details><summary>{html.escape(table['title'])}</summary>{tables.page((2, table['rows']))}</details>"
              for table in entry.get("tables", [])]
    if entry["peers"]:
        parts.append("<ul>" + "".join(f"<li><b>{html.escape(name)}</b>: {html.escape(what)}</li>"
                                      for name, what in entry["peers"].items()) + "</ul>")
    parts += [f"<p>{html.escape(note)}</p>" for note in entry["notes"]]
    parts.append(f"<p><code>{html.escape(entry['command'])}</code> <span class=muted>"
                 f"{html.escape(entry['date'])}; {html.escape(machine_words(entry))}</span></p>")
    return "\n".join(parts)


def page(found):
    entries = found["experiments"]
    links = " · ".join(f"<a href='#{html.escape(e['name'])}'>{html.escape(e['name'])}</a>" for e in entries)
    return ("<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>sDDF: experiments</title><style>{STYLE}</style>\n<h1>sDDF: experiments</h1><p>{links}</p>\n"
            + "\n".join(map(section, entries)) + "</html>\n")


def write_html(found, path):
    path.unlink(missing_ok=True)
    path.write_text(page(found))
