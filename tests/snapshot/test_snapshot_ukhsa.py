"""UKHSA answers: the service's own pages, filters and refusals, from the bundled figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import FiguresSource
from tools.snapshot_build.readers import FileRefused
from tools.snapshot_build.readers_ukhsa import read_series

BASE = "https://api.ukhsa-dashboard.data.gov.uk/themes/infectious_disease/sub_themes/respiratory/topics/COVID-19"
NATION = f"{BASE}/geography_types/Nation/geographies"
METRICS = ("COVID-19_cases_countRollingMean", "COVID-19_deaths_ONSByDay")


def fetch(session: requests.Session, metric: str, **parameters: str | int) -> requests.Response:
    return session.get(f"{NATION}/England/metrics/{metric}", params=parameters)


def test_every_metric_that_is_held_is_tested(sources: dict[str, FiguresSource]) -> None:
    assert {name for name, source in sources.items() if source.publisher == "ukhsa"} == set(METRICS)


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
        f"{NATION}/England/metrics/COVID-19_cases_casesByDay",
        f"{NATION}/Wales/metrics/COVID-19_deaths_ONSByDay",
        f"{NATION}/England/metrics/COVID-19_deaths_ONSByDay?age=15_44",
        f"{NATION}/England/metrics/COVID-19_deaths_ONSByDay?year=2023",
        f"{BASE}/geography_types/Lower%20Tier%20Local%20Authority/geographies",
        f"{BASE}/geography_types/Lower%20Tier%20Local%20Authority/geographies/Halton/metrics/COVID-19_deaths_ONSByWeek",
    ],
)
def test_what_is_not_held_is_not_answered_with_nothing(session: requests.Session, address: str) -> None:
    with pytest.raises(SnapshotMiss):
        session.get(address)


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
