"""The scorecard's rows: one cell an area, and the numbered notes that say what a cell's sign leaves out.

Belongs here: signs, classes and notes of the heat table. Does not belong here: the rest of the overview (`overview`),
why an indicator has no figure anywhere (`overview.absence`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from atf_dagster.report import age, standing, words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.reading import Row


@dataclass(frozen=True)
class HeatCell:
    """One area's newest figure. period, then: only where it is not England's newest one. notes: numbers of notes."""

    value: str
    sign: str
    word: str
    kind: str
    arrow: str = ""
    trend: str = ""
    is_old: bool = False
    period: str = ""
    then: str = ""
    publisher: str = ""
    notes: tuple[int, ...] = ()


@dataclass(frozen=True)
class HeatRow:
    """One indicator; without any figure `cells` is empty and `absence` says why."""

    indicator: Indicator
    period: str
    cells: tuple[HeatCell, ...]
    absence: str
    notes: tuple[int, ...] = ()


@dataclass
class Note:
    """What stands below a table. row: the indicator whose row it is about; without areas, all of the row."""

    number: int
    row: Indicator
    said: str
    areas: list[str] = field(default_factory=list)
    where: str = ""


@dataclass(frozen=True)
class Heat:
    """One principle's table with its notes."""

    principle: str
    rows: list[HeatRow]
    notes: list[Note]


def tables(facts: Facts, absence: Callable[[Facts, Indicator], str]) -> list[Heat]:
    """One table a principle: its beacon indicators, each followed by its proxies."""
    found: dict[str, Heat] = {}
    for indicator in facts.indicators:
        if indicator.kind == "beacon":
            principle = indicator.principle or "No principle"
            heat = found.setdefault(principle, Heat(principle, [], []))
            for one in (indicator, *facts.proxies(indicator.code)):
                heat.rows.append(_row(facts, one, heat.notes, absence))
    for heat in found.values():
        for note in heat.notes:
            note.where = _where(facts, note.areas)
    return list(found.values())


def _where(facts: Facts, names: list[str]) -> str:
    """Areas in few words: all councils are not named one by one."""
    councils = [area.name for area in facts.areas if area.is_council]
    if len(councils) > 1 and set(councils) <= set(names):
        return ", ".join(["all councils", *(name for name in names if name not in councils)])
    return ", ".join(names)


def _row(facts: Facts, indicator: Indicator, notes: list[Note], absence: Callable[[Facts, Indicator], str]) -> HeatRow:
    rows = [facts.latest.get((indicator.code, area.code)) for area in facts.areas]
    known = [row for row in rows if row is not None and row["value"] is not None]
    if not known:
        return HeatRow(indicator, "", (), absence(facts, indicator))
    england = [row for row in known if facts.england and row["area_code"] == facts.england.code]
    common = max((row["period_id"] for row in england or known), key=lambda id: id.partition("/")[::-1])
    of_row: tuple[int, ...] = ()
    if indicator.card["chance_note"] and any(row["outcome_judged"] for row in known):
        said = f"compared by the 95% limits, which is no test of chance: {indicator.card['chance_note']}"
        of_row = (_noted(notes, indicator, said, ""),)
    cells = tuple(
        _cell(facts, indicator, area, row, common, notes) for area, row in zip(facts.areas, rows, strict=True)
    )
    return HeatRow(indicator, facts.label(common), cells, "", of_row)


def _cell(facts: Facts, indicator: Indicator, area: Area, row: Row | None, common: str, notes: list[Note]) -> HeatCell:
    if row is None or row["value"] is None:
        why = standing.state(facts, indicator.code, area.code)
        return HeatCell("", *words.NO_FIGURE, "absent", notes=(_noted(notes, indicator, why, area.name),))
    sign, word = words.judged(row["outcome_judged"])
    arrow, trend = words.trend(row["trend"], row["trend_judged"])
    said = [doubt.said() for doubt in facts.doubts.of_figure(row)]
    is_england = area == facts.england
    kind = "benchmark" if is_england else word.replace(" ", "-")
    publisher = ""
    if standing.is_doubted(facts, row):
        (sign, word), kind = words.IN_DOUBT, "doubted"
    elif is_england:
        sign, word = "", "the benchmark"
    elif row["outcome_judged"] is None:
        said.append(standing.unjudged(row))
        publisher = str(row["publisher_outcome"] or "")
    if row["status"] and words.STATUSES.get(row["status"], row["status"]):
        said.append(str(words.STATUSES.get(row["status"], row["status"])))
    said += age.newer_without_value(facts, row)
    is_other = row["period_id"] != common
    then = words.number(row["england_value"], indicator.decimals)
    return HeatCell(
        value=words.number(row["value"], indicator.decimals),
        sign=sign,
        word=word,
        kind=f"{kind} other-period" if is_other else kind,
        arrow=arrow,
        trend=trend,
        is_old=age.is_old(facts, row),
        period=str(row["period"]) if is_other else "",
        then=(f"England then {then}" if then else "England has no figure then") if is_other else "",
        publisher=publisher,
        notes=tuple(_noted(notes, indicator, one, area.name) for one in said),
    )


def _noted(notes: list[Note], indicator: Indicator, said: str, area: str) -> int:
    """The number of a note of this row; the same words of two areas are one note."""
    for note in notes:
        if note.row == indicator and note.said == said:
            note.areas.append(area)
            return note.number
    notes.append(Note(len(notes) + 1, indicator, said, [area] if area else []))
    return len(notes)
