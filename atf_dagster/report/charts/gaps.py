"""Specifications with gaps, which `assets/explore.js` fills with what a reader chooses.

They are made by the same builders as all other charts, from rows that stand for any: so a chart has one form,
wherever its rows are chosen. A gap is a text that begins with `@`; a list with `@first` loses what is not needed.

Belongs here: which parts of a specification depend on the rows. Does not belong here: the forms (the builders).
"""

from collections.abc import Mapping
from typing import Any

from atf_dagster.report.charts.areas import bars_of_areas
from atf_dagster.report.charts.series import MOST_BANDS, MOST_COLOURED, series_of_areas

UNIT = "@unit"
"""Stands for the unit in texts of axes."""


def templates(benchmark: str) -> dict[str, Any]:
    """The specifications by form: `bars` from 0, `points` that are close to each other, `few` and `many` lines, and
    `each` area in a small chart.

    Gaps: @values (rows), @order (names from top to bottom, or of small charts), @height (pixels), @unit, @benchmark
    (its figure), @behind (rows of the benchmark behind small charts), @areas (names of lines, the benchmark last),
    @ticks and @format (ends of periods), @breaks (rows with a day). Layers that a choice may lack have names: limits0,
    limits1, absent, benchmark, benchmark_name, bands and breaks.
    """
    words: dict[str, Any] = {"title": "@title", "unit": UNIT, "decimals": 0}
    row = {"area_name": "@0", "status": "normal", "lci_95": 1.0, "uci_95": 2.0}
    absent = {**row, "area_name": "@absent", "value": None, "status": "suppressed"}
    found = {
        form: _bars(bars_of_areas(id=form, rows=[{**row, "value": low}, absent], england=10.0, **words).spec)
        for form, low in (("bars", 1.0), ("points", 9.0))
    }
    for form, count in (("few", MOST_BANDS), ("many", MOST_COLOURED), ("each", MOST_COLOURED + 1)):
        names = [*(f"@{number}" for number in range(count)), benchmark]
        rows = [
            {**row, "area_name": name, "value": 1.0, "period": "@", "period_end": f"{year}-12-31"}
            for name in names
            for year in (2000, 2001)
        ]
        rows.append({**rows[0], "value": None, "period_end": "2002-12-31"})
        chart = series_of_areas(
            id=form, rows=rows, breaks=[{"first_day": "2001-01-01", "note": ""}], benchmark=benchmark, **words
        )
        found[form] = _each(chart.spec) if form == "each" else _lines(chart.spec)
    return found


def _bars(spec: Mapping[str, Any]) -> Any:
    made = {**spec, "height": "@height", "data": {"values": "@values"}, "description": "@description"}
    return _with_gaps(made, {"sort": "@order", "datum": "@benchmark"})


def _lines(spec: Mapping[str, Any]) -> Any:
    made = {**spec, "data": {"values": "@values"}, "description": "@description"}
    layers = [
        {**layer, "data": {"values": "@breaks"}} if layer.get("name") == "breaks" else layer for layer in spec["layer"]
    ]
    made = {**made, "layer": layers}
    x = layers[0]["encoding"]["x"]["axis"]
    return _with_gaps(made, {}, (x["values"], x["format"]))


def _each(spec: Mapping[str, Any]) -> Any:
    facet = {**spec["facet"], "sort": "@order"}
    inner = spec["spec"]
    of_layer = {"breaks": "@breaks", "benchmark": "@behind"}
    layers = [
        {**layer, "data": {"values": of_layer[layer["name"]]}} if layer.get("name") in of_layer else layer
        for layer in inner["layer"]
    ]
    x = layers[0]["encoding"]["x"]["axis"]
    made = {**spec, "data": {"values": "@values"}, "description": "@description", "facet": facet}
    return _with_gaps({**made, "spec": {**inner, "layer": layers}}, {}, (x["values"], x["format"]))


def _with_gaps(node: Any, gaps: Mapping[str, str], ticks: tuple[Any, Any] | None = None) -> Any:
    """The specification with a gap where a key, or a scale of areas, or an axis of time stands."""
    if isinstance(node, list):
        return [_with_gaps(one, gaps, ticks) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: gaps[key] if key in gaps else _with_gaps(one, gaps, ticks) for key, one in node.items()}
    domain = node.get("domain")
    if isinstance(domain, list) and "@0" in domain:
        made |= {"domain": "@areas", "range": {"@first": made["range"]}}
    if ticks is not None and node.get("values") == ticks[0]:
        made |= {"values": "@ticks", "format": "@format"}
    return made
