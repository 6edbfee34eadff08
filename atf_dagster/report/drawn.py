"""Charts of the pages: rows of the mart as the builders of `charts` want them.

Belongs here: which rows and words a chart gets. Does not belong here: marks, colours, scales (`charts`), the table
below a chart (the pages).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.report import periods, words
from atf_dagster.report.charts import (
    Chart,
    bars_of_areas,
    bars_of_groups,
    dots_of_councils,
    history,
    map_of_councils,
    maps,
    series_of_areas,
)
from atf_dagster.report.charts import spine as spine_of_area
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.measures import of_difference
from atf_dagster.report.reading import Row


def _named(facts: Facts, row: Row) -> dict[str, Any]:
    """One figure with the names that every builder knows."""
    area = facts.area.get(row["area_code"])
    why = row.get("not_compared_reason") if row["value"] is not None else row.get("coverage_reason")
    return {
        "area_code": row["area_code"],
        "area_name": area.name if area else row["area_code"],
        "value": row["value"],
        "status": row["status"],
        "lci_95": row["lci_95"],
        "uci_95": row["uci_95"],
        "outcome_judged": row.get("outcome_judged"),
        "outcome_statistical": row.get("outcome_statistical"),
        "reason": words.reason(why),
    }


def _england(facts: Facts, rows: Sequence[Row], period: str | None) -> float | None:
    """England's figure, where it is of the one period that the chart shows."""
    if facts.england is None or period is None:
        return None
    return next((row["value"] for row in rows if row["area_code"] == facts.england.code), None)


def _period(rows: Sequence[Row]) -> str | None:
    """The period of all figures; None where they are of several."""
    found = {row["period"] for row in rows if row["value"] is not None}
    return str(found.pop()) if len(found) == 1 else None


def bars(facts: Facts, indicator: Indicator, id: str, title: str, rows: Sequence[Row]) -> Chart | None:
    """Councils, Cheshire and Merseyside and North West with limits and England's line. rows: of vw_latest."""
    beside = [row for row in rows if row["area_code"] in facts.area and facts.area[row["area_code"]] != facts.england]
    if not any(row["value"] is not None for row in beside):
        return None
    period = _period(rows)
    # Areas of different periods stand side by side only with their period beside their figure.
    named = [{**_named(facts, row), "period": "" if period else row["period"]} for row in beside]
    return bars_of_areas(
        id=id,
        title=title,
        rows=named,
        unit=indicator.unit,
        decimals=indicator.decimals,
        period=period or "",
        england=_england(facts, rows, period),
    )


def series(
    facts: Facts, indicator: Indicator, id: str, title: str, rows: Sequence[Row], focus: Sequence[str] = ()
) -> Chart | None:
    """Lines over time with breaks as gaps. rows: of fct_observation. focus: names of areas that are coloured."""
    known = []
    for row in rows:
        period = facts.periods.get(row["period_id"])
        if period is not None and period.end is not None:
            known.append(
                {**_named(facts, row), "reason": "", "period": period.label, "period_end": period.end}
                | {"doubted": facts.doubts.on(row)}
            )
    if sum(row["value"] is not None for row in known) < 2:
        return None
    breaks = [row for row in facts.breaks.get(indicator.code, []) if row["is_break"] and row["first_day"]]
    return series_of_areas(
        id=id,
        title=title,
        rows=known,
        unit=indicator.unit,
        decimals=indicator.decimals,
        breaks=breaks,
        benchmark=facts.england.name if facts.england else "England",
        focus=focus,
        step=periods.step(indicator.card["frequency"], {row["period_end"] for row in known}),
    )


def is_compared(facts: Facts, rows: Mapping[str, Row]) -> bool:
    """Whether the colours of the map of these rows are comparisons with England. rows: of vw_latest, by area."""
    return maps.is_compared(_on_map(facts, rows))


def classes(facts: Facts, indicator: Indicator, rows: Mapping[str, Row]) -> dict[str, str]:
    """Area -> the band of its figure on a map that compares nothing. rows: of vw_latest, by area."""
    return maps.bands(_on_map(facts, rows), indicator.unit, indicator.decimals)


