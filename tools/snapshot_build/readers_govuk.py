"""Reads departments' workbooks into figures: homes, fuel poverty, children in low income families, walking and cycling.

Belongs here: which columns of a table are taken, and under which names. Does not belong here: where the table is in its
workbook (the catalogue's layouts, as for live files), writing (`__main__`), answers (`atf_dagster/snapshot/govuk.py`).
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from atf_dagster.catalogue import load
from atf_dagster.formats import workbooks
from atf_dagster.snapshot import govuk
from atf_dagster.snapshot.figures import Figure, figure
from tools.snapshot_build import selection
from tools.snapshot_build.reading import Entry, FileRefused, Reading

NO_DATA = ".."


def temporary_accommodation(path: Path, entry: Entry) -> Reading:
    """Table TA1 of one quarter: the rate with its counts, then each further column as a breakdown."""
    figures: list[Figure] = []
    rows = _rows(path, entry, "mhclg_temporary_accommodation")
    for row in rows:
        of_area = {
            "area_code": row["area_code"],
            "area_name": row["area_name"],
            "period": row["title"].rsplit("England, ", 1)[1],
        }
        figures.append(
            figure(
                **of_area,
                **_cell(row["households_in_ta_per_thousand"]),
                numerator=_cell(row["households_in_ta"])["value"],
                denominator=row["households_in_area_thousands"],
            )
        )
        figures += [
            figure(**of_area, breakdown_type=govuk.TA1_COLUMN, breakdown_value=heading, **_cell(row[column]))
            for heading, column in (
                (govuk.WITH_CHILDREN, "households_with_children_in_ta"),
                (govuk.CHILDREN, "children_in_ta"),
            )
        ]
    return _reading(rows, figures)


def fuel_poverty(path: Path, entry: Entry) -> Reading:
    """The table of local authorities, without the tables of smaller areas."""
    rows = _rows(path, entry, "desnz_fuel_poverty")
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            period=entry["period"],
            value=row["share_in_fuel_poverty"],
            numerator=row["households_in_fuel_poverty"],
            denominator=row["households"],
        )
        for row in rows
    ]
    return _reading(rows, figures)


def children_in_low_income(path: Path, entry: Entry) -> Reading:
    """All years of the table."""
    rows = _rows(path, entry, "dwp_children_in_low_income")
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            period=f"FYE {row['key']}",
            value=row["share_of_children"],
            numerator=row["children"],
        )
        for row in rows
    ]
    return _reading(rows, figures)


def walking_and_cycling(path: Path, entry: Entry) -> Reading:
    """The columns whose heading fits `headings`, of each year: the share, and the half width of its interval."""
    figures: list[Figure] = []
    for row in _rows(path, entry, "dft_walking_cycling_2018"):
        span = re.search(r"(20[0-9]{2})-20([0-9]{2})", row["title"])
        if span is None:
            raise FileRefused(f"{path}: the title {row['title']!r} says no years.", "Correct readers_govuk.py.")
        if re.search(entry["headings"], row["key"]):
            figures.append(
                figure(
                    area_code=row["area_code"],
                    area_name=row["area_name"],
                    breakdown_type=govuk.HALF_WIDTH if "_CI_" in row["sheet"] else govuk.SHARE,
                    breakdown_value=row["key"],
                    period=f"{span[1]}-{span[2]}",
                    value=row["share_of_adults"],
                )
            )
    return Reading(title=entry["title"], figures=figures, intervals=True, line_ending="LF")


def _cell(text: str) -> dict[str, str]:
    """A number, or the marker that fills each cell of a council which sent no data."""
    return {"value": "", "status": text} if text == NO_DATA else {"value": text, "status": ""}


def _reading(rows: list[Mapping[str, str]], figures: list[Figure]) -> Reading:
    return Reading(title=rows[0]["title"], figures=figures, intervals=False, line_ending="LF")


def _rows(path: Path, entry: Entry, table: str) -> list[Mapping[str, str]]:
    """The rows of a table for the areas of the snapshot, read as a live refresh reads them."""
    collection = next(collection for collection in load().collections if collection.table == table)
    if collection.layout is None:
        raise TypeError(f"{table} is no workbook")
    with TemporaryDirectory() as folder:
        target = Path(folder) / "rows.csv"
        workbooks.to_rows(path, collection.layout, target)
        with target.open(encoding="utf-8", newline="") as stream:
            rows: list[Mapping[str, str]] = [
                row for row in csv.DictReader(stream) if selection.area(entry, row["area_code"])
            ]
    if not rows:
        raise FileRefused(
            f"{path}: it has no row of the areas of the snapshot.",
            "Look at the file, then correct plan.yml or the catalogue's layout.",
        )
    return rows
