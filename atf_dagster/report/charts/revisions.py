"""The history of one figure: what it was from when on.

Belongs here: the chart of a figure's revisions. Does not belong here: series over periods (`series`).
"""

from collections.abc import Sequence
from datetime import date, datetime

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.palette import colour
from atf_dagster.report.charts.words import Row


def history(
    *, id: str, title: str, rows: Sequence[Row], unit: str, decimals: int, now: datetime | None = None
) -> Chart:
    """What one figure was from when on: a line for as long as each value stood.

    rows: valid_from (UTC), value (null where withdrawn or absent), change (new, revised, withdrawn), status, and where
    known reason; at least one, in any order. now: where the last value's line ends, such as when the release was built.
    """
    ordered = sorted(rows, key=lambda row: str(row["valid_from"]))
    moments = [_moment(row["valid_from"]) for row in ordered]
    ends = [*moments[1:], max(moments[-1], _moment(now)) if now is not None else moments[-1]]
    values = [
        {
            "moment": moment,
            "until": until,
            "since": str(row["valid_from"])[:10],
            "value": row.get("value"),
            "change": str(row.get("change") or ""),
            "shown": words.shown(row, unit, decimals),
            "note": words.note(row),
        }
        for row, moment, until in zip(ordered, moments, ends, strict=True)
    ]
    first, last = ordered[0], ordered[-1]
    revised = sum(row.get("change") == "revised" for row in ordered)
    times = "never" if not revised else "once" if revised == 1 else f"{revised} times"
    sentence = (
        f"First {words.shown(first, unit, decimals)} ({str(first['valid_from'])[:10]}), now "
        f"{words.shown(last, unit, decimals)}; revised {times}."
    )
    x = {
        "field": "moment",
        "type": "temporal",
        "scale": {"type": "utc", "padding": 10},
        "axis": {"title": "Seen since", "labelOverlap": "greedy", "grid": False}
        | {"format": "%-d %b %Y", "values": list(dict.fromkeys(str(value["since"]) for value in values))},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True, "padding": 12},
        "axis": {"title": unit, "tickCount": 4, "format": parts.FORMAT, "domain": False},
    }
    tips = parts.tooltip(("since", "Since"), ("shown", "Figure"), ("change", "Change"), ("note", "Note"))
    known = {"transform": [{"filter": "isValid(datum.value)"}]}
    layers: list[parts.Spec] = [
        {
            **known,
            "mark": {"type": "rule", "strokeWidth": 3, "color": colour("dark_blue")},
            "encoding": {"x": x, "x2": {"field": "until"}, "y": y},
        },
        {
            **known,
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": colour("dark_blue")},
            "encoding": {"x": x, "y": y, "tooltip": tips},
        },
        {
            **known,
            "mark": {"type": "text", "fontSize": 14, "align": "left", "dy": -12, "color": colour("ink")},
            "encoding": {"x": x, "y": y, "text": {"field": "shown"}},
        },
    ]
    for layer in parts.absent_layers({}, values):
        layer["mark"] |= {"align": "center", "dy": -8}
        layer["encoding"] = {"x": x, "y": {"value": {"expr": "height"}}, "text": {"field": "shown"}}
        layers.append(layer)
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, values, height=200, layer=layers),
        columns=(
            Column("since", "Since"),
            Column("shown", f"Figure ({unit})", numeric=True),
            Column("change", "Change"),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(value[key]) for key in ("since", "shown", "change", "note")} for value in values),
    )


def _moment(value: date | str) -> str:
    """ISO 8601 in UTC, as the mart's times are."""
    text = value.isoformat() if isinstance(value, date) else str(value).replace(" ", "T")
    return f"{text}Z" if "T" in text and not text.endswith("Z") and "+" not in text else text
