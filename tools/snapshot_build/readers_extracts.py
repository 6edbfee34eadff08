"""Reads extracts of Fingertips that have another header than its answers.

Belongs here: the shapes `fingertips_extract`, the department's own development extract, and `fingertips_column`, one
column of a third party's table. Does not belong here: the service's own files (`readers`), answers
(`atf_dagster/snapshot/fingertips.py`).
"""

import csv
from pathlib import Path

from atf_dagster.catalogue import load
from atf_dagster.snapshot.figures import AREAS, ENGLAND, figure
from tools.snapshot_build.reading import Entry, FileRefused, Reading

_EXTRACT = {
    # The extract's name of a column -> the project's name.
    "AreaCode": "area_code",
    "Sex": "sex",
    "Age": "age",
    "CategoryType": "breakdown_type",
    "Category": "breakdown_value",
    "Value": "value",
    "LowerCI": "lci_95",
    "UpperCI": "uci_95",
    "Count": "numerator",
    "Denominator": "denominator",
    "Trend": "trend",
}

_HALF_A_DIGIT = 0.0501


def fingertips_extract(path: Path, entry: Entry) -> Reading:
    """All rows of our areas. `Year` is the year in which a period begins; the note is that of `entry`.

    `years: calendar` says that a period is a calendar year, and `only: totals` leaves out the groups of areas.

    The extract rounds a value to one decimal and its limits to two, so that a value may lie outside its own limits. So
    the value is worked out again from its counts, and refused where that is another figure.
    """
    names = {area.code: area.name for area in load().areas}
    figures = []
    for row in _rows(path, (*_EXTRACT, "IndicatorId", "Year")):
        if row["IndicatorId"] != entry["indicator"]:
            raise _refused(path, f"it has rows of {row['IndicatorId']}")
        if row["AreaCode"] not in AREAS or (entry.get("only") == "totals" and row["CategoryType"]):
            continue
        first = int(row["Year"])
        cells = {ours: row[theirs].strip('"') for theirs, ours in _EXTRACT.items()}
        share = 100 * float(row["Count"]) / float(row["Denominator"])
        if abs(share - float(row["Value"])) > _HALF_A_DIGIT:
            raise _refused(path, f"{row['AreaCode']} has {row['Value']} in {first}, its counts give {share}")
        cells["value"] = f"{share:.5f}"
        period = str(first) if entry.get("years") == "calendar" else f"{first}/{(first + 1) % 100:02}"
        found = figure(**cells, area_name=names[row["AreaCode"]], period=period, note=entry.get("note", ""))
        # The board comes twice with the same figures, once for each kind of area that it is.
        if found not in figures:
            figures.append(found)
    # The order of Fingertips: by period, England before the other areas.
    figures.sort(key=lambda f: (f["period"], f["area_code"] != ENGLAND, f["breakdown_type"], f["area_code"]))
    return Reading(
        title=entry["title"],
        figures=figures,
        intervals=True,
        line_ending="CRLF",  # as the service writes
        period_range=entry["period_range"],
    )


def fingertips_column(path: Path, entry: Entry) -> Reading:
    """One figure an area, of the period, sex and age that `entry` says; of an area that it calls absent a blank one."""
    of_all = {"sex": entry["sex"], "age": entry["age"], "period": entry["period"]}
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            value=row[entry["column"]],
            note=entry["note"],
            **of_all,
        )
        for row in _rows(path, ("area_code", "area_name", entry["column"]))
        if row["area_code"] in AREAS
    ]
    names = {area.code: area.name for area in load().areas}
    for code in entry["absent"].split(","):
        if any(found["area_code"] == code for found in figures):
            raise _refused(path, f"{code} is not absent")
        figures.append(figure(area_code=code, area_name=names[code], note=entry["note_of_absent"], **of_all))
    return Reading(
        title=entry["title"],
        figures=sorted(figures, key=lambda f: (f["area_code"] != ENGLAND, f["area_code"])),
        intervals=False,
        line_ending="CRLF",
        period_range=entry["period_range"],
    )


def _rows(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    if missing := [column for column in needed if column not in (rows[0] if rows else {})]:
        raise _refused(path, f"its header lacks {', '.join(missing)}")
    return rows


def _refused(path: Path, what: str) -> FileRefused:
    return FileRefused(f"{path}: {what}.", "Look at the file, then correct plan.yml or readers_extracts.py.")
