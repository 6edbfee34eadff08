"""The snapshot of ONS's pages and files: found as they are live, shaded as the publisher's, and nothing besides."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import requests
from other_councils import is_other

from atf_dagster.catalogue import load
from atf_dagster.formats import cell_shading, workbooks, zip_member
from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot.figures import AREAS, CHESHIRE_AND_MERSEYSIDE
from atf_dagster.snapshot.ons_beta import (
    COVID_DEATHS,
    LIVING_WAGE,
    LIVING_WAGE_SHEETS,
    MEAN_WEEKLY_DEATHS,
    POPULATION,
    WEEKLY_DEATHS,
)

API = "https://api.beta.ons.gov.uk/v1/data"
FILES = "https://www.ons.gov.uk/file"
PUBLISHED = AREAS - {CHESHIRE_AND_MERSEYSIDE}
REAL = {
    "ons_below_real_living_wage": "ons_ashe/lwf_table_7_1a_work_geography_2022.xls",
    "ons_population_estimates": "ons_population/mye23tablesew.xlsx",
}


def file_of(session: requests.Session, page: str) -> bytes:
    """The file that is found by going from the dataset's page to its edition's, as our client does."""
    landing = session.get(API, params={"uri": f"/{page}"}).json()
    (edition,) = landing["datasets"]
    described = session.get(API, params={"uri": edition["uri"]}).json()
    (file,) = described["downloads"]
    answer = session.get(f"{FILES}?uri={edition['uri']}/{file['file']}")
    assert answer.status_code == 200
    return answer.content


def table(path: Path, name: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of a workbook, for the areas that are published, but for what a sheet's other rows move."""
    collection = next(collection for collection in load().collections if collection.table == name)
    layout = collection.layout
    assert layout is not None
    rows = folder / "rows.csv"
    with zip_member.opened(path, layout.member) as workbook:
        workbooks.to_rows(workbook, layout, rows)
        if layout.shading is not None:
            cell_shading.add(workbook, layout, layout.shading, rows)
    every = csv.DictReader(io.StringIO(rows.read_text("utf-8"), newline=""))
    ages = {"", "All ages"}
    young = {str(age) for age in range(19)}  # of persons, by whom figures of adults and of children are weighted
    totals = [row for row in every if row["key"] in ages or (row["sheet"] == "MYE2 - Persons" and row["key"] in young)]
    # Of jobs below the living wage the totals of all councils are held, of people also their sexes.
    wages = name == "ons_below_real_living_wage"
    kept = [
        row
        for row in totals
        if row["area_code"] in AREAS
        or (is_other(row["area_code"]) and (not wages or row["sheet"] in ("All", "Male", "Female")))
    ]
    return [{name: text for name, text in row.items() if name != "sheet_row"} for row in kept]


@pytest.mark.parametrize(
    ("name", "page"), [("ons_below_real_living_wage", LIVING_WAGE), ("ons_population_estimates", POPULATION)]
)
def test_rows_titles_and_shades_are_those_of_the_publishers_own_file(
    session: requests.Session, shared_data: Path, tmp_path: Path, name: str, page: str
) -> None:
    ours = tmp_path / "ours"
    ours.write_bytes(file_of(session, page))
    assert table(ours, name, tmp_path) == table(shared_data / REAL[name], name, tmp_path)


def test_deaths_of_the_first_wave_are_those_of_the_publishers_workbook_with_their_marks(
    session: requests.Session, shared_data: Path, tmp_path: Path
) -> None:
    described = session.get(API, params={"uri": f"/{COVID_DEATHS}"}).json()
    (file,) = described["downloads"]
    ours = tmp_path / "ours.xlsx"
    ours.write_bytes(session.get(f"{FILES}?uri=/{COVID_DEATHS}/{file['file']}").content)
    assert deaths(ours, tmp_path) == deaths(
        shared_data / "covid_deaths" / "granular_mortality_file_ONS_Mar-Jun2020.xlsx", tmp_path
    )
    # Read in the workbook: Halton's five deaths of March are too few for a rate that can be relied on.
    assert deaths(ours, tmp_path)[("COVID-19", "E06000006", "March")] == ("5", "4.1", "u", "1.3", "9.6")
    assert len(deaths(ours, tmp_path)) == 2 * 11 * 5


