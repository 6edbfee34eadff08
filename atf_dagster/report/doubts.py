"""Which figures a failed check doubts, and what it says of them.

Belongs here: reading the samples of the mart's failed checks, finding the doubts of one figure. Does not belong here:
the checks (`quality`), the page of all checks (`quality_page`).
"""

import json
from dataclasses import dataclass

from atf_dagster.report.facts import Facts
from atf_dagster.report.reading import Row

MADE_OF_COUNCILS = ("council", "subregion")
ADVICE = "Do not report it before it is confirmed."


@dataclass(frozen=True)
class Doubt:
    """What one failed check says. area, period, sex, age: None where the check names none."""

    indicator: str
    area: str | None
    period: str | None
    sex: str | None
    age: str | None
    told: str

    def touches(self, row: Row) -> bool:
        """Whether it may be about this figure: what the check names agrees with it."""
        named = ((self.area, "area_code"), (self.period, "period_id"), (self.sex, "sex"), (self.age, "age"))
        return all(mine is None or mine == row[name] for mine, name in named)


def of_indicator(facts: Facts, code: str) -> list[Doubt]:
    """All doubts about figures of an indicator, of whatever period."""
    found = []
    for check in facts.failed_checks:
        for entry in _sample(check):
            if entry.get("indicator_code") == code:
                found.append(_doubt(facts, check, entry))
    return found


def of_figure(facts: Facts, row: Row) -> list[Doubt]:
    """The doubts about a figure; row: of vw_latest.

    A check that names no area is of councils, and so of what is put together from them; not of the region or England.
    """
    return [
        doubt
        for doubt in of_indicator(facts, row["indicator_code"])
        if doubt.touches(row) and (doubt.area or facts.area[row["area_code"]].type in MADE_OF_COUNCILS)
    ]


def forbids(doubts: list[Doubt]) -> bool:
    """Whether a figure must not be reported: a check doubts it, and not only some period of its series."""
    return any(doubt.period is not None for doubt in doubts)


def said(doubt: Doubt, what: str = "this figure") -> str:
    """The doubt as it stands beside its figure. what: what is doubted, where it stands elsewhere."""
    if doubt.period is None:
        return f"A check doubts a figure of this series, and does not say of which period: {doubt.told}"
    return f"A check doubts {what}: {doubt.told} {ADVICE}"


def _sample(check: Row) -> list[dict[str, object]]:
    try:
        rows = json.loads(check["sample"] or "[]")
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _doubt(facts: Facts, check: Row, entry: dict[str, object]) -> Doubt:
    def named(name: str) -> str | None:
        return str(entry[name]) if entry.get(name) else None

    area = facts.area.get(named("area_code") or "")
    told = named("told")
    if told is None:
        where = f" for {area.name}" if area else ""
        told = f"it failed \u201c{str(check['expectation']).replace('_', ' ')}\u201d{where}."
    return Doubt(str(entry["indicator_code"]), named("area_code"), named("period_id"), named("sex"), named("age"), told)
