"""UKHSA answers: the service's own pages, filters and refusals, from the bundled figures."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import FiguresSource
from tools.snapshot_build.readers import FileRefused
from tools.snapshot_build.readers_ukhsa import read_download, read_series

BASE = "https://api.ukhsa-dashboard.data.gov.uk/themes/infectious_disease/sub_themes/respiratory/topics/COVID-19"
NATION = f"{BASE}/geography_types/Nation/geographies"
COUNCILS = f"{BASE}/geography_types/Lower%20Tier%20Local%20Authority/geographies"
CASES = "COVID-19_cases_casesByDay"
METRICS = ("COVID-19_cases_countRollingMean", "COVID-19_deaths_ONSByDay")


def fetch(session: requests.Session, metric: str, **parameters: str | int) -> requests.Response:
    return session.get(f"{NATION}/England/metrics/{metric}", params=parameters)


def test_every_metric_that_is_held_is_tested(sources: dict[str, FiguresSource]) -> None:
    assert {name for name, source in sources.items() if source.publisher == "ukhsa"} == {*METRICS, CASES}


@pytest.mark.parametrize("metric", METRICS)
def test_the_pages_together_are_the_publishers_file(session: requests.Session, shared_data: Path, metric: str) -> None:
    file = shared_data / "ukhsa" / f"{metric}_CTRY_E92000001_all_all_default.json"
    published = json.loads(file.read_bytes(), parse_float=str, parse_int=str)["time_series"]
    rows: list[dict[str, Any]] = []
    for number in (1, 2):
        page = json.loads(fetch(session, metric, page=number, page_size=365).content, parse_float=str, parse_int=str)
        rows += page["results"]
    assert [(row["date"], row["metric_value"], row["epiweek"]) for row in rows] == [
        (point["date"], point["metric_value"], point["epiweek"]) for point in published
    ]


@pytest.mark.parametrize(("size", "rows"), [({}, 5), ({"page_size": 20}, 20), ({"page_size": 5000}, 365)])
def test_a_page_has_five_rows_unless_more_are_asked_for_and_never_more_than_365(
    session: requests.Session, size: dict[str, int], rows: int
) -> None:
    page = fetch(session, METRICS[0], **size).json()
    assert (page["count"], len(page["results"]), page["previous"]) == (366, rows, None)
    assert "page=2" in page["next"]


def test_the_last_page_names_none_and_there_is_none_after_it(session: requests.Session) -> None:
    last = fetch(session, METRICS[1], page=2, page_size=365)
    assert (last.json()["next"], len(last.json()["results"])) == (None, 1)
    after = fetch(session, METRICS[1], page=3, page_size=365)
    assert (after.status_code, after.json()) == (404, {"detail": "Invalid page."})


def test_a_row_has_the_services_fields_but_not_the_flag_that_the_file_does_not_say(session: requests.Session) -> None:
    (row, *_) = fetch(session, "COVID-19_deaths_ONSByDay", sex="all", age="all", stratum="default").json()["results"]
    assert row == {
        "theme": "infectious_disease",
        "sub_theme": "respiratory",
        "topic": "COVID-19",
        "geography_type": "Nation",
        "geography": "England",
        "geography_code": "E92000001",
        "metric": "COVID-19_deaths_ONSByDay",
        "metric_group": "deaths",
        "stratum": "default",
        "sex": "all",
        "age": "all",
        "year": 2022,
        "month": 11,
        "epiweek": 44,
        "date": "2022-11-03",
        "metric_value": 70,
    }


@pytest.mark.parametrize(
    "address",
    [
        f"{NATION}/England/metrics/COVID-19_cases_casesByWeek",
        f"{NATION}/Wales/metrics/COVID-19_deaths_ONSByDay",
        f"{NATION}/England/metrics/COVID-19_deaths_ONSByDay?age=15_44",
        f"{NATION}/England/metrics/COVID-19_deaths_ONSByDay?year=2023",
        f"{BASE}/geography_types/Region/geographies",
        f"{COUNCILS}/Halton/metrics/COVID-19_deaths_ONSByWeek",
        f"{COUNCILS}/Leeds/metrics/{CASES}",
    ],
)
def test_what_is_not_held_is_not_answered_with_nothing(session: requests.Session, address: str) -> None:
    with pytest.raises(SnapshotMiss):
        session.get(address)


def test_cases_of_the_councils_are_the_downloads_and_englands_are_the_sum_of_its_councils(
    session: requests.Session, shared_data: Path
) -> None:
    names = [entry["name"] for entry in session.get(COUNCILS).json()]
    assert len(names) == 9
    published: dict[str, dict[str, int]] = {}
    with gzip.open(shared_data / "covid_deaths" / "utla_cases_2021-06-22.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["areaCode"].startswith("E") and "2020-03-01" <= row["date"] <= "2021-04-30":
                published.setdefault(row["areaName"], {})[row["date"]] = int(row["newCasesBySpecimenDate"])
    for name in names:
        assert cases(session, f"{COUNCILS}/{name}") == published[name]
    england = cases(session, f"{NATION}/England")
    assert len(england) == 426
    for day in ("2020-03-01", "2020-04-07", "2020-12-29", "2021-04-30"):
        assert england[day] == sum(days.get(day, 0) for days in published.values())


def cases(session: requests.Session, geography: str) -> dict[str, int]:
    """Day -> cases, of all pages of a series."""
    pages = [session.get(f"{geography}/metrics/{CASES}", params={"page": n, "page_size": 365}).json() for n in (1, 2)]
    found = [(row["date"], row["metric_value"]) for page in pages for row in page["results"]]
    assert len(found) == len(dict(found)) == pages[0]["count"]
    return dict(found)


@pytest.mark.parametrize(
    "change",
    [("2020-03-05,Halton,E06000006,3,\n" * 2, "comes twice"), ("", "none of these days")],
    ids=["one day twice", "no day"],
)
def test_a_download_that_counts_a_day_twice_or_has_none_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    rows, why = change
    path = tmp_path / "cases.csv.gz"
    header = "date,areaName,areaCode,newCasesBySpecimenDate,newDeaths28DaysByDeathDate\n"
    path.write_bytes(gzip.compress((header + rows + header).encode()))
    with pytest.raises(FileRefused, match=why):
        read_download(path, {"indicator": CASES, "first_day": "2020-03-01", "last_day": "2021-04-30"})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_public": False}, "not public"),
        ({"metric_value": "70.10"}, "written otherwise"),
        ({"epiweek": "1"}, "in week 1"),
        ({"note": "new"}, "has the fields"),
    ],
)
def test_a_file_that_says_more_than_an_answer_could_is_refused(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    point: dict[str, Any] = {"epiweek": "44", "date": "2022-11-03", "metric_value": "70", "embargo": "x"}
    with pytest.raises(FileRefused, match=why):
        read_series(_file(tmp_path, {**point, "is_public": True, **change}), {"indicator": "COVID-19_deaths_ONSByDay"})


def test_a_file_of_another_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="metric is"):
        read_series(_file(tmp_path), {"indicator": "COVID-19_deaths_ONSByWeek"})


def _file(folder: Path, *points: dict[str, Any]) -> Path:
    series = {
        "parent_theme": "infectious_disease",
        "child_theme": "respiratory",
        "topic": "COVID-19",
        "metric_group": "deaths",
        "metric": "COVID-19_deaths_ONSByDay",
        "geography_type": "Nation",
        "geography": "England",
        "geography_code": "E92000001",
        **{"age": "all", "sex": "all", "stratum": "default", "metric_frequency": "daily"},
        "time_series": list(points),
    }
    path = folder / "series.json"
    path.write_text(json.dumps(series), encoding="utf-8")
    return path
