"""An indicator's figures as series: one an area and group of people, with a point a period.

Belongs here: reading the figures, and what stands beside each. Does not belong here: the indicator's metadata
(`cards`), the cube (`json_stat`).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from atf_dagster.report import words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.reading import Row
from atf_dagster.sql import literal

KEY = "indicator_code area_code period_id sex age breakdown_type breakdown_value"
COLUMNS = f"{KEY} value lci_95 uci_95 status status_note derived_by vintage_id is_headline"
GROUP = ("sex", "age", "breakdown_type", "breakdown_value")
SOURCE = "vintage_id publisher release retrieved_at licence attribution origin origin_date"
TOTAL = "Total"


def figures(facts: Facts) -> dict[str, list[Row]]:
    """Indicator -> all rows of the answered areas, headline first, then by group, area and period."""
    codes = ", ".join(literal(code) for code in facts.area) or "null"
    places = {code: place for place, code in enumerate(facts.area)}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in facts.reading.read("fct_observation", COLUMNS, f"where area_code in ({codes})", f"{KEY} value status"):
        if row["indicator_code"] in facts.indicator:
            found[row["indicator_code"]].append(row)
    for code, rows in found.items():
        headline = _headline(facts, code)
        for row in rows:
            if row["is_headline"] is None:
                row["is_headline"] = row["breakdown_type"] == TOTAL and (row["sex"], row["age"]) in headline
        rows.sort(
            key=lambda row: (
                not row["is_headline"],
                row["breakdown_type"] != TOTAL,
                tuple(str(row[name]) for name in GROUP),
                places[row["area_code"]],
                row["period_id"].partition("/")[::-1],
            )
        )
    return dict(found)


def _headline(facts: Facts, code: str) -> set[tuple[str, str]]:
    """Sex and age of the newest headline figures, where the release does not mark headline rows."""
    newest = (facts.latest.get((code, area)) for area in facts.area)
    return {(row["sex"], row["age"]) for row in newest if row is not None}


def document(facts: Facts, indicator: Indicator, card: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The indicator with its figures: its metadata, areas, periods, sources and series.

    A point has value, lower and upper 95% limit (left out where there are none), status, and, where it is not normal,
    the status and its note in words; `source` is a place in the list of sources.
    """
    used = sorted({row["vintage_id"] for row in rows if row["vintage_id"] in facts.vintages})
    sources = {vintage: place for place, vintage in enumerate(used)}
    series: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        series[(*(row[name] for name in GROUP), row["area_code"])].append(row)
    return {
        "indicator": card,
        "areas": {area.code: area.name for area in facts.areas},
        "periods": {period: period_of(facts, period) for period in periods(rows)},
        "sources": [_source(facts.vintages[vintage]) for vintage in used],
        "series": [
            {
                "area_code": mine[0]["area_code"],
                **{name: mine[0][name] for name in GROUP},
                "is_headline": mine[0]["is_headline"],
                "points": [_point(facts, row, sources) for row in mine],
            }
            for mine in series.values()
        ],
    }


def periods(rows: Sequence[Row]) -> list[str]:
    """The periods of these rows, by their last day."""
    return sorted({row["period_id"] for row in rows}, key=lambda id: id.partition("/")[::-1])


def period_of(facts: Facts, period: str) -> dict[str, str]:
    """Label, first and last day."""
    start, _, end = period.partition("/")
    return {"label": facts.label(period), "start": start, "end": end}


def is_doubted(facts: Facts, row: Row) -> bool:
    """Whether a check doubts the figure; checks of series are about totals."""
    return row["breakdown_type"] == TOTAL and facts.doubts.on(row)


def _point(facts: Facts, row: Row, sources: dict[str, int]) -> dict[str, Any]:
    point: dict[str, Any] = {"period_id": row["period_id"], "value": row["value"]}
    if row["value"] is not None and row["lci_95"] is not None:
        point |= {"lower": row["lci_95"], "upper": row["uci_95"]}
    point["status"] = row["status"]
    if said := words.STATUSES.get(row["status"], str(row["status"]).replace("_", " ")):
        point["in_words"] = said
    if row["status_note"]:
        point["note"] = row["status_note"]
    if row["derived_by"]:
        point["derived_by"] = row["derived_by"]
    if is_doubted(facts, row):
        point["doubt"] = " ".join(doubt.said() for doubt in facts.doubts.of_figure(row))
    if row["vintage_id"] in sources:
        point["source"] = sources[row["vintage_id"]]
    return point


def _source(vintage: Row) -> dict[str, Any]:
    return {name: None if vintage[name] is None else str(vintage[name]) for name in SOURCE.split(" ")}
