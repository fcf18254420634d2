# SPDX-License-Identifier: BSD-2-Clause
"""What moved between two reports. bench/compare has the rules in words."""
from .context import BenchError
from .figures import condition, identity, number

SAMPLES_ENOUGH = 8  # of fewer the spread is seen too narrow: three and three lie apart once in ten by chance
SAME_MACHINE = ("processor", "cores", "kernel", "compiler")


def moved(old, new, least):
    """Whether `new` stands apart from `old` by more than their noise. `least`: a share of the old value."""
    if old.get("exact") and new.get("exact"):
        return old["value"] != new["value"]
    gap = max(new["low"] - old["high"], old["low"] - new["high"])
    few = min(old["samples"], new["samples"]) < SAMPLES_ENOUGH
    apart = gap > (max(new["high"] - new["low"], old["high"] - old["low"]) if few else 0)
    if old["value"] == 0:
        return apart
    return apart and abs(new["value"] / old["value"] - 1) >= least


def direction(old, new):
    """"better", "worse", or "other" where neither is."""
    if new["better"] is None:
        return "other"
    return "better" if (new["value"] > old["value"]) == (new["better"] == "more") else "worse"


def by_identity(report):
    """{(experiment, identity): figure}; of an experiment that is there twice, the last."""
    return {(entry["name"], identity(figure)): figure
            for entry in report["experiments"] for figure in entry["figures"]}


def warnings(old, new):
    """Why times may differ though the code does not."""
    found = []
    olds = {entry["name"]: entry for entry in old["experiments"]}
    for entry in new["experiments"]:
        before = olds.get(entry["name"])
        if before is None:
            continue
        for key in SAME_MACHINE:
            was, now = before["machine"].get(key), entry["machine"].get(key)
            text = f"another {key}: {was} before, {now} now"
            if was != now and text not in found:
                found.append(text)
        if before.get("quick") != entry.get("quick"):
            found.append(f"{entry['name']}: one of the two was taken with --quick, from few samples")
        if "skipped" in entry and "skipped" not in before:
            found.append(f"{entry['name']}: skipped now: {entry['skipped']}")
    return found


def compare(old, new, least):
    """{"better", "worse", "other": [(experiment, old figure, new figure)], "gone", "fresh": [(experiment, figure)],
    "same": count, "warnings": [text], "failed": [experiment]}. Only experiments that both reports have are compared."""
    names = {entry["name"] for entry in old["experiments"]} & {entry["name"] for entry in new["experiments"]}
    if not names:
        raise BenchError("the two reports have no experiment in common")
    olds, news = by_identity(old), by_identity(new)
    broken = [{entry["name"] for entry in report["experiments"] if "failed" in entry} for report in (old, new)]
    found = {"better": [], "worse": [], "other": [], "same": 0, "warnings": warnings(old, new),
             "failed": sorted(broken[1] - broken[0]),
             "gone": [(key[0], olds[key]) for key in olds if key[0] in names and key not in news],
             "fresh": [(key[0], news[key]) for key in news if key[0] in names and key not in olds]}
    for key, figure in news.items():
        before = olds.get(key)
        if before is None:
            continue
        if before["unit"] != figure["unit"]:
            raise BenchError(f"{key[0]}, {figure['name']}: in {before['unit']} before, in {figure['unit']} now")
        if moved(before, figure, least):
            found[direction(before, figure)].append((key[0], before, figure))
        else:
            found["same"] += 1
    return found


def named(experiment, figure):
    words = ", ".join(part for part in (figure["contender"], condition(figure)) if part)
    return f"{experiment}: {figure['name']} of {words}"


def line(experiment, old, new):
    change = f" ({100 * (new['value'] / old['value'] - 1):+.0f} %)" if old["value"] else ""
    spread = "" if new.get("exact") else (f"; spread {number(old['low'])} to {number(old['high'])} before, "
                                          f"{number(new['low'])} to {number(new['high'])} now")
    return f"  {named(experiment, new)}: {number(old['value'])} -> {number(new['value'])} {new['unit']}{change}{spread}"


def text(found, with_all=False):
    """Lines for people; the last counts."""
    lines = [f"note: {warning}" for warning in found["warnings"]]
    lines += [f"{experiment}: fails now, which it did not before" for experiment in found["failed"]]
    for kind in ("worse", "better") + (("other",) if with_all else ()):
        if found[kind]:
            lines.append({"worse": "worse:", "better": "better:", "other": "moved, neither for better nor worse:"}[kind])
            lines += [line(*entry) for entry in found[kind]]
    for kind, title in (("gone", "no longer measured:"), ("fresh", "new:")):
        if found[kind]:
            lines.append(title)
            lines += [f"  {named(*entry)}" for entry in found[kind]]
    lines.append(f"{len(found['worse'])} worse, {len(found['better'])} better, {len(found['other'])} moved otherwise, "
                 f"{found['same']} within the noise, {len(found['gone'])} gone, {len(found['fresh'])} new")
    return lines
