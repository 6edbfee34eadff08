"""From the files that the UKHSA data dashboard is fed with to figures.

Belongs here: reading one such file, and the checks that nothing in it would be lost or come out otherwise in an
answer. Does not belong here: what the service's answers look like (`ukhsa.py`).

A file is one series: what is the same for all of it, and a list of dates and values.
"""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atf_dagster.snapshot import ukhsa
from atf_dagster.snapshot.figures import ENGLAND, figure
from tools.snapshot_build.reading import Entry, FileRefused, Reading

_MEND = "For an engineer: look at the file, and teach readers_ukhsa.py what it says."
_POINT = frozenset({"epiweek", "date", "metric_value", "embargo", "is_public"})


def read_series(path: Path, entry: Entry) -> Reading:
    """The series of `entry`. Raises FileRefused where it is another one, or says something that would be lost."""
    # Numbers stay the text that they are in the file.
    series = json.loads(path.read_bytes(), parse_float=str, parse_int=str)
    expected = {
        "parent_theme": ukhsa.THEME,
        "child_theme": ukhsa.SUB_THEME,
        "topic": ukhsa.TOPIC,
        "geography_type": ukhsa.GEOGRAPHY_TYPE,
        "geography_code": ENGLAND,
        "metric": entry["indicator"],
        "metric_group": ukhsa.metric_group(entry["indicator"]),
        "metric_frequency": "daily",
        **ukhsa.EVERYBODY,
    }
    for name, value in expected.items():
        if series.get(name) != value:
            raise FileRefused(f"{path}: {name} is {series.get(name)!r} where {value!r} was expected. {_MEND}")
    points = series["time_series"]
    for point in points:
        _check(path, point)
    if [point["date"] for point in points] != sorted({point["date"] for point in points}):
        raise FileRefused(f"{path}: its dates are not each there once and in their order. {_MEND}")
    figures = [
        figure(
            area_code=ENGLAND,
            area_name=series["geography"],
            sex=series["sex"],
            age=series["age"],
            period=point["date"],
            value=point["metric_value"],
        )
        for point in points
    ]
    return Reading(title=series["metric"], figures=figures, intervals=False, line_ending="LF")


def _check(path: Path, point: Mapping[str, Any]) -> None:
    """Nothing that is not public, nothing unknown, and values that JSON writes as they are."""
    day = dt.date.fromisoformat(point["date"])
    problem = None
    if set(point) != _POINT:
        problem = f"it has the fields {', '.join(sorted(point))}"
    elif point["is_public"] is not True:
        problem = "it is not public"
    elif point["epiweek"] != str(ukhsa.epiweek(day)):
        problem = f"it is in week {point['epiweek']}, not {ukhsa.epiweek(day)}"
    elif json.dumps(json.loads(point["metric_value"])) != point["metric_value"]:
        problem = f"its value {point['metric_value']} would be written otherwise in an answer"
    if problem:
        raise FileRefused(f"{path}: of {point['date']}, {problem}. {_MEND}")
