"""Lines over time: series of areas.

Belongs here: charts with time from left to right. Does not belong here: charts of one period (`areas`,
`ranges`), revisions of one figure (`revisions`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.multiples import LABELS, absent_layer, break_layers, multiples, ring_layers
from atf_dagster.report.charts.palette import DASHES, SERIES, SHAPES, colour
from atf_dagster.report.charts.words import Row
from atf_dagster.report.periods import GAP, smallest_step

MOST_COLOURED = len(SERIES)
MOST_BANDS = 3
MOST_TICKS = 6
MOST_TICKS_OF_SMALL = 3
LEGEND = {"title": None, "columns": 2, "orient": "bottom", "symbolOpacity": 1}


def series_of_areas(
    *,
    id: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    decimals: int,
    breaks: Sequence[Mapping[str, Any]] = (),
    benchmark: str = "England",
    focus: Sequence[str] = (),
    step: int | None = None,
) -> Chart:
    """One line an area over the ends of periods, with a band of the 95% limits.

    rows: area_name, period (its label), period_end (date), value (null where absent), status, and where known lci_95,
    uci_95, reason, doubted (a check doubts the figure, which gets a ring). breaks: first_day (date) and note of each
    break of the series. benchmark: the area that is drawn as a dashed grey line. focus: the areas that come first. More
    areas than there are colours stand each in a small chart of its own, with the benchmark behind (`multiples`). A line
    has a gap where a figure or a period is missing and at a break. step: days from one period to the next, else the
    smallest distance among the rows. Bands are drawn for at most three areas.
    """
    areas = list(dict.fromkeys(str(row["area_name"]) for row in rows))
    wanted = [name for name in (focus or areas) if name in areas and name != benchmark]
    if len(set(areas) - {benchmark}) > MOST_COLOURED:
        return _each(id, title, rows, unit, decimals, breaks, benchmark, step)
    coloured = [*wanted, *(name for name in areas if name not in (*wanted, benchmark))]
    days = [_day(one["first_day"]) for one in breaks if one.get("first_day")]
    values = _values(rows, days, unit, decimals, coloured, benchmark, step)
    sentence = words.joined(
        _newest(rows, unit, decimals), _doubted(rows, unit, decimals), _breaks(breaks, rows), _absent(rows)
    )
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "padding": 10},
        "axis": {"title": "End of period", "grid": False, **LABELS, **_ticks(rows)},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": unit, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": -12, "titleX": 0}
        | {"tickCount": 5, "format": parts.FORMAT, "domain": False},
    }
    names = [*coloured, *([benchmark] if benchmark in areas else [])]
    looks = {name: (SERIES[i], SHAPES[i], DASHES[i]) for i, name in enumerate(coloured)}
    looks[benchmark] = ("dark_grey", "circle", [6, 4])
    scale = {"field": "area_name", "type": "nominal", "legend": LEGEND}
    colours = {**scale, "scale": {"domain": names, "range": [colour(looks[name][0]) for name in names]}}
    shapes = {**scale, "scale": {"domain": names, "range": [looks[name][1] for name in names]}}
    dashes = {**scale, "scale": {"domain": names, "range": [looks[name][2] for name in names]}}
    detail = [{"field": "area_name", "type": "nominal"}, {"field": "segment", "type": "nominal"}]
    tips = parts.tooltip(("area_name", "Area"), ("period", "Period"), ("shown", "Figure"), ("limits", "95% limits"))
    layers: list[parts.Spec] = []
    limits = any(value["line"] and value["named"] and value["low"] is not None for value in values)
    if limits and len(coloured) <= MOST_BANDS:
        layers.append(
            {
                "name": "bands",
                "transform": [{"filter": "datum.named && datum.line && isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": colours,
                    "detail": detail,
                },
            }
        )
    layers += [
        {
            "transform": [{"filter": "datum.named && isValid(datum.value)"}],
            "mark": {"type": "line", "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y, "color": colours, "strokeDash": dashes, "detail": detail},
        },
        {
            "transform": [{"filter": "datum.named && isValid(datum.value)"}],
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": colours, "shape": shapes, "tooltip": tips},
        },
    ]
    if any(value["value"] is None for value in values):
        layers.append(absent_layer(x, tips, {"expr": "height"}))
    layers += [*ring_layers(x, y, values), *break_layers(x, inside(days, rows))]
    return _chart(id, title, sentence, parts.frame(title, sentence, values, height=320, layer=layers), unit, values)


def _each(
    id: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    decimals: int,
    breaks: Sequence[Mapping[str, Any]],
    benchmark: str,
    step: int | None,
) -> Chart:
    """The chart with a small one for each area."""
    areas = list(dict.fromkeys(str(row["area_name"]) for row in rows))
    days = [_day(one["first_day"]) for one in breaks if one.get("first_day")]
    values = _values(rows, days, unit, decimals, areas, benchmark, step)
    behind = f"Each small chart is one area; the dashed line in it is {benchmark}." if benchmark in areas else ""
    sentence = words.joined(
        behind,
        _newest(rows, unit, decimals),
        _doubted(rows, unit, decimals),
        _breaks(breaks, rows),
        _absent(rows),
    )
    spec = multiples(title, sentence, values, unit, _ticks(rows, MOST_TICKS_OF_SMALL), inside(days, rows), benchmark)
    return _chart(id, title, sentence, spec, unit, values)


def _chart(
    id: str, title: str, sentence: str, spec: parts.Spec, unit: str, values: Sequence[Mapping[str, Any]]
) -> Chart:
    columns = ("area_name", "period", "shown", "limits", "note")
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=spec,
        columns=(
            Column("area_name", "Area"),
            Column("period", "Period"),
            Column("shown", f"Figure ({unit})", numeric=True),
            Column("limits", "95% limits", numeric=True),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(value[key]) for key in columns} for value in values),
    )


def inside(days: Sequence[date], rows: Sequence[Row]) -> list[date]:
    """The days of breaks after the first period of the rows."""
    ends = [_day(row["period_end"]) for row in rows]
    return [day for day in days if ends and min(ends) < day <= max(ends)]


def _ticks(rows: Sequence[Row], most: int = MOST_TICKS) -> parts.Spec:
    """At most so many ends of periods as ticks, the newest among them, and how finely their days are said."""
    ends = sorted({_day(row["period_end"]) for row in rows})
    every = max(1, -(-len(ends) // most))
    years = len({day.year for day in ends}) == len(ends)
    months = len({(day.year, day.month) for day in ends}) == len(ends)
    return {
        "values": [day.isoformat() for day in ends[::-1][::every][::-1]],
        "format": "%Y" if years else "%b %Y" if months else "%-d %b %Y",
    }


def _values(
    rows: Sequence[Row],
    breaks: Sequence[date],
    unit: str,
    decimals: int,
    coloured: Sequence[str],
    benchmark: str,
    step: int | None,
) -> list[dict[str, Any]]:
    """The rows by area and period, each with the number of its unbroken piece of line."""
    ordered = sorted(rows, key=lambda row: (str(row["area_name"]), _day(row["period_end"])))
    ends = sorted({_day(row["period_end"]) for row in rows})
    apart = timedelta(days=step or smallest_step(ends))
    found: list[dict[str, Any]] = []
    segment = 0
    before: dict[str, Any] | None = None
    for row in ordered:
        day = _day(row["period_end"])
        same = before is not None and before["area_name"] == str(row["area_name"])
        if before is None or not same:
            segment = 0
        else:
            last = date.fromisoformat(before["day"])
            broken = any(last < first <= day for first in breaks)
            # Years and quarters have not all the same days.
            missing = day - last > apart * GAP
            if broken or missing or before["value"] is None or row.get("value") is None:
                segment += 1
        before = {
            "area_name": str(row["area_name"]),
            "day": day.isoformat(),
            "period": str(row["period"]),
            "value": row.get("value"),
            "low": row.get("lci_95"),
            "high": row.get("uci_95"),
            "segment": segment,
            "named": str(row["area_name"]) in (*coloured, benchmark),
            "line": str(row["area_name"]) != benchmark,
            "shown": words.shown(row, unit, decimals),
            "limits": words.limits(row, decimals),
            "note": words.note(row),
            "doubted": bool(row.get("doubted")),
        }
        found.append(before)
    order = {name: number for number, name in enumerate(dict.fromkeys(str(row["area_name"]) for row in rows))}
    return sorted(found, key=lambda value: (order[value["area_name"]], value["day"]))


def _newest(rows: Sequence[Row], unit: str, decimals: int) -> str:
    """The first and the last figure of each area, for at most four areas; else the extremes of the newest period."""
    series: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: _day(row["period_end"])):
        if row.get("value") is not None and not row.get("doubted"):
            series.setdefault(str(row["area_name"]), []).append(row)
    if not series:
        return "There is no figure to draw."
    if len(series) <= 4:
        return " ".join(_ends(area, found, unit, decimals) for area, found in series.items())
    newest = max(found[-1]["period_end"] for found in series.values())
    last = [found[-1] for found in series.values() if found[-1]["period_end"] == newest]
    return f"In {last[0]['period']}: {words.extremes(last, unit, decimals)}"


def _doubted(rows: Sequence[Row], unit: str, decimals: int) -> str:
    """Which figures a check doubts; nothing where it doubts none."""
    found = [
        f"{row['area_name']} in {row['period']} ({words.shown(row, unit, decimals)})"
        for row in rows
        if row.get("doubted") and row.get("value") is not None
    ]
    return (
        f"A ring marks what a check doubts, which is left out of these words: {words.listed(found)}." if found else ""
    )


def _ends(area: str, found: Sequence[Row], unit: str, decimals: int) -> str:
    last = words.shown(found[-1], unit, decimals)
    if len(found) == 1:
        return f"{area}: {last} in {found[0]['period']}."
    first = words.shown(found[0], unit, decimals)
    return f"{area}: {first} in {found[0]['period']}, {last} in {found[-1]['period']}."


def _breaks(breaks: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> str:
    ends = [_day(row["period_end"]) for row in rows]
    known = [one for one in breaks if one.get("first_day")]
    inside = [one for one in known if ends and min(ends) < _day(one["first_day"]) <= max(ends)]
    if not inside:
        return ""
    notes = " ".join(dict.fromkeys(str(one["note"]) for one in inside))
    return f"The lines stop where figures before and after cannot be compared: {notes}"


def _absent(rows: Sequence[Row]) -> str:
    return words.absences([{**row, "area_name": f"{row['area_name']} in {row['period']}"} for row in rows][:40])


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
