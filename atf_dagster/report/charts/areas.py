"""Bars of areas, and bars of groups of people within areas.

Belongs here: charts with one figure an area, or an area and group. Does not belong here: series (`series`), maps
(`maps`), figures against a range (`ranges`).
"""

from collections.abc import Sequence

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.palette import SERIES, colour
from atf_dagster.report.charts.words import Row
from atf_dagster.report.measures import of_difference

LETTERS = 16
"""In one line of a period beside a bar."""
NARROW = 0.7
"""From this share of the largest figure on, the smallest one makes bars from 0 alike: points are drawn then."""


def bars_of_areas(
    *,
    id: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    decimals: int,
    period: str = "",
    england: float | None = None,
    benchmark: str = "England",
) -> Chart:
    """One bar an area, from the highest down, with 95% limits and the benchmark's line.

    rows: area_name, value (null where absent), status, and where known lci_95, uci_95, outcome_judged,
    outcome_statistical, period (of this row, where areas have several), reason (words: why there is no figure, or no
    comparison). unit: in which all figures are, as
    the mart says it. england: the benchmark's figure. Figures close to each other and far from 0 are points on an axis
    that says that it does not begin at 0, since bars must.
    """
    ordered = sorted(rows, key=lambda row: (row.get("value") is None, -(row.get("value") or 0), str(row["area_name"])))
    values = [
        {
            "area_name": str(row["area_name"]),
            "value": row.get("value"),
            "low": row.get("lci_95"),
            "high": row.get("uci_95"),
            "comparison": parts.comparison(row),
            "shown": words.shown(row, unit, decimals),
            "limits": words.limits(row, decimals),
            "note": words.note(row),
            "period": str(row.get("period") or ""),
        }
        for row in ordered
    ]
    # Periods of their own stand below the figures at the right, where they cover no name.
    dated = not period and any(value["period"] for value in values)
    for value in values if dated else ():
        value["label"] = [value["shown"], *parts.wrapped(str(value["period"]), LETTERS)]
    most = 1 + max(len(parts.wrapped(str(value["period"]), LETTERS)) for value in values) if dated else 1
    named = [{**row, "area_name": f"{row['area_name']}, {row['period']}"} for row in rows] if dated else rows
    sentence = words.joined(
        words.extremes(named, unit, decimals),
        f"{benchmark}: {words.figure(england, unit, decimals)}." if england is not None else "",
        words.judged(rows, benchmark),
        words.absences(rows),
    )
    y = parts.down("area_name", [str(value["area_name"]) for value in values])
    zero = not _narrow([row["value"] for row in rows if row.get("value") is not None], england)
    x = parts.across(_axis(unit, period), zero=zero)
    present = [str(value["comparison"]) for value in values if value["value"] is not None]
    compared = any(word not in ("not judged", "no figure") for word in present)
    legend = f"Compared with {benchmark}" if compared else None
    against = [("comparison", f"Against {benchmark}")] if compared else []
    tips = parts.tooltip(("area_name", "Area"), ("shown", "Figure"), ("limits", "95% limits"), *against)
    colours = parts.by_outcome(present, "color", legend)
    layers: list[parts.Spec] = []
    if zero:
        layers.append(
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {"y": y, "x": x, "color": colours, "tooltip": tips},
            }
        )
    layers += parts.limits_layers(y, x, values)
    shape = parts.by_outcome(present, "shape", legend)
    # Beside bars the sign stands in a column of its own, so that it hides neither limits nor figure.
    place = {"x": x} if not zero else {"x": {"value": {"expr": "width + 10"}}}
    if compared or not zero:
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.value)"}],
                "mark": {"type": "point", "filled": True, "size": 160, "opacity": 1},
                "encoding": {"y": y, **place, "color": colours, "shape": shape, "tooltip": tips},
            }
        )
    numbers = parts.labels_layer(y)
    if zero and compared:
        numbers["encoding"]["x"] = {"value": {"expr": "width + 24"}}
    if dated:
        numbers["mark"] |= {"lineHeight": 16, "dy": {"expr": "-8 * (length(datum.label) - 1)"}}
        numbers["encoding"]["text"] = {"field": "label"}
    layers += [numbers, *parts.absent_layers(y, values)]
    if england is not None:
        layers += parts.line_at(england, benchmark)
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, values, height=(14 + 16 * most if dated else 32) * len(values), layer=layers),
        columns=(
            Column("area_name", "Area"),
            *([Column("period", "Period")] if dated else []),
            Column("shown", _head(unit, period), numeric=True),
            Column("limits", "95% limits", numeric=True),
            Column("comparison", f"Compared with {benchmark}"),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(value[key]) for key in _BARS} for value in values),
    )


