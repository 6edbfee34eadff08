"""The page on which readers choose indicator, areas, group and periods, and the figures that it loads.

A page from a file cannot fetch, so that each indicator's figures are a script that calls one function with them, and
is loaded when a reader chooses the indicator.

Belongs here: the compact form of an indicator's figures, the page's controls. Does not belong here: drawing and
choosing (`assets/explore.js`), the other pages.
"""

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atf_dagster.report import doubts, periods, words
from atf_dagster.report.charts.chart import script_json
from atf_dagster.report.charts.gaps import templates
from atf_dagster.report.charts.words import minus
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Page
from atf_dagster.report.reading import Row
from atf_dagster.report.subjects import Indicator
from atf_dagster.sql import literal

FOLDER = "explore"
SCRIPT = "explore.js"
"""Below `assets`; loaded after the scripts of charts."""
COLUMNS = (
    "indicator_code area_code period_id sex age breakdown_type breakdown_value value lci_95 uci_95 status status_note"
)
KINDS = {"beacon": "Beacon indicators", "proxy": "Proxies", "supporting": "Supporting indicators"}


def page(facts: Facts) -> Page:
    """The page with its controls; without scripts it says where the tables are."""
    known = {code for code, rows in figures(facts).items() if any(row["value"] is not None for row in rows)}
    by_kind = [
        (title, [one for one in facts.indicators if one.kind == kind and one.code in known])
        for kind, title in KINDS.items()
    ]
    settings = {
        "areas": [[area.code, area.name] for area in facts.areas],
        "benchmark": facts.england.code if facts.england else "",
        "statuses": words.STATUSES,
        "templates": templates(facts.england.name if facts.england else "England"),
    }
    return Page(
        "explore.html",
        "Explore",
        "explore.html.j2",
        {
            "choices": [(title, found) for title, found in by_kind if found],
            "without": [one for one in facts.indicators if one.code not in known],
            "settings": script_json(settings),
            "explore_script": SCRIPT,
        },
    )


def write(facts: Facts, folder: Path) -> None:
    """Write `explore/<indicator>.js` below the report's folder, one for each indicator with rows."""
    (folder / FOLDER).mkdir()
    for code, rows in figures(facts).items():
        text = script_json(compact(facts, facts.indicator[code], rows))
        (folder / FOLDER / f"{code}.js").write_text(f"atfExplore.take({text});\n", "utf-8")


def figures(facts: Facts) -> dict[str, list[Row]]:
    """Indicator -> all figures of the answered areas, with groups of people, by period, group and area."""
    found: dict[str, list[Row]] = {}
    codes = ", ".join(literal(code) for code in facts.area) or "null"
    # In one order, so that a release has the same files whenever its pages are made.
    rest = f"where area_code in ({codes}) order by all"
    for row in facts.reading.read("fct_observation", COLUMNS, rest, COLUMNS):
        if row["indicator_code"] in facts.indicator:
            found.setdefault(row["indicator_code"], []).append(row)
    return found


def compact(facts: Facts, indicator: Indicator, rows: Sequence[Row]) -> dict[str, Any]:
    """An indicator's figures with each text once.

    rows: area, period, group, value, lower and upper 95% limit, status, note; all but the figures as places in the
    lists beside. Periods are in order of their last day. groups: sex, age, what they are broken down by, and the group;
    the headline first.
    """
    # Rounded once, here: a figure that was rounded to more places and then again is not the one of the other pages.
    places = indicator.decimals

    def end(period_id: str) -> tuple[str, str]:
        period = facts.periods.get(period_id)
        return (str(period.end if period and period.end else period_id.rpartition("/")[2]), period_id)

    ordered = sorted({row["period_id"] for row in rows}, key=end)
    # Of totals: groups of people may be published more seldom.
    ends = {dt.date.fromisoformat(end(row["period_id"])[0]) for row in rows if row["breakdown_type"] == "Total"}
    newest = facts.latest
    headline = [
        (row["sex"], row["age"])
        for area in facts.areas
        for row in (newest.get((indicator.code, area.code)),)
        if row is not None and row["value"] is not None
    ]

    def rank(group: tuple[str, ...]) -> tuple[bool, bool, tuple[str, ...]]:
        return (group[2] != "Total", group[:2] not in headline, group)

    groups = sorted({_group(row) for row in rows}, key=rank)
    notes = sorted({_note(facts, row) for row in rows})
    at = {
        name: {key: place for place, key in enumerate(keys)}
        for name, keys in (("area", list(facts.area)), ("period", ordered), ("group", groups), ("note", notes))
    }
    listed = [
        [
            at["area"][row["area_code"]],
            at["period"][row["period_id"]],
            at["group"][_group(row)],
            _short(row["value"], places),
            _short(row["lci_95"], places),
            _short(row["uci_95"], places),
            row["status"],
            at["note"][_note(facts, row)],
        ]
        for row in rows
    ]
    proxy_for = facts.indicator.get(indicator.proxy_for or "")
    breaks = [one for one in facts.breaks.get(indicator.code, []) if one["is_break"] and one["first_day"]]
    return {
        "code": indicator.code,
        "name": indicator.name,
        "unit": indicator.unit,
        "decimals": indicator.decimals,
        "proxy_for": proxy_for.name if proxy_for else indicator.proxy_for or "",
        "words": " ".join(filter(None, (indicator.card["proxy_note"], indicator.card["reader_note"]))),
        "areas": list(facts.area),
        "periods": [[period, facts.label(period), end(period)[0]] for period in ordered],
        "groups": [list(group) for group in groups],
        "notes": notes,
        "step": periods.step(indicator.card["frequency"], ends),
        "gap": periods.GAP,
        "breaks": [[str(one["first_day"]), str(one["note"] or "")] for one in breaks],
        "rows": sorted(listed, key=lambda row: (row[1], row[2], row[0])),
    }


def _note(facts: Facts, row: Row) -> str:
    """The mart's note of a figure, and whether a check doubts it; checks of series are about totals."""
    doubted = row["breakdown_type"] == "Total" and facts.doubts.on(row)
    return "; ".join(filter(None, (minus(str(row["status_note"] or "")), doubts.SAID if doubted else "")))


def _group(row: Row) -> tuple[str, str, str, str]:
    return (str(row["sex"]), str(row["age"]), str(row["breakdown_type"]), str(row["breakdown_value"]))


def _short(value: float | None, places: int) -> float | int | None:
    """The figure with the places that are shown; whole ones without a point."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, places)
    return int(rounded) if rounded == int(rounded) else rounded
