"""Reads a NOMIS answer, as it came, into figures of the snapshot.

Our file was requested without most parameters: it holds every council twice, as a district and as a county or unitary
authority, and many age bands. Only what `plan.yml` names is taken, each figure once. The second copy must agree with
the first.

Belongs here: the shape `nomis_api`, an answer of `data.csv` with every column. Does not belong here: other shapes
(`readers`), answers (`atf_dagster/snapshot/nomis.py`).
"""

import csv
from pathlib import Path

from atf_dagster.snapshot.figures import AREAS, figure
from atf_dagster.snapshot.nomis import AGES, MEASURES, PERSONS, type_code
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


def _refused(path: Path, what: str) -> FileRefused:
    return FileRefused(f"{path}: {what}.", "Look at the file, then correct plan.yml or readers_nomis.py.")
