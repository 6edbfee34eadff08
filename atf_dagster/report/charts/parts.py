"""What specifications have in common: the frame, axes, legends, and the layers for limits and absences.

Belongs here: pieces of Vega-Lite that more than one builder uses. Does not belong here: one chart's own layers.
Reference: https://vega.github.io/vega-lite/docs/.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.report.charts.palette import OUTCOMES, colour

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""The name of the language's version; nothing is fetched from it."""

FORMAT = ",~f"
"""Numbers at axes: commas at thousands, no zeros at the end, no exponents."""

LONG = "length(datum.label) > 16"
LINES = f"{LONG} ? split(replace(datum.label, regexp('(.{{8,16}}) ', 'g'), '$1\\n'), '\\n') : datum.label"
"""An expression: long names at an axis in lines, so that figures keep room on a telephone."""

Spec = dict[str, Any]


def frame(title: str, sentence: str, values: Sequence[Mapping[str, Any]], **body: Any) -> Spec:
    """A specification with its data inline, as wide as its container. `sentence` is read by screen readers."""
    return {
        "$schema": SCHEMA,
        "title": {"text": wrapped(title), "anchor": "start", "frame": "group"},
        "description": f"{title}. {sentence}",
        "params": [{"name": "dark", "value": False}],
        "width": "container",
        "background": None,
        "padding": 5,
        "config": config(),
        "data": {"values": list(values)},
        **body,
    }


def wrapped(text: str, width: int = 70) -> list[str]:
    """The text in lines, as Vega draws several."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def config() -> Spec:
    """Type and colours of text and lines, by the Government Analysis Function's guidance: little ink, large type."""
    ink, muted, grid = colour("ink"), colour("muted"), colour("grid")
    return {
        "font": "Arial, Helvetica, sans-serif",
        "view": {"stroke": None},
        "title": {"color": ink, "fontSize": 16},
        "axis": {
            "aria": False,
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 14,
            "titleFontSize": 14,
            "titleFontWeight": "normal",
            "gridColor": grid,
            "tickColor": grid,
            "domainColor": muted,
            "labelLimit": 150,
        },
        "legend": {
            "aria": False,
            "orient": "top",
            "direction": "horizontal",
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 14,
            "titleFontSize": 14,
            "labelLimit": 260,
            "symbolSize": 120,
        },
        # The chart is one picture with a description; its marks are the rows of the table.
        "mark": {"aria": False},
    }


def across(title: str, *, zero: bool, field: str = "value") -> Spec:
    """A figure from left to right. An axis that does not begin at 0 says so."""
    said = title if zero else f"{title} (axis does not begin at 0)"
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": zero, "nice": True, "padding": 0 if zero else 12},
        "axis": {"title": wrapped(said, 38), "tickCount": 4, "format": FORMAT, "domain": False, "labelOverlap": True},
    }


def down(field: str, order: Sequence[str]) -> Spec:
    """Names from top to bottom, in the order given."""
    return {
        "field": field,
        "type": "nominal",
        "sort": list(order),
        "axis": {"title": None, "ticks": False, "domain": False, "grid": False, "labelExpr": LINES, "labelPadding": 6}
        # Two lines lie on both sides of the middle.
        | {"labelBaseline": {"condition": {"test": LONG, "value": "bottom"}, "value": "middle"}},
    }


def by_outcome(present: Sequence[str], channel: str, legend: str | None) -> Spec:
    """Colour or shape by how a figure compares; with both channels alike, Vega draws one legend."""
    order = [word for word in OUTCOMES if word in set(present)]
    at = 0 if channel == "color" else 1
    found = [OUTCOMES[word][at] for word in order]
    return {
        "field": "comparison",
        "type": "nominal",
        "scale": {"domain": order, "range": [colour(name) for name in found] if channel == "color" else found},
        "legend": None if legend is None else {"title": legend, "columns": 2},
    }


def stroke_by_outcome(present: Sequence[str]) -> Spec:
    """The colour of a line around a sign, by how a figure compares; without a scale, so that it has no legend."""
    return {
        "condition": [
            {"test": f"datum.comparison == '{word}'", "value": colour(OUTCOMES[word][0])}
            for word in OUTCOMES
            if word in set(present)
        ],
        "value": colour("muted"),
    }


def comparison(row: Mapping[str, Any]) -> str:
    """better, similar or worse; lower or higher where no direction is better; else not judged, or no figure."""
    if row.get("value") is None:
        return "no figure"
    if row.get("outcome_judged") in OUTCOMES:
        return str(row["outcome_judged"])
    if row.get("outcome_statistical") in ("lower", "similar", "higher"):
        return str(row["outcome_statistical"])
    return "not judged"


def limits_layers(y: Spec, x: Spec, values: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """The 95% limits as rules; no layer where there are none, since Vega warns of a layer without data."""
    if not any(value["low"] is not None and value["high"] is not None for value in values):
        return []
    # The halo keeps a limit apart from a dark bar under it.
    looks = ({"strokeWidth": 5, "color": colour("page")}, {"strokeWidth": 2, "color": colour("ink")})
    return [
        {
            "name": f"limits{number}",
            "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
            "mark": {"type": "rule", **look},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
        }
        for number, look in enumerate(looks)
    ]


def absent_layers(y: Spec, values: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """The word for each absence, where its figure would begin; no layer where there is none."""
    if all(value["value"] is not None for value in values):
        return []
    return [
        {
            "name": "absent",
            "transform": [{"filter": "!isValid(datum.value)"}],
            "mark": {"type": "text", "align": "left", "fontStyle": "italic", "fontSize": 14, "color": colour("muted")},
            "encoding": {"y": y, "x": {"value": 4}, "text": {"field": "shown"}},
        }
    ]


def labels_layer(y: Spec) -> Spec:
    """The figures in a column at the right of the plot."""
    return {
        "transform": [{"filter": "isValid(datum.value)"}],
        "mark": {"type": "text", "align": "left", "fontSize": 14, "color": colour("ink")},
        "encoding": {"y": y, "x": {"value": {"expr": "width + 8"}}, "text": {"field": "shown"}},
    }


def line_at(value: float, label: str) -> list[Spec]:
    """A dashed line across the chart with its name on top."""
    at = {"datum": value, "type": "quantitative"}
    return [
        {
            "name": "benchmark",
            "data": {"values": [{}]},
            "mark": {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 2, "color": colour("ink")},
            "encoding": {"x": at},
        },
        {
            "name": "benchmark_name",
            "data": {"values": [{}]},
            "mark": {"type": "text", "dy": -8, "fontSize": 14, "color": colour("ink"), "text": label},
            "encoding": {"x": at, "y": {"value": 0}},
        },
    ]


def tooltip(*fields: tuple[str, str]) -> list[Spec]:
    """Fields and their titles in a tooltip; all are nominal, since texts are as they are read."""
    return [{"field": field, "type": "nominal", "title": title} for field, title in fields]