_BARS = ("area_name", "period", "shown", "limits", "comparison", "note")


def bars_of_groups(
    *,
    id: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    decimals: int,
    period: str = "",
    by: str = "Group",
) -> Chart:
    """Bars of groups of people (by sex, by free school meals) beside each other, for each area.

    rows: area_name, group, value (null where absent), status, and where known lci_95, uci_95, reason. by: what the
    groups are, as the heading of their column. Areas and groups stand in the order of the rows.
    """
    areas = list(dict.fromkeys(str(row["area_name"]) for row in rows))
    groups = list(dict.fromkeys(str(row["group"]) for row in rows))
    values = [
        {
            "area_name": str(row["area_name"]),
            "group": str(row["group"]),
            "value": row.get("value"),
            "low": row.get("lci_95"),
            "high": row.get("uci_95"),
            "shown": words.shown(row, unit, decimals),
            "limits": words.limits(row, decimals),
            "note": words.note(row),
            "label": f"{row['group']}: {_short(row, decimals)}",
            "colour": groups.index(str(row["group"])),
        }
        for row in rows
    ]
    named = [{**row, "area_name": f"{row['area_name']}, {row['group']}"} for row in rows]
    sentence = words.joined(
        words.extremes(named, unit, decimals), _widest(rows, groups, unit, decimals), words.absences(named)
    )
    y = parts.down("area_name", areas)
    offset = {"yOffset": {"field": "group", "type": "nominal", "sort": groups}}
    x = parts.across(_axis(unit, period), zero=True)
    tips = parts.tooltip(("area_name", "Area"), ("group", by), ("shown", "Figure"), ("limits", "95% limits"))
    bars = {
        "type": "nominal",
        "scale": {"domain": groups, "range": [colour(SERIES[i % len(SERIES)]) for i in range(len(groups))]},
        "legend": {"title": by, "columns": 2},
        "field": "group",
    }
    # Labels name the group, so that no reader depends on the colour.
    labels = parts.labels_layer(y)
    labels["encoding"] |= {**offset, "text": {"field": "label"}}
    limits = parts.limits_layers(y, x, values)
    absent = parts.absent_layers(y, values)
    for layer in (*limits, *absent):
        layer["encoding"] |= offset
    for layer in absent:
        layer["encoding"] |= {"text": {"field": "label"}}
    layers = [
        {
            "mark": {"type": "bar"},
            "encoding": {"y": y, "x": x, **offset, "color": bars, "tooltip": tips},
        },
        *limits,
        labels,
        *absent,
    ]
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, values, height=len(areas) * (22 * len(groups) + 12), layer=layers),
        columns=(
            Column("area_name", "Area"),
            Column("group", by),
            Column("shown", _head(unit, period), numeric=True),
            Column("limits", "95% limits", numeric=True),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(v[key]) for key in ("area_name", "group", "shown", "limits", "note")} for v in values),
    )


def _short(row: Row, decimals: int) -> str:
    """The figure without its unit, which the axis says; on a telephone there is no room for both."""
    return words.absence(row) if row.get("value") is None else words.number(row["value"], decimals)


def _widest(rows: Sequence[Row], groups: Sequence[str], unit: str, decimals: int) -> str:
    """Where two groups are furthest apart; nothing where there are not two groups."""
    if len(groups) != 2:
        return ""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.get("value") is not None:
            found.setdefault(str(row["area_name"]), {})[str(row["group"])] = row["value"]
    gaps = {area: values[groups[0]] - values[groups[1]] for area, values in found.items() if len(values) == 2}
    if not gaps:
        return ""
    area = max(gaps, key=lambda name: abs(gaps[name]))
    # A difference of percentages is in percentage points.
    said = of_difference(unit)
    apart = words.figure(abs(gaps[area]), said, decimals)
    return f"The widest difference between {groups[0]} and {groups[1]} is in {area}: {apart}."


def _narrow(values: Sequence[float], england: float | None) -> bool:
    every = [*values, *([england] if england is not None else [])]
    return bool(every) and min(every) > 0 and min(every) >= NARROW * max(every)


def _axis(unit: str, period: str) -> str:
    return f"{unit}, {period}" if period else unit


def _head(unit: str, period: str) -> str:
    return f"Figure ({unit}), {period}" if period else f"Figure ({unit})"
