"""Small charts beside each other, one an area, with the benchmark behind; and the signs of points over time.

The Government Analysis Function advises small charts where one would have many lines:
https://analysisfunction.civilservice.gov.uk/policy-store/data-visualisation-charts/.

Belongs here: the specification of small multiples, and layers that they share with one chart of lines. Does not belong
here: the values, the sentence and the table (`series`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from atf_dagster.report.charts import parts
from atf_dagster.report.charts.palette import colour

CROSS = "M-1,-1L1,1M1,-1L-1,1"
"""A path of Vega: the sign of an absent figure."""
LABELS = {"labelOverlap": "greedy", "labelSeparation": 8, "labelFlush": 12}
"""Of an axis of time: labels that would touch are left out, and the last one ends where the plot ends."""
COLUMNS, WIDTH, HEIGHT = 3, 190, 110
"""How many small charts stand beside each other, and the pixels of one, where no script fits them to a page."""


def multiples(
    title: str,
    sentence: str,
    values: Sequence[Mapping[str, Any]],
    unit: str,
    ticks: Mapping[str, Any],
    breaks: Sequence[date],
    benchmark: str,
) -> parts.Spec:
    """A specification with one small chart for each area other than the benchmark, all on the same axes.

    values: of `series`. ticks: values and format of the axis of time. breaks: first days. A page's script fits columns
    and width to the page.
    """
    mine = [value for value in values if value["area_name"] != benchmark]
    behind = [value for value in values if value["area_name"] == benchmark and value["value"] is not None]
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "padding": 6},
        "axis": {"title": None, "grid": False, "domain": False, **LABELS, **ticks},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": None, "tickCount": 3, "format": parts.FORMAT, "domain": False},
    }
    detail = [{"field": "segment", "type": "nominal"}]
    tips = parts.tooltip(("area_name", "Area"), ("period", "Period"), ("shown", "Figure"), ("limits", "95% limits"))
    present = {"transform": [{"filter": "isValid(datum.value)"}]}
    layers: list[parts.Spec] = []
    if behind:
        layers.append(
            {
                "name": "benchmark",
                "data": {"values": behind},
                "mark": {"type": "line", "strokeWidth": 1.5, "strokeDash": [4, 3], "color": colour("dark_grey")},
                "encoding": {"x": x, "y": y, "detail": detail},
            }
        )
    layers += [
        {
            **present,
            "mark": {"type": "line", "strokeWidth": 2.5, "color": colour("dark_blue")},
            "encoding": {"x": x, "y": y, "detail": detail},
        },
        {
            **present,
            "mark": {"type": "point", "filled": True, "size": 24, "opacity": 1, "color": colour("dark_blue")},
            "encoding": {"x": x, "y": y, "tooltip": tips},
        },
    ]
    if any(value["value"] is None for value in mine):
        layers.append(absent_layer(x, tips, HEIGHT))
    layers += [*ring_layers(x, y, mine), *break_layers(x, breaks)]
    frame = parts.frame(title, sentence, mine, layer=layers)
    whole = {key: item for key, item in frame.items() if key not in ("width", "layer")}
    said = f"{unit}; dashed line: {benchmark}" if behind else unit
    return {
        **whole,
        "columns": COLUMNS,
        "spacing": {"row": 18, "column": 14},
        "facet": {
            "field": "area_name",
            "type": "nominal",
            "sort": list(dict.fromkeys(str(value["area_name"]) for value in mine)),
            "title": None,
            "header": {
                "title": said,
                "titleAnchor": "start",
                "titleFontSize": 14,
                "titleFontWeight": "normal",
                "titleColor": colour("ink"),
                "labelExpr": parts.LINES,
                "labelAnchor": "start",
                "labelFontSize": 14,
                "labelFontWeight": "bold",
                "labelColor": colour("ink"),
                "labelPadding": 4,
            },
        },
        "spec": {"width": WIDTH, "height": HEIGHT, "layer": layers},
    }


def absent_layer(x: parts.Spec, tips: Sequence[parts.Spec], foot: Any) -> parts.Spec:
    """An absent figure has its sign at the foot of its period, and is no point. foot: the plot's height."""
    return {
        "name": "absent",
        "transform": [{"filter": "!isValid(datum.value)"}],
        "mark": {"type": "point", "shape": CROSS, "size": 60, "yOffset": -8, "stroke": colour("muted")},
        "encoding": {"x": x, "y": {"value": foot}, "tooltip": list(tips)},
    }


def ring_layers(x: parts.Spec, y: parts.Spec, values: Sequence[Mapping[str, Any]]) -> list[parts.Spec]:
    """A ring and a question mark at each figure that a check doubts; no layer where there is none."""
    if not any(value["doubted"] and value["value"] is not None for value in values):
        return []
    known = {"transform": [{"filter": "datum.doubted && isValid(datum.value)"}]}
    return [
        {
            "name": "doubted",
            **known,
            "mark": {"type": "point", "shape": "circle", "filled": False, "size": 260, "strokeWidth": 2}
            | {"stroke": colour("ink")},
            "encoding": {"x": x, "y": y},
        },
        {
            "name": "doubted_sign",
            **known,
            "mark": {"type": "text", "text": "?", "dy": -16, "fontSize": 14, "fontWeight": "bold"}
            | {"color": colour("ink")},
            "encoding": {"x": x, "y": y},
        },
    ]


def break_layers(x: parts.Spec, days: Sequence[date]) -> list[parts.Spec]:
    """A dotted rule at each break of the series; no layer where there is none."""
    if not days:
        return []
    return [
        {
            "name": "breaks",
            "data": {"values": [{"day": day.isoformat()} for day in days]},
            "mark": {"type": "rule", "strokeDash": [2, 3], "strokeWidth": 1.5, "color": colour("muted")},
            "encoding": {"x": x},
        }
    ]