def _on_map(facts: Facts, rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    return [_named(facts, rows[area.code]) for area in facts.areas if area.is_council and area.code in rows]


def outlines(facts: Facts, indicator: Indicator, id: str, title: str, rows: Mapping[str, Row]) -> Chart | None:
    """The councils on a map. rows: of vw_latest, by area."""
    councils = _on_map(facts, rows)
    if not any(row["value"] is not None for row in councils):
        return None
    period = _period(list(rows.values()))
    return map_of_councils(
        id=id,
        title=title,
        rows=councils,
        boundaries={row["area_code"]: row["geometry"] for row in facts.boundaries},
        unit=indicator.unit,
        decimals=indicator.decimals,
        period=period or "",
        england=_england(facts, list(rows.values()), period),
    )


def groups(facts: Facts, indicator: Indicator, id: str, title: str, rows: Sequence[Row], by: str) -> Chart | None:
    """Groups of people beside each other. rows: of one period each; by: the column with the group."""
    named = [{**_named(facts, row), "group": str(row[by])} for row in rows]
    if not any(row["value"] is not None for row in named):
        return None
    return bars_of_groups(
        id=id,
        title=title,
        rows=named,
        unit=indicator.unit,
        decimals=indicator.decimals,
        by="Sex" if by == "sex" else "Free school meals",
    )


def revised(facts: Facts, indicator: Indicator, id: str, title: str, rows: Sequence[Row]) -> Chart | None:
    """The figure that was revised most often, from when on it was what. rows: of fct_revision, newest first."""
    keys = ("area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
    by_figure: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        by_figure.setdefault(tuple(row[key] for key in keys), []).append(row)
    most = max(by_figure.values(), key=len, default=[])
    if not most:
        return None
    oldest = most[-1]
    steps = [
        {"valid_from": row["seen_at"], "value": row["new_value"], "change": "revised", "status": row["new_status"]}
        for row in most
    ]
    first = facts.first_seen(oldest)
    if first is not None:
        was = {"value": oldest["old_value"], "change": "new", "status": oldest["old_status"]}
        steps.append({"valid_from": first, **was})
    area, period = facts.area[oldest["area_code"]].name, facts.label(oldest["period_id"])
    said = f"{title}: {area}, {period}, the figure that was revised most often"
    return history(id=id, title=said, rows=steps, unit=indicator.unit, decimals=indicator.decimals)


SPINE = (
    "value",
    "status",
    "lowest",
    "lower_quartile",
    "upper_quartile",
    "highest",
    "outcome_judged",
    "outcome_statistical",
    "period",
)


def spine(facts: Facts, area: Area, rows: Sequence[Mapping[str, Any]]) -> Chart | None:
    """An area's indicators among the councils of England. rows: of vw_latest and fct_quintile, with `indicator`."""
    if not rows:
        return None
    named = [
        {
            **{key: row[key] for key in SPINE},
            "name": row["indicator"].named(row["sex"]),
            "is_proxy": row["indicator"].kind == "proxy",
            "unit": row["indicator"].unit,
            "decimals": row["indicator"].decimals,
            "polarity": row["indicator"].card["polarity"],
            "england": row["england_value"],
            "reason": words.reason(row["not_compared_reason"]),
        }
        for row in rows
    ]
    return spine_of_area(
        id="spine",
        title=f"{area.name} among the councils of England",
        rows=named,
    )


def dots(facts: Facts, id: str, title: str, rows: Sequence[Row]) -> Chart | None:
    """Differences by council against none. rows: of vw_question_points, of one outcome."""
    if not any(row["difference"] is not None for row in rows):
        return None
    indicator = facts.indicator.get(rows[0]["indicator_code"])
    unit = str(rows[0]["unit"] or "")
    beside = {row["beside"] for row in rows if row["difference"] is not None}
    axis = "Difference from England" if beside == {"England"} else "Change since the earlier period"
    said = of_difference(unit)
    return dots_of_councils(
        id=id,
        title=title,
        rows=[
            {
                "area_name": row["area_name"],
                "value": row["difference"],
                "status": "normal" if row["difference"] is not None else "not_available",
                "lci_95": row["lci_95"],
                "uci_95": row["uci_95"],
                "verdict": row["verdict"],
                "reason": row["reason"] or row["caution"],
            }
            for row in rows
        ],
        unit=said,
        decimals=indicator.decimals if indicator else 1,
        axis=f"{axis} ({said})",
    )
