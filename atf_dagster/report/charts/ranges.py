"""Figures against a range: an area's spine against England's areas, and estimates of councils against no difference.

Belongs here: charts whose positions are differences or shares of a range. Does not belong here: figures on their own
scale (`areas`, `series`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.palette import colour
from atf_dagster.report.charts.words import Row

LETTERS = 38
"""In one line of a name on a telephone."""
QUARTERS = ("lowest", "lower_quartile", "upper_quartile", "highest")


def spine(*, id: str, title: str, rows: Sequence[Row], benchmark: str = "England") -> Chart:
    """An area's indicators, each against England's lowest area, quartiles, highest area and England itself.

    rows: name (of the indicator), unit, decimals, polarity, value (null where absent), status, england, lowest,
    lower_quartile, upper_quartile, highest (any may be null), and where known is_proxy, outcome_judged,
    outcome_statistical, period, reason. England stands in the middle of each line. Better is to the right; where no
    direction is better, higher is. A row without England's figure or the range is left out of the drawing, and the
    sentence and the table say so.
    """
    values = [_spine_value(row, benchmark) for row in rows]
    drawn = [value for value in values if value["at_lowest"] is not None]
    left = [value["name"] for value in values if value["at_lowest"] is None]
    worse = [value["name"] for value in values if value["comparison"] == "worse"]
    better = [value["name"] for value in values if value["comparison"] == "better"]
    sentence = words.joined(
        f"Worse than {benchmark}: {words.listed(worse)}." if worse else "",
        f"Better than {benchmark}: {words.listed(better)}." if better else "",
        "" if worse or better else f"No indicator is better or worse than {benchmark}.",
        KEY.format(benchmark=benchmark),
        *_beyond_half(rows),
        f"Not drawn, for there is no figure of {benchmark} for the period or no range: {words.listed(left)}."
        if left
        else "",
        words.absences(rows, "name"),
    )
    y: parts.Spec = {"field": "name", "type": "nominal", "sort": [v["name"] for v in drawn], "axis": None}
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, 1], "nice": False},
        "axis": {
            "title": None,
            "values": [0, 0.5, 1],
            "labelExpr": f"datum.value == 0.5 ? {_quoted(benchmark)} : datum.value == 0 ? 'worse' : 'better'",
            "labelFlush": True,
            "domain": False,
            "ticks": False,
            "grid": False,
        },
    }
    present = [str(value["comparison"]) for value in drawn if value["value"] is not None]
    tips = parts.tooltip(
        ("name", "Indicator"),
        ("shown", "Figure"),
        ("england", benchmark),
        ("range", "Areas of England"),
        ("comparison", f"Against {benchmark}"),
    )

    def bar(low: str, high: str, shade: str) -> parts.Spec:
        return {
            "transform": [{"filter": f"isValid(datum.{low}) && isValid(datum.{high})"}],
            "mark": {"type": "bar", "height": 12, "yOffset": 18, "color": colour(shade)},
            "encoding": {"y": y, "x": {**x, "field": low}, "x2": {"field": high}},
        }

    legend = f"Compared with {benchmark}"
    layers: list[parts.Spec] = [
        bar("at_lowest", "at_highest", "pale"),
        bar("at_lower_quartile", "at_upper_quartile", "pale_inner"),
        {
            "transform": [{"filter": "isValid(datum.at_lowest)"}],
            "mark": {"type": "tick", "orient": "vertical", "thickness": 2, "size": 22, "yOffset": 18}
            | {"color": colour("ink")},
            "encoding": {"y": y, "x": {"datum": 0.5, "type": "quantitative"}},
        },
        {
            "mark": {"type": "text", "align": "left", "fontSize": 14, "color": colour("ink")}
            | {"baseline": "bottom", "lineHeight": 16, "dy": -10},
            "encoding": {"y": y, "x": {"value": 0}, "text": {"field": "label"}},
        },
        {
            # A disc keeps the sign apart from the greys under it.
            "transform": [{"filter": "isValid(datum.at)"}],
            "mark": {"type": "point", "size": 330, "opacity": 1, "yOffset": 18, "strokeWidth": 2}
            | {"fill": colour("page")},
            "encoding": {"y": y, "x": {**x, "field": "at"}, "stroke": parts.stroke_by_outcome(present)},
        },
        {
            "transform": [{"filter": "isValid(datum.at)"}],
            "mark": {"type": "point", "filled": True, "size": 120, "opacity": 1, "yOffset": 18},
            "encoding": {
                "y": y,
                "x": {**x, "field": "at"},
                "color": parts.by_outcome(present, "color", legend),
                "shape": parts.by_outcome(present, "shape", legend),
                "tooltip": tips,
            },
        },
    ]
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, drawn, height=64 * len(drawn), layer=layers),
        columns=(
            Column("name", "Indicator"),
            Column("period", "Period"),
            Column("shown", "Figure", numeric=True),
            Column("england", benchmark, numeric=True),
            Column("range", "Areas of England, lowest to highest", numeric=True),
            Column("comparison", f"Compared with {benchmark}"),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(value[key]) for key in _SPINE} for value in values),
    )


_SPINE = ("name", "period", "shown", "england", "range", "comparison", "note")


KEY = (
    "Pale grey is the range of the councils of England from the lowest to the highest, darker grey their middle half, "
    "the upright line {benchmark}. Better is to the right; where no direction is better, higher is."
)
"""What the greys of a spine are, and which way is better."""


def _beyond_half(rows: Sequence[Row]) -> list[str]:
    """Which figures lie outside the middle half of the range, by the side on which they lie."""
    found: dict[str, list[str]] = {"better": [], "worse": [], "higher": [], "lower": []}
    for row in rows:
        value, low, high = row.get("value"), row.get("lower_quartile"), row.get("upper_quartile")
        if value is None or low is None or high is None or low <= value <= high:
            continue
        sides = {"higher_is_better": ("worse", "better"), "lower_is_better": ("better", "worse")}
        found[sides.get(str(row.get("polarity")), ("lower", "higher"))[value > high]].append(_name(row))
    return [
        f"Outside the middle half on the {side} side: {words.listed(names)}." for side, names in found.items() if names
    ]


def _name(row: Row) -> str:
    return f"{row['name']} (proxy)" if row.get("is_proxy") else str(row["name"])


def _spine_value(row: Row, benchmark: str) -> dict[str, Any]:
    unit, decimals = str(row["unit"]), int(row["decimals"])
    low, high, middle = row.get("lowest"), row.get("highest"), row.get("england")
    ends = None if low is None or high is None else (low, high)
    at: dict[str, float | None] = {"at": None, **{f"at_{name}": None for name in QUARTERS}}
    reason = words.note(row)
    if ends is None or middle is None:
        missing = f"no figure of {benchmark}" if middle is None else "no range of England's areas"
        reason = f"{reason}; {missing}" if reason else missing
    else:
        values = [value for value in (row.get("value"), *ends) if value is not None]
        reach = max(abs(value - middle) for value in values) or 1.0
        turned = -1 if row.get("polarity") == "lower_is_better" else 1
        for key, value in (("at", row.get("value")), *((f"at_{name}", row.get(name)) for name in QUARTERS)):
            if value is not None:
                at[key] = round(0.5 + turned * (value - middle) / reach / 2, 4)
    figure = words.shown(row, unit, decimals)
    return {
        "name": _name(row),
        # Two lines, of which the first may be empty: names have the whole width.
        "label": ["", *parts.wrapped(f"{_name(row)}: {figure}", LETTERS)][-2:],
        "period": str(row.get("period") or ""),
        "value": row.get("value"),
        "shown": figure,
        "england": "none" if middle is None else words.figure(middle, unit, decimals),
        "range": "none" if ends is None else f"{words.number(ends[0], decimals)} to {words.number(ends[1], decimals)}",
        "comparison": parts.comparison(row),
        "note": reason,
        **at,
    }


def _quoted(text: str) -> str:
    """The text as a literal of a Vega expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"