def deaths(path: Path, folder: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """(cause, area, months) -> deaths, rate, marker and limits of persons, of the causes and areas that are bundled."""
    layout = next(collection.layout for collection in load().collections if collection.table == "ons_covid_deaths")
    assert layout is not None
    rows = folder / "rows.csv"
    workbooks.to_rows(path, layout, rows)
    read = csv.DictReader(io.StringIO(rows.read_text("utf-8"), newline=""))
    return {
        (row["cause"], row["area_code"], row["key"]): tuple(
            row[name] for name in ("deaths", "rate", "marker", "lower_ci", "upper_ci")
        )
        for row in read
        if row["sex"] == "Persons" and row["cause"] != "Non COVID-19" and row["area_code"] in PUBLISHED
    }


def test_deaths_of_the_weeks_of_2020_and_their_means_are_those_of_the_third_partys_table(
    session: requests.Session, shared_data: Path, tmp_path: Path
) -> None:
    edition = session.get(f"https://api.beta.ons.gov.uk/v1/datasets/{WEEKLY_DEATHS}").json()
    version = session.get(edition["links"]["latest_version"]["href"]).json()
    body = session.get(version["downloads"]["csv"]["href"]).content.decode("utf-8")
    registered = {
        (row["administrative-geography"], row["week-number"]): row["v4_0"]
        for row in csv.DictReader(io.StringIO(body, newline=""))
    }
    (file,) = session.get(API, params={"uri": f"/{MEAN_WEEKLY_DEATHS}"}).json()["downloads"]
    workbook = tmp_path / "means.xlsx"
    workbook.write_bytes(session.get(f"{FILES}?uri=/{MEAN_WEEKLY_DEATHS}/{file['file']}").content)
    layout = next(
        collection.layout for collection in load().collections if collection.table == "ons_mean_weekly_deaths"
    )
    assert layout is not None
    rows = tmp_path / "rows.csv"
    workbooks.to_rows(workbook, layout, rows)
    with rows.open(encoding="utf-8", newline="") as read:
        means = {
            (row["area_code"], f"week-{row['week_number']}"): row["mean_of_deaths"] for row in csv.DictReader(read)
        }
    weeks = "covid_deaths/excess_deaths_uk_w51_2015-2020_registrations_by_LA_week.csv"
    with (shared_data / weeks).open(encoding="utf-8", newline="") as table_of_weeks:
        published = {
            (row["Area_Code"], f"week-{row['Week_Number']}"): row
            for row in csv.DictReader(table_of_weeks)
            if row["Area_Code"] in PUBLISHED
        }
    assert registered == {key: row["reg_deaths_20"] for key, row in published.items()}
    assert len(registered) == 10 * 51
    for key, row in published.items():
        assert float(means[key]) == pytest.approx(sum(int(row[f"reg_deaths_{year}"]) for year in range(15, 20)) / 5)
    assert means.keys() == published.keys()


def test_hand_checked_figures(session: requests.Session, tmp_path: Path) -> None:
    """Read in the publisher's workbooks."""
    body = tmp_path / "body"
    body.write_bytes(file_of(session, LIVING_WAGE))
    wages = {(row["sheet"], row["area_code"]): row for row in table(body, "ons_below_real_living_wage", tmp_path)}
    ours = [area for _, area in wages if area in AREAS]
    assert len(ours) == len(LIVING_WAGE_SHEETS) * len(PUBLISHED)
    # Three sheets of 324 other councils.
    assert len(wages) - len(ours) == 3 * 324
    # The smallest council: a blank cell, without shade, beside a marker.
    scilly = wages["Female", "E06000053"]
    assert (scilly["jobs_thousand"], scilly["per_cent"], scilly["shading"]) == ("..", "", "")
    assert (wages["All", "E08000014"]["jobs_thousand"], wages["All", "E08000014"]["per_cent"]) == ("12", "14")
    assert wages["Female", "E08000013"]["jobs_thousand"] == "x"
    assert wages["Female", "E08000013"]["per_cent"] == "18.6"
    assert wages["Male", "E08000013"]["per_cent"] == "x"
    assert wages["All", "E08000012"]["shading"] == "CV > 5% and <= 10%"
    body.write_bytes(file_of(session, POPULATION))
    people = {
        (row["sheet"], row["area_code"]): row["population"]
        for row in table(body, "ons_population_estimates", tmp_path)
        if row["key"] == "All ages"
    }
    assert people["MYE2 - Persons", "E06000050"] == "365061"
    assert people["MYE2 - Males", "E08000011"] == "76188"


def test_the_same_request_gives_the_same_bytes(session: requests.Session) -> None:
    assert file_of(session, LIVING_WAGE) == file_of(session, LIVING_WAGE)
    assert file_of(session, POPULATION) == file_of(session, POPULATION)


def test_the_pages_do_not_say_when_they_were_released(session: requests.Session) -> None:
    landing = session.get(API, params={"uri": f"/{LIVING_WAGE}"}).json()
    edition = session.get(API, params={"uri": landing["datasets"][0]["uri"]}).json()
    assert set(landing["description"]) == set(edition["description"]) == {"title"}


@pytest.mark.parametrize(
    "address",
    [
        "https://api.beta.ons.gov.uk/v1/datasets/wellbeing-local-authority/editions/time-series",
        "https://api.beta.ons.gov.uk/v1/data?uri=/economy",
        f"https://api.beta.ons.gov.uk/v1/data?uri=/{POPULATION}/current",
        "https://api.beta.ons.gov.uk/v1/data",
        f"https://www.ons.gov.uk/file?uri=/{POPULATION}/mye23tablesew.xlsx",
    ],
)
def test_what_is_not_held_is_said_to_be_so(session: requests.Session, address: str) -> None:
    with pytest.raises(SnapshotMiss) as miss:
        session.get(address)
    assert "Estimates of the population for England and Wales" in miss.value.message
