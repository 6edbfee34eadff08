"""Reads a NOMIS answer, as it came, into figures of the snapshot.

Our file was requested without most parameters: it holds every council twice, as a district and as a county or unitary
authority, and many age bands. Only what `plan.yml` names is taken, each figure once. The second copy must agree with
the first.

Of the Annual Population Survey there are two pulls, which third parties re-shaped: the earlier one has the North West,
the later one two periods more, and hides what the publisher had come to hold as unreliable.

Belongs here: the shapes `nomis_api`, an answer of `data.csv` with every column, and `nomis_two_pulls`. Does not belong
here: other shapes (`readers`), answers (`atf_dagster/snapshot/nomis.py`).
"""

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb

from atf_dagster.snapshot.figures import AREAS, Figure, figure
from atf_dagster.snapshot.nomis import AGES, MEASURES, PERSONS, UNEMPLOYMENT, type_code
from atf_dagster.sql import literal
from tools.snapshot_build.reading import Entry, FileRefused, Reading

_CARRIED = {
    "GEOGRAPHY_CODE": "area_code",
    "GEOGRAPHY_NAME": "area_name",
    "GENDER_NAME": "sex",
    "C_AGE_NAME": "age",
    "DATE_NAME": "period",
    "OBS_VALUE": "value",
    "OBS_STATUS": "status",
    "OBS_STATUS_NAME": "note",
}


def nomis_api(path: Path, entry: Entry) -> Reading:
    """Persons of the ages that `entry` names. Raises FileRefused where the two copies of an area differ."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    needed = (*_CARRIED, "GEOGRAPHY_TYPECODE", "GENDER", "C_AGE", "MEASURES", "RECORD_COUNT")
    if missing := [column for column in needed if column not in (rows[0] if rows else {})]:
        raise _refused(path, f"its header lacks {', '.join(missing)}")
    if rows[0]["RECORD_COUNT"] != str(len(rows)):
        raise _refused(path, f"it has {len(rows)} rows of {rows[0]['RECORD_COUNT']}")
    wanted = [
        row
        for row in rows
        if row["GEOGRAPHY_CODE"] in AREAS
        and row["GENDER"] == PERSONS[0]
        and row["C_AGE"] in entry["ages"].split(",")
        and row["MEASURES"] == MEASURES[0]
    ]
    for row in wanted:
        if row["C_AGE_NAME"] != AGES.get(row["C_AGE"]) or row["GENDER_NAME"] != PERSONS[1]:
            raise _refused(path, f"{row['C_AGE']} is called {row['C_AGE_NAME']!r} of {row['GENDER_NAME']!r}")
    ours = [row for row in wanted if row["GEOGRAPHY_TYPECODE"] == type_code(row["GEOGRAPHY_CODE"])]
    values = {(row["GEOGRAPHY_CODE"], row["C_AGE"], row["DATE_NAME"]): row["OBS_VALUE"] for row in ours}
    for row in wanted:
        if values.get((row["GEOGRAPHY_CODE"], row["C_AGE"], row["DATE_NAME"])) != row["OBS_VALUE"]:
            raise _refused(path, f"{row['GEOGRAPHY_NAME']} has two figures for {row['C_AGE_NAME']}")
    return Reading(
        title=entry["title"],
        figures=[figure(**{ours: row[theirs] for theirs, ours in _CARRIED.items()}) for row in ours],
        intervals=False,
        line_ending="CRLF" if path.read_bytes()[:4096].split(b"\n", 1)[0].endswith(b"\r") else "LF",
    )


NORMAL = {"status": "A", "note": "Normal Value"}
HIDDEN_LATER = {"status": "U", "note": "Shown in the answer of November 2023, hidden in that of June 2024: unreliable."}
MISSING = {"status": "Q", "note": "These figures are missing."}
_ACTIVE = "18"
"""The rate of economic activity; its numerator is the denominator of the unemployment rate."""

Key = tuple[str, dt.date]


def nomis_two_pulls(path: Path, entry: Entry) -> Reading:
    """The rate of `entry`: what the earlier pull has, with the later one's counts and marks, then the later periods.

    Raises FileRefused where the two give different rates of one area and period.
    """
    rate, active = f"variable_code = {UNEMPLOYMENT[0]}", f"variable_code = {_ACTIVE}"
    folder = path.parents[len(Path(entry["source"]).parts) - 1]
    later = _pivoted(
        folder / entry["later"],
        f"any_value(value) filter ({rate} and measures_code = 20599)",
        f"any_value(value) filter ({rate} and measures_code = 21001)",
        f"any_value(value) filter ({active} and measures_code = 21001)",
    )
    earlier = _pivoted(path, f"any_value(value) filter (variable_name = '{UNEMPLOYMENT[1]}')", "null", "null")
    figures: list[Figure] = []
    for key in sorted(earlier.keys() | later.keys()):
        area, last = key
        name, before, *_ = earlier.get(key, ("", None))
        again, after, numerator, denominator = later.get(key, ("", None, None, None))
        if before is not None and after is not None and before != after:
            raise _refused(path, f"{name} has {before} in {last}, and {after} in the later pull")
        hidden = key in later and after is None
        value = after if before is None else before
        counts = () if hidden else (("numerator", numerator), ("denominator", denominator))
        mark = MISSING if value is None else HIDDEN_LATER if hidden else NORMAL
        figures.append(
            figure(
                area_code=area,
                area_name=name or again,
                period=f"{dt.date(last.year - 1 + last.month // 12, last.month % 12 + 1, 1):%b %Y}-{last:%b %Y}",
                value="" if value is None else str(value),
                **mark,
                **{column: f"{count:.0f}" for column, count in counts if count is not None},
            )
        )
    return Reading(title=entry["title"], figures=figures, intervals=False, line_ending="LF")


def _pivoted(path: Path, *columns: str) -> Mapping[Key, tuple[str, float | None, float | None, float | None]]:
    areas = ", ".join(f"'{code}'" for code in sorted(AREAS))
    rows = duckdb.sql(
        f"select geography_code, date, any_value(geography_name), {', '.join(columns)} "
        f"from read_parquet({literal(path)}) where geography_code in ({areas}) group by all"
    ).fetchall()
    if not rows:
        raise _refused(path, "it has no row of the areas of the snapshot")
    return {(area, last): tuple(cells) for area, last, *cells in rows}


def _refused(path: Path, what: str) -> FileRefused:
    return FileRefused(f"{path}: {what}.", "Look at the file, then correct plan.yml or readers_nomis.py.")
