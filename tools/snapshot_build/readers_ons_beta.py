"""Reads files of ONS into figures: jobs below the real living wage, mid-year population estimates, deaths in the first
wave of the pandemic, and deaths by week as a third party re-shaped them.

Belongs here: which rows of the table are taken, and under which columns. Does not belong here: where the table is in
its workbook (the catalogue's layouts, as for live files), writing (`__main__`).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from atf_dagster.catalogue import load
from atf_dagster.formats import cell_shading, workbooks
from atf_dagster.snapshot import ons_beta
from atf_dagster.snapshot.figures import AREAS, Figure, figure
from tools.snapshot_build import selection
from tools.snapshot_build.reading import Entry, FileRefused, Reading

Row = Mapping[str, str]
_NOISE = 1e-6
"""What printing may have added to a number."""


def living_wage(path: Path, entry: Entry) -> Reading:
    """The figures of the nine sheets. The note of a figure is the key's text for the shade of its cell."""
    figures: list[Figure] = []
    for row in _rows(path, entry, "ons_below_real_living_wage"):
        sex, pattern = ons_beta.LIVING_WAGE_SHEETS[row["sheet"]]
        numbers = {name: row[name] if _is_number(row[name]) else "" for name in ("per_cent", "jobs_thousand")}
        figures.append(
            figure(
                area_code=row["area_code"],
                area_name=row["area_name"],
                sex=sex,
                breakdown_type="Working pattern" if pattern else "",
                breakdown_value=pattern,
                period=_year(row["title"]),
                value=numbers["per_cent"],
                numerator=numbers["jobs_thousand"],
                status=_marker(path, row, numbers),
                note=row["shading"],
            )
        )
    return _reading(entry, figures)


def population(path: Path, entry: Entry) -> Reading:
    """The figures of all ages; of persons also the single years of age below `ages_below`, where the entry says it."""
    below = int(entry.get("ages_below", "0"))
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            sex=ons_beta.POPULATION_SHEETS[row["sheet"]],
            age=row["key"],
            period=f"mid-{_year(row['title'])}",
            value=row["population"],
        )
        for row in _rows(path, entry, "ons_population_estimates")
        if row["key"] == "All ages"
        or (ons_beta.POPULATION_SHEETS[row["sheet"]] == "Persons" and row["key"].isdigit() and int(row["key"]) < below)
    ]
    return _reading(entry, figures)


def covid_deaths(path: Path, entry: Entry) -> Reading:
    """Of persons, the deaths and rates of the causes that `causes` names; the marker beside a rate is its status."""
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            sex=row["sex"],
            breakdown_type="Cause of death",
            breakdown_value=row["cause"],
            period=row["key"],
            value=row["rate"],
            lci_95=row["lower_ci"],
            uci_95=row["upper_ci"],
            numerator=row["deaths"],
            status=row["marker"],
        )
        for row in _rows(path, entry, "ons_covid_deaths")
        if row["sex"] == "Persons" and row["cause"] in entry["causes"].split(", ")
    ]
    return replace(_reading(entry, figures), intervals=True)


def weekly_deaths(path: Path, entry: Entry) -> Reading:
    """One column of a third party's table of weeks: the deaths registered in 2020, or the mean of 2015 to 2019.

    Raises FileRefused where a mean is not that of the five years beside it.
    """
    years = [f"reg_deaths_{year}" for year in range(15, 20)]
    names = {area.code: area.name for area in load().areas}
    figures = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            if row["Area_Code"] not in AREAS:
                continue
            mean = sum(int(row[year]) for year in years) / len(years)
            if abs(mean - float(row["avg_reg_deaths_15_19"])) > _NOISE:
                raise FileRefused(
                    f"{path}: the mean of {row['Area_Name']} in week {row['Week_Number']} is not that of its years.",
                    "Look at the file, then correct plan.yml or readers_ons_beta.py.",
                )
            value = row["reg_deaths_20"] if entry["of"] == "2020" else f"{mean:.1f}"
            figures.append(
                figure(
                    area_code=row["Area_Code"],
                    area_name=names[row["Area_Code"]],
                    period=row["Week_Number"].zfill(2),
                    value=value,
                )
            )
    return _reading(entry, figures)


def _marker(path: Path, row: Row, numbers: Mapping[str, str]) -> str:
    """The one marker that replaces each missing number.

    Beside the jobs of the smallest council the per cent is a blank cell without shade, and it stays blank.
    """
    markers = {row[name] for name, number in numbers.items() if not number}
    if not row["per_cent"] and not row["shading"]:
        markers.discard("")
    if len(markers) > 1 or "" in markers:
        raise FileRefused(
            f"{path}: row {row['sheet_row']} of sheet {row['sheet']} has the markers {sorted(markers)}, of which one "
            "would be lost.",
            "Keep both in readers_ons_beta.py and in atf_dagster/snapshot/ons_beta.py.",
        )
    return next(iter(markers), "")


def _reading(entry: Entry, figures: list[Figure]) -> Reading:
    return Reading(title=entry["title"], figures=figures, intervals=False, line_ending="LF")


def _rows(path: Path, entry: Entry, table: str) -> Iterator[Row]:
    """The rows of a table for the areas of the snapshot, read as a live refresh reads them."""
    collection = next(collection for collection in load().collections if collection.table == table)
    layout = collection.layout
    if layout is None:
        raise TypeError(f"{table} is no workbook")
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        workbooks.to_rows(path, layout, rows)
        if layout.shading is not None:
            cell_shading.add(path, layout, layout.shading, rows)
        with rows.open(encoding="utf-8", newline="") as stream:
            yield from (row for row in csv.DictReader(stream) if selection.area(entry, row["area_code"]))


def _year(title: str) -> str:
    found = re.search(r"20[0-9]{2}$", title)
    if found is None:
        raise ValueError(f"the title {title!r} ends in no year")
    return found[0]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None