def dots_of_councils(
    *,
    id: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    decimals: int,
    axis: str,
    pooled: Mapping[str, Any] | None = None,
) -> Chart:
    """Estimates of councils (a change, a difference from England) with their 95% limits, against no difference.

    rows: area_name, value (null where absent), status, and where known lci_95, uci_95, verdict (words, such as higher,
    lower, within chance), reason. axis: what the figures are, such as "Change in years". pooled: value, lci_95 and
    uci_95 of the councils together, drawn in the last row.
    """
    every = [*rows, *([{"area_name": "Together", **pooled}] if pooled is not None else [])]
    values = [
        {
            "area_name": str(row["area_name"]),
            "value": row.get("value"),
            "low": row.get("lci_95"),
            "high": row.get("uci_95"),
            "beyond": _beyond(row),
            "shown": words.shown(row, unit, decimals),
            "limits": words.limits(row, decimals),
            "verdict": str(row.get("verdict") or _beyond(row)),
            "note": words.note(row),
        }
        for row in every
    ]
    counts = {word: sum(_beyond(row) == word for row in rows) for word in BEYOND}
    sentence = words.joined(
        words.extremes(rows, unit, decimals),
        f"{words.listed(f'{count} {BEYOND[word][0]}' for word, count in counts.items() if count)}."
        if any(counts.values())
        else "",
        f"Together: {words.shown(pooled, unit, decimals)} ({words.limits(pooled, decimals)})."
        if pooled is not None and pooled.get("value") is not None
        else "",
        words.absences(rows),
    )
    y = parts.down("area_name", [str(value["area_name"]) for value in values])
    x = parts.across(axis, zero=True)
    present = [word for word in BEYOND if any(value["beyond"] == word for value in values)]
    key = {"field": "beyond", "type": "nominal", "legend": {"title": "95% limits", "columns": 1}}
    tips = parts.tooltip(("area_name", "Area"), ("shown", axis), ("limits", "95% limits"), ("verdict", "Verdict"))
    layers: list[parts.Spec] = [
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "strokeWidth": 2, "color": colour("muted")},
            "encoding": {"x": {"datum": 0, "type": "quantitative"}},
        },
        *parts.limits_layers(y, x, values),
        {
            "transform": [{"filter": "isValid(datum.value)"}],
            "mark": {"type": "point", "filled": True, "size": 120, "opacity": 1},
            "encoding": {
                "y": y,
                "x": x,
                "color": {**key, "scale": {"domain": present, "range": [colour(BEYOND[w][1]) for w in present]}},
                "shape": {**key, "scale": {"domain": present, "range": [BEYOND[w][2] for w in present]}},
                "tooltip": tips,
            },
        },
        parts.labels_layer(y),
        *parts.absent_layers(y, values),
    ]
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, values, height=32 * len(values), layer=layers),
        columns=(
            Column("area_name", "Area"),
            Column("shown", axis, numeric=True),
            Column("limits", "95% limits", numeric=True),
            Column("verdict", "Verdict"),
            Column("note", "Note"),
        ),
        rows=tuple({k: str(v[k]) for k in ("area_name", "shown", "limits", "verdict", "note")} for v in values),
    )


BEYOND = {
    "above 0": ("above 0 by more than chance", "dark_blue", "triangle-up"),
    "include 0": ("within chance of 0", "mid_grey", "square"),
    "below 0": ("below 0 by more than chance", "orange", "triangle-down"),
    "not known": ("without limits", "muted", "cross"),
}
"""Where limits lie -> in words, colour, shape."""


def _beyond(row: Mapping[str, Any]) -> str:
    low, high = row.get("lci_95"), row.get("uci_95")
    if row.get("value") is None:
        return "no figure"
    if low is None or high is None:
        return "not known"
    return "above 0" if low > 0 else "below 0" if high < 0 else "include 0"
