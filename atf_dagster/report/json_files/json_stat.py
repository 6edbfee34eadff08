"""An indicator's figures as a dataset of JSON-stat 2: https://json-stat.org/full/.

Dimensions: area, period, group of people, and measure (the value and its two 95% limits). A group is one category,
because sexes, ages and breakdowns seldom come in all combinations, and readers fill the whole cube.

Belongs here: the form that JSON-stat gives. Does not belong here: reading the figures (`series`).
"""

from collections.abc import Sequence
from typing import Any

from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.json_files.series import GROUP, TOTAL, is_doubted, period_of, periods
from atf_dagster.report.reading import Row

MEASURES = {"value": ("Value", "value"), "lower": ("Lower 95% limit", "lci_95"), "upper": ("Upper 95% limit", "uci_95")}
NORMAL = "normal"
DOUBTED = "doubted"


def dataset(facts: Facts, indicator: Indicator, card: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The dataset. A cell that is absent has no figure; `status` says why, where the mart has the row.

    status: on the cells of `value`, all but normal ones; `doubted` where a check doubts the figure.
    """
    areas = [area for area in facts.areas if area.code in {row["area_code"] for row in rows}]
    ordered = periods(rows)
    groups = list(dict.fromkeys(_group(row) for row in rows))
    ids = [group_id(group) for group in groups]
    at = [
        {key: place for place, key in enumerate(keys)}
        for keys in ([area.code for area in areas], ordered, groups, list(MEASURES))
    ]
    size = [len(places) for places in at]
    values: dict[str, float] = {}
    statuses: dict[str, str] = {}
    for row in rows:
        first = at[0][row["area_code"]] * size[1] + at[1][row["period_id"]]
        first = (first * size[2] + at[2][_group(row)]) * size[3]
        for place, (_, column) in enumerate(MEASURES.values()):
            if row["value"] is not None and row[column] is not None:
                values[str(first + place)] = row[column]
        if is_doubted(facts, row):
            statuses[str(first)] = DOUBTED
        elif row["status"] != NORMAL:
            statuses[str(first)] = row["status"]
    about = facts.about
    return {
        "version": "2.0",
        "class": "dataset",
        "label": f"{card['name']} ({indicator.unit})",
        "source": card["attribution"] or "; ".join(about.sources),
        **({"updated": about.built_at.isoformat(timespec="seconds") + "Z"} if about.built_at else {}),
        "note": [text for text in (card["definition"], card["proxy_note"], card["reader_note"]) if text],
        "id": ["area", "period", "group", "measure"],
        "size": size,
        "role": {"geo": ["area"], "time": ["period"], "metric": ["measure"]},
        "dimension": {
            "area": _dimension("Area", {area.code: area.name for area in areas}),
            "period": _dimension("Period", {id: period_of(facts, id)["label"] for id in ordered}),
            "group": _dimension("Group", {id: _words(group) for id, group in zip(ids, groups, strict=True)}),
            "measure": {
                "label": "Measure",
                "category": {
                    "index": list(MEASURES),
                    "label": {id: label for id, (label, _) in MEASURES.items()},
                    "unit": {id: {"label": indicator.unit, "decimals": indicator.decimals} for id in MEASURES},
                },
            },
        },
        # Both need a key for a cell, so that what is absent takes no room.
        "value": values,
        **({"status": statuses} if statuses else {}),
        "extension": {
            "release": about.version,
            "mode": about.mode,
            "licence": about.licence,
            "licence_url": about.licence_url,
            "indicator_code": indicator.code,
            "kind": indicator.kind,
            "proxy_for": indicator.proxy_for,
            "headline": [group_id(group) for group in dict.fromkeys(_group(row) for row in rows if row["is_headline"])],
        },
    }


def _dimension(label: str, categories: dict[str, str]) -> dict[str, Any]:
    return {"label": label, "category": {"index": list(categories), "label": categories}}


def _group(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in GROUP)


def group_id(group: tuple[str, ...]) -> str:
    """Sex, age, breakdown and its value with a bar between them; no name of the mart has one."""
    return "|".join(group)


def _words(group: tuple[str, ...]) -> str:
    sex, age, kind, value = group
    return f"{sex}, {age}" if kind == TOTAL else f"{sex}, {age}, {kind}: {value}"
