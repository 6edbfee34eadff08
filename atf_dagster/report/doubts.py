"""Which figures of a release a failed check doubts, and what it says of them.

Belongs here: what samples of failed checks name, as points of charts (`Doubts`) and in words (`Doubt`). Does not belong
here: checking (`quality`), the page of all checks (`quality_page`), how a chart marks such a figure.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atf_dagster.report.reading import Row

if TYPE_CHECKING:
    from atf_dagster.report.facts import Facts

SAID = "a check doubts this figure"
SEVERITIES = ("warning", "critical")
KEYS = ("indicator_code", "area_code", "period_id", "sex", "age")
ZEROS = "zero_"
"""How names of checks begin that doubt the zeros of a series, and so name no period."""
MADE_OF_COUNCILS = ("council", "subregion")
ADVICE = "Do not report it before it is confirmed."


class Doubts:
    """The doubted points of one release.

    rows: of quality_result, with expectation, severity, success and sample (JSON: a list of the rows that failed).
    councils: area codes; a sample without an area is of all councils. A sample that names neither a period nor zeros
    doubts no point.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], councils: Collection[str]) -> None:
        self._councils = frozenset(councils)
        self._found: list[tuple[dict[str, str], bool]] = []
        for row in rows:
            if row["success"] is not False or row["severity"] not in SEVERITIES:
                continue
            of_zeros = str(row["expectation"]).startswith(ZEROS)
            for named in _samples(row["sample"]):
                key = {name: str(named[name]) for name in KEYS if named.get(name) is not None}
                if "indicator_code" in key and ("period_id" in key or of_zeros):
                    self._found.append((key, of_zeros and "period_id" not in key))

    def on(self, figure: Mapping[str, Any]) -> bool:
        """Whether a check doubts this figure. figure: value and KEYS, of which it may lack some."""
        if figure["value"] is None:
            return False
        return any(self._names(key, figure) and (figure["value"] == 0 or not zeros) for key, zeros in self._found)

    def _names(self, key: Mapping[str, str], figure: Mapping[str, Any]) -> bool:
        if "area_code" not in key and figure["area_code"] not in self._councils:
            return False
        return all(figure.get(name) is None or str(figure[name]) == said for name, said in key.items())


def _samples(text: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


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


def of_indicator(facts: "Facts", code: str) -> list[Doubt]:
    """All doubts about figures of an indicator, of whatever period."""
    found = []
    for check in facts.failed_checks:
        for entry in _samples(check["sample"]):
            if entry.get("indicator_code") == code:
                found.append(_doubt(facts, check, entry))
    return found


def of_figure(facts: "Facts", row: Row) -> list[Doubt]:
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


def _doubt(facts: "Facts", check: Row, entry: dict[str, object]) -> Doubt:
    def named(name: str) -> str | None:
        return str(entry[name]) if entry.get(name) else None

    area = facts.area.get(named("area_code") or "")
    told = named("told")
    if told is None:
        where = f" for {area.name}" if area else ""
        told = f"it failed \u201c{str(check['expectation']).replace('_', ' ')}\u201d{where}."
    return Doubt(str(entry["indicator_code"]), named("area_code"), named("period_id"), named("sex"), named("age"), told)
