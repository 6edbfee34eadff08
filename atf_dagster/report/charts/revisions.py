"""The history of one figure: what it was from when on.

Belongs here: the chart of a figure's revisions. Does not belong here: series over periods (`series`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.palette import colour
from atf_dagster.report.charts.words import Row


def history(*, id: str, title: str, rows: Sequence[Row], unit: str, decimals: int) -> Chart:
    """What one figure was from when on: a line of steps over the moments at which its value changed.

    rows: valid_from (UTC), value (null where withdrawn or absent), change (new, revised, withdrawn), status, and where
    known valid_to, reason; in any order.
    """
    ordered = sorted(rows, key=lambda row: str(row["valid_from"]))
    values = [
        {
            "moment": _moment(row["valid_from"]),
            "since": str(row["valid_from"])[:10],
            "value": row.get("value"),
            "change": str(row.get("change") or ""),
            "shown": words.shown(row, unit, decimals),
            "note": words.note(row),
        }
        for row in ordered
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
        "scale": {"type": "utc"},
        "axis": {"title": "Seen since", "format": "%-d %b %Y", "tickCount": 4, "labelOverlap": True},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": unit, "tickCount": 4, "format": ","},
    }
    tips = parts.tooltip(("since", "Since"), ("shown", "Figure"), ("change", "Change"), ("note", "Note"))
    layers: list[parts.Spec] = [
        {
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2, "color": colour("dark_blue")},
            "encoding": {"x": x, "y": y},
        },
        {
            "transform": [{"filter": "isValid(datum.value)"}],
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": colour("dark_blue")},
            "encoding": {"x": x, "y": y, "tooltip": tips},
        },
        {
            "transform": [{"filter": "!isValid(datum.value)"}],
            "mark": {"type": "text", "fontSize": 14, "fontStyle": "italic", "dy": -8, "color": colour("muted")},
            "encoding": {"x": x, "y": {"value": {"expr": "height"}}, "text": {"field": "shown"}},
        },
    ]
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


def _moment(value: Any) -> str:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) and value.tzinfo is None else str(value)
