"""Figures, absences and the sentences under charts, in words.

Belongs here: how a chart's figures are said. Does not belong here: where a figure stands (`parts`, the builders).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from atf_dagster.report import words

Row = Mapping[str, Any]
NOTHING, WITH_A_VALUE = "not_available", ("normal", "provisional", "revised", "estimated", "break")
"""The status of a figure that is not there without a reason; statuses that do not replace a value."""
MINUS = "\u2212"
HYPHENS = re.compile(r"(?<![\w/.)-])-(?=\d)")


def number(value: float, decimals: int) -> str:
    """The figure with its decimals, commas at thousands, a true minus sign, and no minus before a zero."""
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def minus(text: str) -> str:
    """The text with true minus signs before its numbers."""
    return HYPHENS.sub(MINUS, text)


def figure(value: float, unit: str, decimals: int) -> str:
    """The figure with its unit as it is read: 12.3%, £1,200, 78.1 years."""
    text = number(value, decimals)
    if unit.startswith("%"):
        return f"{text}{unit}"
    if unit == "£":
        return f"{MINUS}£{text[1:]}" if text.startswith(MINUS) else f"£{text}"
    return f"{text} {unit}".strip()


def absence(row: Row) -> str:
    """Why a row has no figure: its status in words, and its reason in words where there is one."""
    status = str(row.get("status") or NOTHING)
    return words.status(NOTHING if status in WITH_A_VALUE else status)


def shown(row: Row, unit: str, decimals: int) -> str:
    """The cell of the figure: the figure, or the word for its absence."""
    value = row.get("value")
    return absence(row) if value is None else figure(value, unit, decimals)


def note(row: Row) -> str:
    """What stands beside a figure: estimated, provisional, a break, and the reason in words."""
    status = words.status(row.get("status"))
    said = [status] if row.get("value") is not None and status else []
    if reason := row.get("reason"):
        said.append(str(reason))
    if row.get("doubted"):
        said.append("a check doubts this figure")
    return ": ".join(said)


def limits(row: Row, decimals: int) -> str:
    """The 95% limits as text, or a dash with a word where there are none."""
    low, high = row.get("lci_95"), row.get("uci_95")
    if low is None or high is None:
        return "none"
    return f"{number(low, decimals)} to {number(high, decimals)}"


def listed(names: Iterable[str]) -> str:
    """a, b and c; with semicolons where a name has a comma of its own."""
    every = list(names)
    if len(every) > 1 and any("," in name for name in every):
        return "; ".join(every)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else ""


def extremes(rows: Sequence[Row], unit: str, decimals: int, name: str = "area_name") -> str:
    """Who is highest and who lowest. Equal figures as they are shown are named together; at most three names."""
    values = [row for row in rows if row.get("value") is not None]
    if not values:
        return "There is no figure to draw."
    if len(values) == 1:
        return f"The only figure is {values[0][name]}'s: {shown(values[0], unit, decimals)}."
    high, low = max(row["value"] for row in values), min(row["value"] for row in values)
    highest = [str(r[name]) for r in values if number(r["value"], decimals) == number(high, decimals)]
    lowest = [str(r[name]) for r in values if number(r["value"], decimals) == number(low, decimals)]
    if number(high, decimals) == number(low, decimals):
        return f"All figures are {figure(high, unit, decimals)}."
    return (
        f"Highest: {_few(highest)} ({figure(high, unit, decimals)}). "
        f"Lowest: {_few(lowest)} ({figure(low, unit, decimals)})."
    )


def _few(names: Sequence[str]) -> str:
    return listed(names) if len(names) <= 3 else f"{len(names)} areas"


def absences(rows: Sequence[Row], name: str = "area_name") -> str:
    """Who has no figure, and why; nothing where all have one."""
    why: dict[str, list[str]] = {}
    for row in rows:
        if row.get("value") is None:
            reason = f"{absence(row)}, {row['reason']}" if row.get("reason") else absence(row)
            why.setdefault(reason.rstrip("."), []).append(str(row[name]))
    return " ".join(f"No figure for {listed(dict.fromkeys(names))}: {reason}." for reason, names in why.items())


def judged(rows: Sequence[Row], against: str = "England") -> str:
    """How many are better, similar and worse; nothing where none is judged."""
    counts = {word: sum(row.get("outcome_judged") == word for row in rows) for word in ("better", "similar", "worse")}
    if not any(counts.values()):
        return ""
    said = [f"{count} {word}" for word, count in counts.items() if count]
    return f"Compared with {against}: {listed(said)}."


def joined(*sentences: str) -> str:
    """The sentences that say something, one after another."""
    return " ".join(sentence for sentence in sentences if sentence)
