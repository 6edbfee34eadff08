"""Reads the publishers' files into figures, with one reader for each shape of file.

A reader stops and does not guess where a column has no place in the figures, a row has unexpected content, or two rows
give one figure.

Belongs here: reading a file into rows of `atf_dagster/snapshot/figures.py`, with every value as its text, the checks
that nothing in the file is lost. Does not belong here: which files are read (`plan.yml`), writing (`__main__`).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from atf_dagster.snapshot import fingertips
from atf_dagster.snapshot.figures import AREAS, ENGLAND, Figure, figure
from tools.snapshot_build import (
    readers_ees,
    readers_extracts,
    readers_govuk,
    readers_nomis,
    readers_ons_beta,
    readers_ukhsa,
    selection,
)
from tools.snapshot_build.reading import Entry, FileRefused, Reading

# The publisher's name of a column -> the project's name.
_FULL_COLUMNS = {
    "Area Code": "area_code",
    "Area Name": "area_name",
    "Sex": "sex",
    "Age": "age",
    "Category Type": "breakdown_type",
    "Category": "breakdown_value",
    "Time period": "period",
    "Value": "value",
    "Lower CI 95.0 limit": "lci_95",
    "Upper CI 95.0 limit": "uci_95",
    "Lower CI 99.8 limit": "lci_998",
    "Upper CI 99.8 limit": "uci_998",
    "Count": "numerator",
    "Denominator": "denominator",
    "Value note": "note",
    "Recent Trend": "trend",
    "Compared to England value or percentiles": "compared_to_england",
}
_ELS_COLUMNS = {
    "areacd": "area_code",
    "areanm": "area_name",
    "period": "period",
    "observation": "value",
    "lci_95": "lci_95",
    "uci_95": "uci_95",
    "status": "status",
}
_RESHAPED_COLUMNS = ("area_code", "area_name", "period", "indicator", "unit", "value")
_COMPARISONS = ("significance", "compared_to_England")  # one of the two, by the age of the file
_KEY = ("area_code", "sex", "age", "breakdown_type", "breakdown_value", "period")
_SEXES = ("Male", "Female", "Persons")  # the order in which Fingertips prints them
_REPLACED = re.compile(r"Obsolete code .*\(replaced by (E[0-9]{8}) ")
_NO_DATA = "NA"  # an empty cell, as the third party that re-shaped the file writes it


def read(path: Path, entry: Entry) -> Reading:
    """The figures that `entry` names, for the areas of the snapshot.

    Raises FileRefused where the file has no such figures, or has content that would be lost.
    """
    reading = _READERS[entry["shape"]](path, entry)
    reading = replace(reading, figures=[row for row in reading.figures if selection.figure(entry, row)])
    if not reading.figures:
        raise _refused(path, f"it holds no figures for {entry['indicator']} in the areas of the snapshot")
    seen: set[tuple[str, ...]] = set()
    for row in reading.figures:
        key = tuple(row[column] for column in _KEY)
        if key in seen:
            raise _refused(path, f"it gives two figures for {', '.join(filter(None, key))}")
        seen.add(key)
    return reading


def _fingertips_full(path: Path, entry: Entry) -> Reading:
    rows = [row for row in _rows(path, fingertips.HEADER) if _is_answered(entry, row["Area Code"])]
    if rows and tuple(rows[0]) != fingertips.HEADER:
        raise _refused(path, f"its header is not that of Fingertips: {', '.join(rows[0])}")
    once = {
        column: _only(path, column, rows)
        for column in ("Indicator ID", "Indicator Name", "Compared to percentiles", "Time period range")
    }
    if once["Indicator ID"] != entry["indicator"]:
        raise _refused(path, f"it is indicator {once['Indicator ID']}, not {entry['indicator']}")
    for row in rows:
        _check_derived(path, row)

    figures: list[Figure] = []
    for _, of_period in groupby(rows, key=lambda row: row["Time period"]):
        in_period = list(of_period)
        # England comes first without a parent, then once more as the parent area.
        england = [row for row in in_period if not row["Parent Code"]]
        again = [row for row in in_period if row["Parent Code"] and row["Area Code"] == ENGLAND]
        children = [row for row in in_period if row["Area Code"] != ENGLAND]
        if in_period != [*england, *again, *children] or len(england) != len(again):
            raise _refused(path, f"its rows for {in_period[0]['Time period']} are not in the order expected")
        for first, second in zip(england, again, strict=True):
            may_differ = ("Parent Code", "Parent Name", "Compared to England value or percentiles")
            if any(first[column] != second[column] for column in first if column not in may_differ):
                raise _refused(path, f"the two England rows for {first['Time period']} differ in a figure")
            figures.append(
                _carry(first, _FULL_COLUMNS)
                | {"compared_to_england_as_parent": second["Compared to England value or percentiles"]}
            )
        figures += [_carry(row, _FULL_COLUMNS) for row in children]
    return Reading(
        title=once["Indicator Name"],
        figures=figures,
        intervals=any(row["lci_95"] for row in figures),
        line_ending=_line_ending(path),
        period_range=once["Time period range"],
        compared_to_parent=once["Compared to percentiles"],
    )


def _is_answered(entry: Entry, area_code: str) -> bool:
    # At Fingertips districts of counties have another area type, which needs another request: `districts`.
    return selection.area(entry, area_code) and ("districts" in entry or not area_code.startswith("E07"))


def _check_derived(path: Path, row: Mapping[str, str]) -> None:
    """Check that the values which an answer derives are those of the file."""
    derived = {
        "Parent Code": ("", ENGLAND) if row["Area Code"] == ENGLAND else (ENGLAND,),
        "Parent Name": (fingertips.ENGLAND_NAME if row["Parent Code"] else "",),
        "Area Type": (fingertips.area_type(row["Area Code"]),),
        "Time period Sortable": (fingertips.sortable(row["Time period"]),),
        "New data": ("",),
        "Compared to goal": ("",),
    }
    for column, expected in derived.items():
        if row[column] not in expected:
            raise _refused(path, f"{column} is {row[column]!r} where {' or '.join(expected)!r} was expected")


def _fingertips_reshaped(path: Path, entry: Entry) -> Reading:
    rows = [row for row in _rows(path, _RESHAPED_COLUMNS) if _is_answered(entry, row["area_code"])]
    figures = [
        figure(
            area_code=row["area_code"],
            area_name=row["area_name"],
            sex=_reshaped_sex(path, row),
            age=entry["age"],
            period=row["period"],
            value="" if row["value"] == _NO_DATA else row["value"],
            compared_to_england=_reshaped_comparison(path, row),
            compared_to_england_as_parent=_reshaped_comparison(path, row) if row["area_code"] == ENGLAND else "",
        )
        for row in rows
    ]
    # The order of Fingertips: by period, England before the councils, then by sex and area.
    figures.sort(key=lambda f: (f["period"], f["area_code"] != ENGLAND, _SEXES.index(f["sex"]), f["area_code"]))
    return Reading(
        title=_only(path, "indicator", rows),
        figures=figures,
        intervals=False,
        line_ending="CRLF",  # as the service writes
        period_range=entry["period_range"],
    )


def _reshaped_sex(path: Path, row: Mapping[str, str]) -> str:
    # Either in a column of its own with the name "inequality", or in the column "unit".
    inequality = row.get("inequality", _NO_DATA)
    sex = row["unit"] if inequality == _NO_DATA else inequality
    if sex not in _SEXES:
        raise _refused(path, f"{sex!r} is not a sex, for {row['area_name']} in {row['period']}")
    return sex


def _reshaped_comparison(path: Path, row: Mapping[str, str]) -> str:
    comparisons = [row[column] for column in _COMPARISONS if column in row]
    if len(comparisons) != 1:
        raise _refused(path, f"its header should have one of {' and '.join(_COMPARISONS)}")
    return comparisons[0]


def _els_input(path: Path, entry: Entry) -> Reading:
    needed = (*_ELS_COLUMNS, "indicator", "measure", "unit", "notes")
    of_indicator = [row for row in _rows(path, needed) if row["indicator"] == entry["label"]]
    there = {row["areacd"] for row in of_indicator}
    rows = [row for row in of_indicator if selection.area(entry, row["areacd"]) and not _is_left_out(row, there)]
    for row in rows:
        if row["notes"] and row["areacd"] in AREAS:
            raise _refused(path, f"a note would be lost: {row['notes']}")
        if not row["observation"] and not row["status"]:
            raise _refused(path, f"{row['areanm']} has neither value nor status in {row['period']}")
    if rows:
        _only(path, "measure", rows)
        _only(path, "unit", rows)
    figures = [_carry(row, _ELS_COLUMNS) | {"note": row["notes"]} for row in rows]
    figures.sort(key=lambda f: (f["area_code"], f["period"]))
    return Reading(
        title=entry["label"],
        figures=figures,
        intervals=any(row["lci_95"] or row["uci_95"] for row in of_indicator),
        line_ending="LF",  # as the service writes
    )


def _is_left_out(row: Mapping[str, str], there: set[str]) -> bool:
    """Whether to leave out a figure of another council: it misleads without its note, and an answer has no notes."""
    if row["areacd"] in AREAS:
        return False
    replaced = _REPLACED.match(row["notes"])
    return "unreliable" in row["notes"] or (replaced is not None and replaced[1] in there)


def _ukhsa_series(path: Path, entry: Entry) -> Reading:
    return readers_ukhsa.read_series(path, entry)


_READERS: Mapping[str, Callable[[Path, Entry], Reading]] = {
    "fingertips_full": _fingertips_full,
    "fingertips_reshaped": _fingertips_reshaped,
    "fingertips_extract": readers_extracts.fingertips_extract,
    "fingertips_column": readers_extracts.fingertips_column,
    "els_input": _els_input,
    "ukhsa_series": _ukhsa_series,
    "ukhsa_download": readers_ukhsa.read_download,
    "lait": readers_ees.lait,
    "ees_early_years": readers_ees.early_years,
    "ees_key_stage_4": readers_ees.key_stage_4,
    "ees_attainment_by_19": readers_ees.attainment_by_19,
    "ees_neet_16_17": readers_ees.neet_16_17,
    "homelessness_ta1": readers_govuk.temporary_accommodation,
    "fuel_poverty": readers_govuk.fuel_poverty,
    "walking_and_cycling": readers_govuk.walking_and_cycling,
    "children_in_low_income": readers_govuk.children_in_low_income,
    "nomis_api": readers_nomis.nomis_api,
    "nomis_two_pulls": readers_nomis.nomis_two_pulls,
    "ashe_living_wage": readers_ons_beta.living_wage,
    "mid_year_estimates": readers_ons_beta.population,
    "covid_deaths": readers_ons_beta.covid_deaths,
    "weekly_deaths": readers_ons_beta.weekly_deaths,
}


def _rows(path: Path, needed: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows under the names of the header. Raises FileRefused where the header lacks a needed column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        header = next(rows, [])
        if missing := [column for column in needed if column not in header]:
            raise _refused(path, f"its header lacks {', '.join(missing)}")
        for row in rows:
            if len(row) != len(header):
                raise _refused(path, f"line {rows.line_num} has {len(row)} cells under {len(header)} names")
            yield dict(zip(header, row, strict=True))


def _line_ending(path: Path) -> str:
    with path.open("rb") as file:
        return "CRLF" if file.readline().endswith(b"\r\n") else "LF"


def _carry(row: Mapping[str, str], columns: Mapping[str, str]) -> Figure:
    return figure(**{ours: row[theirs] for theirs, ours in columns.items()})


def _only(path: Path, column: str, rows: list[dict[str, str]]) -> str:
    """The one text that all rows have in a column."""
    texts = {row[column] for row in rows}
    if len(texts) != 1:
        raise _refused(path, f"{column} should say one thing in every row, and says {sorted(texts)}")
    return texts.pop()


def _refused(path: Path, what: str) -> FileRefused:
    return FileRefused(
        f"{path}: {what}.", "Look at the file, then correct plan.yml or the reader of its shape in readers.py."
    )
