"""Fingertips answers: the service's own columns, order and peculiarities, with nothing added."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
import requests
from other_councils import is_other

from atf_dagster.snapshot import FiguresSource
from atf_dagster.snapshot.figures import COUNCILS, ENGLAND

FINGERTIPS_URL = "https://fingertips.phe.org.uk/api/all_data/csv/by_indicator_id"
API_FILE = "fingertips/90284_injury_admissions_child502_parent15.csv"
FULL = {
    "90284": API_FILE,
    "93015": "fingertips/93015_physically_inactive_website_download.csv",
    "93881": "fingertips/93881_adult_obesity_website_download.csv",
}
OF_ALL_COUNCILS = {"93015", "93881", "93283", "92901", "93014", "90813", "21001"}
WITH_DISTRICTS = {"93283", "93014", "21001"}
RESHAPED = ("93283", "90362", "92901", "93014", "90813", "21001", "93203", "90632")


def fetch(session: requests.Session, indicator: str, kind: str = "502") -> bytes:
    parameters = {"indicator_ids": indicator, "child_area_type_id": kind, "parent_area_type_id": "15"}
    response = session.get(FINGERTIPS_URL, params=parameters)
    assert response.status_code == 200
    return response.content


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


@pytest.mark.parametrize("indicator", FULL)
def test_a_full_precision_answer_is_the_publishers_file_line_for_line_for_our_areas(
    session: requests.Session, shared_data: Path, indicator: str
) -> None:
    published = (shared_data / FULL[indicator]).read_bytes()
    header, *lines = published.splitlines(keepends=True)
    # All of these files' figures of councils begin in 2015 or are of our councils alone.
    ours = [line for line in lines if _is_held(indicator, _area_code(line))]
    assert fetch(session, indicator) == b"".join([header, *ours])


def _is_held(indicator: str, area_code: str) -> bool:
    others = indicator in OF_ALL_COUNCILS and is_other(area_code)
    return others or area_code in (*COUNCILS, ENGLAND)


def _area_code(line: bytes) -> str:
    # The fifth cell; a quoted indicator name before it may hold a comma.
    return next(csv.reader([line.decode("utf-8")]))[4]


@pytest.mark.parametrize("indicator", [*FULL, *RESHAPED])
def test_every_answer_has_the_header_of_the_real_api(
    session: requests.Session, shared_data: Path, indicator: str
) -> None:
    with (shared_data / API_FILE).open("rb") as file:
        real = file.readline().rstrip(b"\r\n")
    assert fetch(session, indicator).splitlines()[0] == real


@pytest.mark.parametrize("indicator", [*FULL, *RESHAPED])
def test_england_comes_twice_and_each_council_once_in_each_period(
    session: requests.Session, sources: dict[str, FiguresSource], indicator: str
) -> None:
    rows = rows_of(fetch(session, indicator))
    key = ("Area Code", "Sex", "Age", "Category Type", "Category", "Time period")
    for (area, *_), times in Counter(tuple(row[column] for column in key) for row in rows).items():
        assert times == (2 if area == ENGLAND else 1)
    england = [row for row in rows if row["Area Code"] == ENGLAND]
    assert sorted(Counter(row["Parent Code"] for row in england)) == ["", ENGLAND]
    others = {row["Area Code"] for row in rows} - {ENGLAND, *COUNCILS}
    assert all(is_other(area) and not area.startswith("E07") for area in others)
    assert (len(others) > 110) == (indicator in OF_ALL_COUNCILS) == bool(others)
    assert {row["Area Code"] for row in rows} >= {ENGLAND, *COUNCILS}
    if indicator not in WITH_DISTRICTS:
        assert len(rows) == sources[indicator].rows + len(england) // 2
    sort_keys = [row["Time period Sortable"] for row in rows]
    assert sort_keys == sorted(sort_keys)


@pytest.mark.parametrize("indicator", sorted(WITH_DISTRICTS))
def test_districts_are_another_kind_of_area_and_both_kinds_hold_every_figure(
    session: requests.Session, sources: dict[str, FiguresSource], indicator: str
) -> None:
    upper, lower = rows_of(fetch(session, indicator)), rows_of(fetch(session, indicator, "501"))
    assert {row["Area Type"] for row in lower} == {"England", "Districts & UAs (from Apr 2023)"}
    districts = [row for row in lower if row["Area Code"].startswith("E07")]
    assert len({row["Area Code"] for row in districts}) > 150
    assert not any(row["Area Code"].startswith("E10") for row in lower)

    # What is no district is the same in both, but for the name of the kind.
    def shared(rows: list[dict[str, str]], other: str) -> list[dict[str, str]]:
        return [row | {"Area Type": ""} for row in rows if not row["Area Code"].startswith(other)]

    assert shared(lower, "E07") == shared(upper, "E10")
    england = sum(row["Area Code"] == ENGLAND for row in upper)
    assert len(upper) + len(districts) == sources[indicator].rows + england // 2


@pytest.mark.parametrize("indicator", RESHAPED)
def test_what_a_reshaped_file_does_not_say_stays_blank(session: requests.Session, indicator: str) -> None:
    unsaid = (
        "Category Type", "Category", "Lower CI 95.0 limit", "Upper CI 95.0 limit", "Lower CI 99.8 limit",
        "Upper CI 99.8 limit", "Count", "Denominator", "Value note", "Recent Trend",
        "Compared to percentiles", "New data", "Compared to goal",
    )  # fmt: skip
    for row in rows_of(fetch(session, indicator)):
        assert not any(row[column] for column in unsaid)
        comparison = row["Compared to England value or percentiles"]
        assert comparison in {"Better", "Similar", "Worse", "Not compared"}


def test_the_departments_extract_comes_by_kind_of_area_with_values_that_are_those_of_its_counts(
    session: requests.Session, shared_data: Path
) -> None:
    listed = session.get("https://fingertips.phe.org.uk/api/available_data", params={"indicator_id": "93701"}).json()
    assert [entry["AreaTypeId"] for entry in listed] == [502, 221]
    board = "E54000008"
    found = {
        (row["Area Code"], row["Category"], row["Time period"]): row
        for kind, areas in (("502", {*COUNCILS, ENGLAND}), ("221", {board, ENGLAND}))
        for row in rows_of(fetch(session, "93701", kind))
        if row["Area Code"] in areas
    }
    with (shared_data / "fingertips_figures" / "93701_absolute_low_income_rows.csv").open(encoding="utf-8") as file:
        extract = [row for row in csv.DictReader(file) if row["AreaCode"] in (*COUNCILS, ENGLAND, board)]
    assert len(found) == len(extract) == 5 * (9 + 1 + 1 + 10)
    for row in extract:
        first = int(row["Year"])
        answered = found[row["AreaCode"], row["Category"], f"{first}/{first - 1999:02}"]
        assert float(answered["Value"]) == pytest.approx(float(row["Value"]), abs=0.0501)
        assert float(answered["Value"]) == pytest.approx(
            100 * float(row["Count"]) / float(row["Denominator"]), abs=0.000005
        )
        for column, theirs in (
            ("Lower CI 95.0 limit", "LowerCI"),
            ("Upper CI 95.0 limit", "UpperCI"),
            ("Count", "Count"),
            ("Denominator", "Denominator"),
            ("Age", "Age"),
        ):
            assert answered[column] == row[theirs]
        assert "March 2011" in answered["Value note"]


def test_of_loneliness_the_period_is_said_to_be_estimated_and_who_is_absent(
    session: requests.Session, shared_data: Path
) -> None:
    rows = {row["Area Code"]: row for row in rows_of(fetch(session, "93758"))}
    with (shared_data / "fingertips_figures" / "loneliness_93758_eight_of_nine.csv").open(encoding="utf-8") as file:
        eight = {row["area_code"]: row["loneliness"] for row in csv.DictReader(file)}
    assert {code: row["Value"] for code, row in rows.items() if row["Value"]} == eight
    assert rows.keys() - eight.keys() == {ENGLAND, "E06000006"}
    assert {row["Time period"] for row in rows.values()} == {"2019/20"}
    for code, row in rows.items():
        assert ("estimated" if code in eight else "Not in the third party's table") in row["Value note"]


@pytest.mark.parametrize(("indicator", "age", "sexes", "length"), [
    ("93283", "All ages", {"Male", "Female"}, "3y"),
    ("90362", "All ages", {"Male", "Female"}, "3y"),
    ("92901", "All ages", {"Male", "Female"}, "3y"),
    ("93014", "19+ yrs", {"Persons"}, "1y"),
    ("90813", "10-24 yrs", {"Persons"}, "1y"),
    ("21001", "All ages", {"Persons"}, "1y"),
    ("93203", "16-17 yrs", {"Persons"}, "1y"),
    ("90632", "5 yrs", {"Persons"}, "1y"),
])  # fmt: skip
def test_a_reshaped_answer_says_whose_figures_and_over_how_long(
    session: requests.Session, indicator: str, age: str, sexes: set[str], length: str
) -> None:
    rows = rows_of(fetch(session, indicator))
    assert {row["Indicator ID"] for row in rows} == {indicator}
    assert {row["Age"] for row in rows} == {age}
    assert {row["Sex"] for row in rows} == sexes
    assert {row["Time period range"] for row in rows} == {length}
    assert all(row["Time period Sortable"] == row["Time period"][:4] + "0000" for row in rows)


@pytest.mark.parametrize(("indicator", "ending"), [("93283", b"\r\n"), ("93015", b"\r\n"), ("90284", b"\n")])
def test_every_line_of_an_answer_ends_alike(session: requests.Session, indicator: str, ending: bytes) -> None:
    body = fetch(session, indicator)
    assert body.endswith(ending)
    assert body.count(ending) == body.count(b"\n")
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert (ending == b"\r\n") == (b"\r" in body)
