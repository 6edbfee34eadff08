"""The bundled population and unemployment as NOMIS gives them: columns, pages, and no word on what is not there."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import duckdb
import pytest
import requests

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot.figures import AREAS, read_figures
from atf_dagster.snapshot.nomis import PREFIX
from atf_dagster.snapshot.sources import BUNDLE
from tools.snapshot_build.readers import FileRefused, read

BASE = f"https://www.nomisweb.co.uk{PREFIX}NM_2002_1"
COUNCILS = "E06000006,E06000007,E06000049,E06000050,E08000011,E08000012,E08000013,E08000014,E08000015"
QUESTION = {
    "geography": f"{COUNCILS},E12000002,E92000001",
    "time": "first,latest",
    "gender": "0",
    "c_age": "200,201,209",
    "measures": "20100",
    "select": "date_name,geography_code,geography_name,c_age,c_age_name,obs_value,obs_status,"
    "record_offset,record_count",
    "RecordLimit": "25000",
    "RecordOffset": "0",
}
ENTRY = {
    "indicator": "NM_2002_1",
    "shape": "nomis_api",
    "ages": "200,201,209",
    "title": "Mid-year population estimates",
}

# Read by a person in the publisher's file: residents on 30 June 2021.
READ_IN_THE_FILE = {
    ("E08000012", "200"): "484488",  # Liverpool, all ages
    ("E08000011", "201"): "30297",  # Knowsley, 0 to 15
    ("E06000007", "200"): "211227",  # Warrington, all ages
    ("E08000014", "209"): "65158",  # Sefton, 65 and over
    ("E12000002", "200"): "7422295",  # North West, all ages
}


def rows(answer: requests.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_figures_are_the_publishers(session: requests.Session) -> None:
    answer = session.get(f"{BASE}.data.csv", params=QUESTION)
    found = {(row["GEOGRAPHY_CODE"], row["C_AGE"]): row["OBS_VALUE"] for row in rows(answer)}
    assert READ_IN_THE_FILE.items() <= found.items()
    assert len(found) == 30
    assert answer.text.startswith('"DATE_NAME","GEOGRAPHY_CODE","GEOGRAPHY_NAME","C_AGE",')
    assert '"2021","E08000012","Liverpool","200","All Ages",484488,"A",' in answer.text


def test_an_answer_comes_in_pages_that_say_how_many_rows_there_are(session: requests.Session) -> None:
    whole = rows(session.get(f"{BASE}.data.csv", params=QUESTION))
    pages = [
        rows(session.get(f"{BASE}.data.csv", params={**QUESTION, "RecordLimit": "12", "RecordOffset": offset}))
        for offset in ("0", "12", "24")
    ]
    assert [len(page) for page in pages] == [12, 12, 6]
    assert [row for page in pages for row in page] == whole
    assert {row["RECORD_COUNT"] for row in whole} == {"30"}
    assert [row["RECORD_OFFSET"] for row in whole] == [str(number) for number in range(30)]


def test_the_definition_names_the_dimensions_and_the_overview_no_date(session: requests.Session) -> None:
    family = session.get(f"{BASE}.def.sdmx.json").json()["structure"]["keyfamilies"]["keyfamily"][0]
    dimensions = [entry["conceptref"] for entry in family["components"]["dimension"]]
    assert dimensions == ["GEOGRAPHY", "GENDER", "C_AGE", "MEASURES"]
    overview = session.get(f"{BASE}.overview.json", params={"select": "DateMetadata"}).json()
    assert overview == {"overview": {"id": "NM_2002_1"}}


def test_every_figure_of_the_publishers_file_that_is_asked_for_is_carried(shared_data: Path) -> None:
    with (shared_data / "nomis" / "NM_2002_1_population_2021.csv").open(encoding="utf-8", newline="") as file:
        published = {
            (row["GEOGRAPHY_CODE"], row["GENDER_NAME"], row["C_AGE_NAME"], row["DATE_NAME"], row["OBS_VALUE"])
            for row in csv.DictReader(file)
            if row["GEOGRAPHY_CODE"] in AREAS and row["C_AGE"] in ENTRY["ages"].split(",")
        }
    carried = read_figures(BUNDLE / "figures" / "nomis" / "population.csv")
    assert {(r["area_code"], r["sex"], r["age"], r["period"], r["value"]) for r in carried} == published


@pytest.mark.parametrize(
    ("path", "change", "lacking"),
    [
        (".data.csv", {"c_age": "203"}, "c_age 203"),
        (".data.csv", {"gender": "1"}, "gender 1"),
        (".data.csv", {"geography": "E09000001"}, "geography E09000001"),
        (".data.csv", {"measures": "20301"}, "measures 20301"),
        (".data.csv", {"time": "latest"}, "with the parameters"),
        (".data.csv", {"select": "urn"}, "the columns urn"),
        (".data.csv", {"ExcludeMissingValues": "true"}, "with the parameters"),
        (".data.json", {}, ".data.json"),
        ("/c_age.def.sdmx.json", {}, "NM_2002_1/c_age"),
    ],
)
def test_what_is_not_held_is_said_by_name(
    session: requests.Session, path: str, change: dict[str, str], lacking: str
) -> None:
    with pytest.raises(SnapshotMiss, match="does not hold") as told:
        session.get(f"{BASE}{path}", params={**QUESTION, **change})
    assert lacking in str(told.value)


def test_another_dataset_is_not_held(session: requests.Session) -> None:
    with pytest.raises(SnapshotMiss, match="does not hold the NOMIS dataset NM_218_1"):
        session.get(BASE.replace("NM_2002_1", "NM_218_1") + ".overview.json")


SURVEY = BASE.replace("NM_2002_1", "NM_17_5")
SURVEY_QUESTION = {
    **{name: cell for name, cell in QUESTION.items() if name not in ("gender", "c_age")},
    "variable": "84",
    "measures": "20599,21001,21002,21003",
    "select": "date_name,geography_code,variable,measures,obs_value,obs_status,obs_status_name,"
    "record_offset,record_count",
}


def test_the_survey_gives_a_row_for_the_rate_and_each_count(session: requests.Session) -> None:
    family = session.get(f"{SURVEY}.def.sdmx.json").json()["structure"]["keyfamilies"]["keyfamily"][0]
    dimensions = [entry["conceptref"] for entry in family["components"]["dimension"]]
    assert dimensions == ["GEOGRAPHY", "VARIABLE", "MEASURES"]
    found = rows(session.get(f"{SURVEY}.data.csv", params=SURVEY_QUESTION))
    assert {row["RECORD_COUNT"] for row in found} == {str(len(found))}
    of_liverpool = {
        row["MEASURES"]: row["OBS_VALUE"]
        for row in found
        if (row["GEOGRAPHY_CODE"], row["DATE_NAME"]) == ("E08000012", "Jan 2023-Dec 2023")
    }
    assert of_liverpool == {"20599": "8.6", "21001": "21300", "21002": "247800"}
    rates = rows(session.get(f"{SURVEY}.data.csv", params={**SURVEY_QUESTION, "measures": "20599"}))
    assert rates and {row["MEASURES"] for row in rates} == {"20599"}


def test_what_the_later_pull_hides_is_unreliable_and_all_else_is_what_either_shows(shared_data: Path) -> None:
    folder = shared_data / "nomis"
    carried = read_figures(BUNDLE / "figures" / "nomis" / "unemployment_16_64.csv")
    # The label names the first and the last month; the files name the last one.
    last = {(row["area_code"], dt.datetime.strptime(row["period"][-8:], "%b %Y").date()): row for row in carried}
    sql = "select geography_code, date, value from '{}' where variable_name = 'Unemployment rate - aged 16-64' {}"
    before, after = (
        {
            (code, day): value
            for code, day, value in duckdb.sql(sql.format(folder / file, more)).fetchall()
            if code in AREAS
        }
        for file, more in (
            ("labour_market_NM_17_5_2023-11.parquet", ""),
            ("labour_market_NM_17_5_2024-06_northern.parquet", "and measures_code = 20599"),
        )
    )
    assert (len(before), len(after)) == (750, 693)
    assert last.keys() == before.keys() | after.keys()
    for key, row in last.items():
        shown = before.get(key, after.get(key))
        assert row["value"] == ("" if shown is None else str(shown))
    hidden = {key for key, value in before.items() if value is not None and after.get(key, value) is None}
    assert len(hidden) == 52
    assert {key for key, row in last.items() if row["status"] == "U"} == hidden
    assert not any(row["area_code"] == "E12999901" for row in carried)


@pytest.mark.parametrize(
    ("published", "spoiled", "complaint"),
    [
        (',484488,"A"', ',484489,"A"', "Liverpool has two figures for All Ages"),
        ('"Aged 65+"', '"Aged 66+"', "209 is called 'Aged 66.'"),
        (",11178\n", ",11179\n", "11178 rows of 11179"),
        ('"GENDER_NAME"', '"SEX_NAME"', "its header lacks GENDER_NAME"),
    ],
)
def test_a_file_that_says_two_things_is_refused(
    shared_data: Path, tmp_path: Path, published: str, spoiled: str, complaint: str
) -> None:
    text = (shared_data / "nomis" / "NM_2002_1_population_2021.csv").read_text(encoding="utf-8")
    assert published in text
    path = tmp_path / "file.csv"
    path.write_text(text.replace(published, spoiled, -1 if "Aged" in published else 1), encoding="utf-8")
    with pytest.raises(FileRefused, match=complaint):
        read(path, ENTRY)
