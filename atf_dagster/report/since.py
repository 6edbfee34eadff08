"""What changed since the release that readers had before, as the release itself says it (`fct_change`).

Belongs here: which release that was, counts and rows of what changed, cautions about them, the feed's entries by
release. Does not belong here: when figures came into force (`changed`), finding what changed (`release.history`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atf_dagster.report import words
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Figure
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Cell, Column, Table, figure, text

FIRST = "This is the first release; there is nothing to compare it with."
NO_LIST = (
    "This release has no list of the releases before it, so that changes are shown by the day on which figures "
    "came into force."
)
NOT_COMPARED = "The release before could not be read when this one was made, so that nothing is compared with it."
MOST_ROWS = 400
KINDS = {
    "new": ("figure new", "figures new"),
    "revised": ("figure revised", "figures revised"),
    "withdrawn": ("figure withdrawn", "figures withdrawn"),
    "comparison": ("figure compared otherwise", "figures compared otherwise"),
}
"""Kinds of `fct_change`, each with its words for one and for several."""
HOW = {
    "new": "new",
    "revised": "revised",
    "withdrawn": "withdrawn",
    "comparison": "the same figure, compared otherwise",
}
NOT_REPEATED = {
    "hidden_now": "not repeated: the figure is hidden now",
    "not_in_history": "not repeated: something is hidden in the period",
}


def release_before(facts: Facts) -> tuple[dt.datetime | None, str]:
    """When the release before this one was made, and words where the release does not say it."""
    rows = facts.releases
    own = next((row for row in rows if row["version"] == facts.about.version), None)
    if own is not None and own["compared_with"] is not None:
        found = next((row for row in rows if row["version"] == own["compared_with"]), None)
        return (found["built_at"], "") if found is not None else (None, NO_LIST)
    if own is not None and len(rows) > 1:
        return None, NOT_COMPARED
    if rows or (facts.about.number == 1 and len({row["day"] for row in facts.arrivals}) <= 1):
        return None, FIRST
    return None, NO_LIST


def counted(rows: Sequence[Row]) -> str:
    """How many figures are new, revised, withdrawn or compared otherwise, of how many indicators."""
    if not rows:
        return "Nothing changed."
    named = len({row["indicator_code"] for row in rows})
    return f"{_counts(Counter(row['change'] for row in rows))}, of {words.counted(named, 'indicator')}."


def _counts(found: Counter[str]) -> str:
    return words.listed([words.counted(found[kind], *said) for kind, said in KINDS.items() if found[kind]])


def cautions(rows: Sequence[Row]) -> list[str]:
    """What must be known before a difference is called news."""
    said = []
    if any(row["is_other_mode"] for row in rows):
        said.append(
            "One of the two releases was made from the bundled figures and the other from publishers' own answers, so "
            "that differences are no news."
        )
    if any(row["made_by_other_code"] for row in rows):
        said.append(
            "Models or programs changed between the two releases: a difference may come from them and not from a "
            "publisher."
        )
    elif rows and all(row["made_by_other_code"] is None for row in rows):
        said.append("The release before does not say by which models and programs it was made.")
    return said


def by_indicator(facts: Facts, rows: Sequence[Row]) -> Figure:
    """How many figures of each indicator changed, and its new periods."""
    columns = (
        Column("indicator", "Indicator"),
        Column("new_periods", "New periods"),
        *(Column(f"n_{kind}", said[1].removeprefix("figures ").capitalize(), True) for kind, said in KINDS.items()),
    )
    cells = []
    for code in sorted({row["indicator_code"] for row in rows}):
        counts = Counter(row["change"] for row in rows if row["indicator_code"] == code)
        periods = ", ".join(facts.label(id) for id in facts.new_periods.get(code, ()))
        cells.append(
            [_indicator(facts, code), text(periods or None), *(text(counts[kind], "number") for kind in KINDS)]
        )
    title = "Figures that changed, by indicator"
    return Figure("since", title, counted(rows), Table("since", title, columns, cells))


def figures(facts: Facts, rows: Sequence[Row]) -> Figure | None:
    """The figures that were there before and changed, with what they were; None where only new ones came."""
    changed = [row for row in rows if row["change"] != "new"]
    if not changed:
        return None
    # What is compared otherwise first, because it is what a reader would say of a place.
    changed.sort(key=lambda row: not (row["comparison_changed"] or row["trend_changed"]))
    said = f"{words.counted(len(changed), 'figure')} that the release before had."
    if len(changed) > MOST_ROWS:
        said += f" The first {MOST_ROWS} are shown; fct_change in the release has all."
    columns = (
        Column("indicator", "Indicator"),
        Column("area", "Area"),
        Column("period", "Period"),
        Column("group", "Whom"),
        Column("change", "Change"),
        Column("old_value", "Value before", True),
        Column("new_value", "Value now", True),
        Column("old_status", "Status before"),
        Column("new_status", "Status now"),
        Column("effect", "What changed with it"),
    )
    title = "What they were and what they are"
    table = Table("since-figures", title, columns, [_row(facts, row) for row in changed[:MOST_ROWS]])
    return Figure("since-figures", title, said, table)


def _row(facts: Facts, row: Row) -> list[Cell]:
    area = row["area_code"]
    places = facts.indicator[row["indicator_code"]].decimals
    return [
        _indicator(facts, row["indicator_code"]),
        text(facts.area[area].name, "", f"areas/{area}.html"),
        text(facts.label(row["period_id"])),
        text(group(row)),
        text(HOW[row["change"]]),
        figure(row["old_value"], places, absent=_absent(row["old_status"], row["old_value_reason"])),
        figure(row["new_value"], places, absent=_absent(row["new_status"])),
        text(words.status(row["old_status"])),
        text(words.status(row["new_status"])),
        text(effect(facts, row)),
    ]


def _absent(status: str | None, reason: str | None = None) -> str:
    return NOT_REPEATED.get(reason or "") or words.STATUSES.get(status or "") or words.NO_FIGURE[1]


def _indicator(facts: Facts, code: str) -> Cell:
    return text(facts.indicator[code].name, "", f"indicators/{code}.html")


def group(row: Row) -> str:
    """Of whom a figure is: sex, age and breakdown."""
    whom = [row["sex"], row["age"]]
    if row["breakdown_type"] != "Total":
        whom.append(f"{row['breakdown_type']}: {row['breakdown_value']}")
    return ", ".join(str(part) for part in whom if part)


def effect(facts: Facts, row: Row) -> str:
    """What changed with a figure: its comparison with England, its trend. row: of fct_change or fct_revision."""
    if facts.doubts.forbid(row):
        return words.REASONS[words.IN_DOUBT_REASON]
    said = []
    for what, name, changed in (
        ("beside England", "outcome_statistical", row["comparison_changed"]),
        ("trend", "trend", row["trend_changed"]),
    ):
        if changed:
            old, new = ((row[f"{when}_{name}"] or "not known").replace("_", " ") for when in ("old", "new"))
            said.append(f"{what}: {old} became {new}")
    return "; ".join(said)


def old_and_new(facts: Facts, row: Row) -> str:
    """`62.8 became 63.1 (beside England: lower became similar)`. row: of fct_change or fct_revision."""
    places = facts.indicator[row["indicator_code"]].decimals
    old = words.number(row["old_value"], places) or _absent(row["old_status"], row.get("old_value_reason"))
    new = words.number(row["new_value"], places) or _absent(row["new_status"])
    said = effect(facts, row)
    return f"{old} became {new}" + (f" ({said})" if said else "")


@dataclass(frozen=True)
class Entry:
    """One entry of the feed. id: what it is made of. updated: a moment, UTC."""

    id: str
    title: str
    updated: str
    summary: str
    items: tuple[str, ...]


def entries(facts: Facts) -> list[Entry]:
    """One entry a release, newest first; of this release with what changed in it."""
    found = []
    for row in reversed(facts.releases):
        if row["built_at"] is None:
            continue
        counts = Counter({kind: row[f"n_{kind}"] or 0 for kind in KINDS})
        said = "what changed is not recorded" if row["n_new"] is None else _counts(counts) or "no figure changed"
        own = row["version"] == facts.about.version
        changed = (facts.changes or []) if own else []
        found.append(
            Entry(
                id=f"release {row['version']}",
                title=f"{words.day(row['built_at'])}: {said}",
                updated=f"{row['built_at']:%Y-%m-%dT%H:%M:%SZ}",
                summary=" ".join([f"Release {row['version']} ({row['mode']}), all areas: {said}.", *cautions(changed)]),
                items=tuple(_items(facts, changed)),
            )
        )
    return found


def _items(facts: Facts, rows: Sequence[Row]) -> list[str]:
    codes = {row["indicator_code"] for row in rows}
    items = [
        f"{facts.indicator[code].name}: new period {', '.join(facts.label(id) for id in ids)}"
        for code, ids in facts.new_periods.items()
        if code in codes
    ]
    items += [
        f"{facts.indicator[row['indicator_code']].name}, {facts.area[row['area_code']].name}, "
        f"{facts.label(row['period_id'])}, {group(row)}: {old_and_new(facts, row)}"
        for row in rows
        if row["change"] != "new"
    ][:MOST_ROWS]
    return items


def rows_of(facts: Facts, area: str) -> list[dict[str, Any]]:
    """What changed in one area."""
    return [row for row in facts.changes or () if row["area_code"] == area]
