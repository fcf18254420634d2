# SPDX-License-Identifier: BSD-2-Clause
"""A figure: what one contender reached under one condition, as median and spread of its samples."""
import math
import statistics

BETTER = ("more", "less", None)  # None: neither; what is counted to explain another figure


def spread(values):
    """Median, tenth and ninetieth percentile; of few values the least and the greatest."""
    values = sorted(values)
    last = len(values) - 1
    return statistics.median(values), values[round(last * 0.1)], values[round(last * 0.9)]


def figure(name, contender, samples, unit, better=None, *, exact=False, headline=False, goal=None,
           **where):
    """`samples`: numbers, one or more. `name` says what is measured, `where` under which condition
    (rate=..., burst=...); name, contender and where together are unique in an experiment and the same
    in each run, since bench/compare finds by them what to compare. `exact`: a count that is the same
    each time, so that any change is one. `headline`: shown in the report's table, not only kept in its
    data. `goal`: what is to be reached."""
    samples = list(samples)
    if not samples:
        raise ValueError(f"{name} of {contender}, {where}: there is no sample")
    if better not in BETTER:
        raise ValueError(f"{name}: better is {better!r}; it may be 'more', 'less' or None")
    value, low, high = spread(samples)
    found = {"name": name, "contender": contender, "where": where, "unit": unit, "better": better,
             "value": value, "low": low, "high": high, "samples": len(samples)}
    found.update({key: True for key, is_set in (("exact", exact), ("headline", headline)) if is_set})
    if goal is not None:
        found["goal"] = goal
    return found


def ratios(name, contender, samples, base, base_samples, better="more", **options):
    """The figure of `samples` by `base_samples`, round by round, so that what moved both moves it little."""
    return figure(name, contender, [a / b for a, b in zip(samples, base_samples)], f"times {base}",
                  better, **options)


def identity(found):
    """What makes a figure the same in two reports."""
    return (found["name"], found["contender"], tuple(sorted((k, str(v)) for k, v in found["where"].items())))


def reached(found):
    """Whether a figure reaches its goal; None if it has none."""
    if "goal" not in found:
        return None
    return found["value"] <= found["goal"] if found["better"] == "less" else found["value"] >= found["goal"]


def number(value):
    """A value for people: three digits that say something, or all digits before the point."""
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"


def condition(found):
    """Where a figure holds, in words. Words speak for themselves, numbers need their name."""
    return ", ".join(value if isinstance(value, str) else f"{key.replace('_', ' ')} {number(value)}"
                     for key, value in found["where"].items())
