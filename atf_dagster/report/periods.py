"""Leaf of the report: periods as readers say them.

Belongs here: days and months in words, and from one period to another. Does not belong here: which periods there are
(`subjects`), codes in words (`words`).
"""

import datetime as dt
import re
from collections.abc import Collection
from itertools import pairwise

_DAY = r"\d{4}-\d{2}-\d{2}"
_ONE = re.compile(_DAY)
_TWO = re.compile(rf"({_DAY}) to ({_DAY})")
_SHORT = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b(?= \d{4})")
_MONTHS = tuple(dt.date(2000, month, 1).strftime("%B") for month in range(1, 13))
TO, DASH = " to ", "\u2013"
STEPS = {"annual": 366, "quarterly": 92, "monthly": 31, "weekly": 7, "daily": 1}
"""Frequency of a series -> days from the end of a period to the end of the next, at most."""
GAP = 1.5
"""So many steps apart there is a period missing between: years and quarters have not all the same days."""


def smallest_step(ends: Collection[dt.date]) -> int:
    """The smallest number of days between two of these ends; a year where there are no two."""
    return min((int((b - a).days) for a, b in pairwise(sorted(set(ends)))), default=STEPS["annual"])


def step(frequency: str | None, ends: Collection[dt.date]) -> int:
    """Days from one period of a series to the next: by its frequency, or less where its periods are closer."""
    return min(STEPS.get(frequency or "", smallest_step(ends)), smallest_step(ends))


def readable(label: str) -> str:
    """A period's label with its days in words.

    `2025-12-31` is `31 December 2025`; whole months are `December 2024 to February 2025`; short names of months are
    written out. Every other label is as it was.
    """
    if _ONE.fullmatch(label):
        day = _day(label)
        return _said(day) if day else label
    if found := _TWO.fullmatch(label):
        first, last = (_day(text) for text in found.groups())
        if first is None or last is None:
            return label
        if first.day == 1 and (last + dt.timedelta(days=1)).day == 1:
            months = [f"{_MONTHS[day.month - 1]} {day.year}" for day in (first, last)]
            return months[0] if months[0] == months[1] else TO.join(months)
        return f"{_said(first)}{TO}{_said(last)}"
    return _SHORT.sub(lambda found: next(name for name in _MONTHS if name.startswith(found[0][:3])), label)


def span(first: str, last: str) -> str:
    """From one label to another, with dashes within each so that one `to` is left. One period alone is itself."""
    if first == last:
        return readable(first)
    return TO.join(_joined(readable(label)) for label in (first, last))


def _joined(label: str) -> str:
    """The label with a dash within it, so that one `to` is left; spaces about it where its ends have some."""
    ends = label.split(TO)
    return (f" {DASH} " if any(" " in end for end in ends) else DASH).join(ends)


def _said(day: dt.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
