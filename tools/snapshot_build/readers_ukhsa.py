"""Reads the input files of the UKHSA data dashboard, and a download of the dashboard before it, into figures.

An input file is one series: the fields of the whole series, and a list of dates and values. A download has a row for
each day and upper tier council.

Belongs here: reading one such file, the checks that an answer loses and changes nothing of it. Does not belong here:
the service's answers (`atf_dagster/snapshot/ukhsa.py`).
"""

import csv
import datetime as dt
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atf_dagster.snapshot import ukhsa
from atf_dagster.snapshot.figures import COUNCILS, ENGLAND, Figure, figure
from tools.snapshot_build.reading import Entry, FileRefused, Reading

_REMEDY = "Look at the file, then correct readers_ukhsa.py."
_POINT = frozenset({"epiweek", "date", "metric_value", "embargo", "is_public"})


def read_series(path: Path, entry: Entry) -> Reading:
    """The series of `entry`. Raises FileRefused where it is another series, or has content that would be lost."""
    # Numbers stay text, as in the file.
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
            raise FileRefused(f"{path}: {name} is {series.get(name)!r} where {value!r} was expected.", _REMEDY)
    points = series["time_series"]
    for point in points:
        _check(path, point)
    if [point["date"] for point in points] != sorted({point["date"] for point in points}):
        raise FileRefused(f"{path}: its dates are repeated or not in order.", _REMEDY)
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


def read_download(path: Path, entry: Entry) -> Reading:
    """Cases by day of the nine councils, to `last_day`, and of England as the sum of its upper tier councils.

    The download has no England. A series begins with the first case of its council; a day without a row adds nothing.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    header = ["date", "areaName", "areaCode", "newCasesBySpecimenDate", "newDeaths28DaysByDeathDate"]
    # Pages of the download were put one below the other, each with its header.
    rows = [row for row in rows if row["date"] != "date" and entry["first_day"] <= row["date"] <= entry["last_day"]]
    if not rows or list(rows[0]) != header:
        raise FileRefused(f"{path}: its header is not {', '.join(header)}, or it has none of these days.", _REMEDY)
    figures, england, seen = [], dict[str, int](), set[tuple[str, str]]()
    for row in sorted(rows, key=lambda row: (row["areaCode"], row["date"])):
        day, cases = dt.date.fromisoformat(row["date"]).isoformat(), int(row["newCasesBySpecimenDate"])
        if (row["areaCode"], day) in seen:
            raise FileRefused(f"{path}: {row['areaName']} comes twice on {day}.", _REMEDY)
        seen.add((row["areaCode"], day))
        if row["areaCode"].startswith("E"):
            england[day] = england.get(day, 0) + cases
        if row["areaCode"] in COUNCILS:
            figures.append(_of_day(row["areaCode"], row["areaName"], day, cases))
    figures += [_of_day(ENGLAND, "England", day, cases) for day, cases in sorted(england.items())]
    return Reading(title=entry["indicator"], figures=figures, intervals=False, line_ending="LF")


def _of_day(code: str, name: str, day: str, cases: int) -> Figure:
    return figure(
        area_code=code,
        area_name=name,
        period=day,
        value=str(cases),
    )


def _check(path: Path, point: Mapping[str, Any]) -> None:
    """Refuse a point that is not public, has unknown fields, or has a value that JSON would write in another form."""
    day = dt.date.fromisoformat(point["date"])
    reason = None
    if set(point) != _POINT:
        reason = f"it has the fields {', '.join(sorted(point))}"
    elif point["is_public"] is not True:
        reason = "it is not public"
    elif point["epiweek"] != str(ukhsa.epiweek(day)):
        reason = f"it is in week {point['epiweek']}, not {ukhsa.epiweek(day)}"
    elif json.dumps(json.loads(point["metric_value"])) != point["metric_value"]:
        reason = f"its value {point['metric_value']} would be written otherwise in an answer"
    if reason:
        raise FileRefused(f"{path}: the point of {point['date']} is refused: {reason}.", _REMEDY)
