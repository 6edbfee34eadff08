"""UKHSA's series from its interface to raw rows: every page, of every council, and nothing that was not asked for.

Belongs here: what the live path promises of this publisher. Does not belong here: what staging makes of the rows
(dbt's unit tests). The series for England are the publisher's own; those for councils are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.http import Client, Host
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.snapshot.adapter import SnapshotAdapter
from atf_dagster.warehouse import raw
from support.fetching import fetch_one
from support.publishers.ukhsa import Dashboard, Point, days, weeks

LTLA = "Lower Tier Local Authority"
DEATHS, DEATHS_METRIC = "ukhsa_covid_deaths_by_week", "COVID-19_deaths_ONSByWeek"
CASES, CASES_METRIC = "ukhsa_covid_cases_by_day", "COVID-19_cases_casesByDay"
ENGLAND_DEATHS, ENGLAND_DEATHS_METRIC = "ukhsa_covid_deaths_by_day_england", "COVID-19_deaths_ONSByDay"
ENGLAND_CASES, ENGLAND_CASES_METRIC = "ukhsa_covid_cases_mean_england", "COVID-19_cases_countRollingMean"
# As the service writes them: with an ampersand and with a full stop, where the catalogue has neither.
COUNCILS = {
    "Halton": "E06000006",
    "Warrington": "E06000007",
    "Cheshire East": "E06000049",
    "Cheshire West & Chester": "E06000050",
    "Knowsley": "E08000011",
    "Liverpool": "E08000012",
    "St. Helens": "E08000013",
    "Sefton": "E08000014",
    "Wirral": "E08000015",
}


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """Weekly deaths for 53 weeks and daily cases for 2,190 days of each council, and of others."""
    with Dashboard() as server:
        server.codes |= COUNCILS | {"Bristol, City of": "E06000023"}
        server.listed = {LTLA: ["Bristol, City of", *reversed(COUNCILS)], "Nation": ["England", "Wales"]}
        for at, name in enumerate(COUNCILS):
            server.series[LTLA, name, DEATHS_METRIC] = weeks("2022-10-31", [at + week % 3 for week in range(53)])
            server.series[LTLA, name, CASES_METRIC] = days("2020-02-01", [at + day % 7 for day in range(2190)])
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def refresh(dashboard: Dashboard, landing: Path, dataset: str, catalogue: Catalogue | None = None) -> Attempt:
    """One round for one dataset, as a refresh makes it."""
    dashboard.forget()
    return fetch_one(landing, dashboard.url, dataset, catalogue=catalogue)


def raw_rows(landing: Path, columns: str, catalogue: Catalogue | None = None) -> list[tuple[object, ...]]:
    """The rows of the newest vintages that parsed, as raw keeps them."""
    folder = landing.parent / "raw"
    raw.parse_new(catalogue or load(), Store(landing), folder, "run", lambda line: None)
    query = f"select {columns} from read_parquet('{folder}/ukhsa_series/*.parquet', union_by_name = true)"
    return duckdb.sql(f"{query} order by dataset, row_number").fetchall()


def served_by_the_publisher(metric: str) -> list[Point]:
    """The series for England in the publisher's own file."""
    folder = Path(__file__).parents[2] / ".." / "shared" / "data" / "ukhsa"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: there is no file of the publisher to serve")
    series = json.loads((folder / f"{metric}_CTRY_E92000001_all_all_default.json").read_bytes())
    return [Point(point["date"], point["metric_value"]) for point in series["time_series"]]


def test_pages_of_all_councils_form_one_vintage_in_the_catalogues_order(dashboard: Dashboard, landing: Path) -> None:
    attempt = refresh(dashboard, landing, DEATHS)
    assert (attempt.outcome, len(attempt.pages)) == ("landed", 9)
    rows = raw_rows(landing, "geography, geography_code, date, metric_value, page, row_number")
    assert len(rows) == 9 * 53
    assert [row[5] for row in rows] == list(range(1, 9 * 53 + 1))
    assert list(dict.fromkeys(row[0] for row in rows)) == list(COUNCILS)
    assert {row[0]: row[1] for row in rows} == COUNCILS
    assert rows[0] == ("Halton", "E06000006", "2022-10-31", "0", 1, 1)
    assert rows[-1][:5] == ("Wirral", "E08000015", "2023-10-30", "9", 9)


def test_every_page_is_asked_for_with_the_largest_size_until_there_is_no_next(
    dashboard: Dashboard, landing: Path
) -> None:
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, len(attempt.pages)) == ("landed", 9 * 6)  # 2,190 = 6 x 365; five a page would make 438
    asked = [parse_qs(urlsplit(path).query) for path in dashboard.asked_for_rows]
    assert {tuple(query["page_size"]) for query in asked} == {("365",)}
    assert [query["page"] for query in asked] == [[str(n)] for n in range(1, 7)] * 9
    assert len(raw_rows(landing, "1")) == 9 * 2190


def test_the_host_that_an_answer_names_is_never_asked(dashboard: Dashboard, landing: Path) -> None:
    dashboard.next_host = "https://attacker.example"  # not one of the client's: asking it would be a failure
    assert refresh(dashboard, landing, CASES).outcome == "landed"
    assert len(dashboard.asked_for_rows) == 9 * 6


def test_names_are_encoded_in_addresses_and_never_written_with_plus(dashboard: Dashboard, landing: Path) -> None:
    refresh(dashboard, landing, DEATHS)
    paths = [urlsplit(path).path for path in dashboard.asked]
    base = "/themes/infectious_disease/sub_themes/respiratory/topics/COVID-19/geography_types"
    assert paths[0] == f"{base}/Lower%20Tier%20Local%20Authority/geographies"
    encoded = f"{base}/Lower%20Tier%20Local%20Authority/geographies/Cheshire%20West%20%26%20Chester/metrics"
    assert f"{encoded}/{DEATHS_METRIC}" in paths
    assert not any("+" in path or "&" in path for path in paths)


def test_commas_and_slashes_in_names_do_not_change_the_address(dashboard: Dashboard, landing: Path) -> None:
    kind = "County, District / Borough"
    catalogue = asking_for(kind)
    dashboard.listed[kind] = list(COUNCILS)
    for name in COUNCILS:
        dashboard.series[kind, name, DEATHS_METRIC] = weeks("2022-10-31", [1, 2])
    assert refresh(dashboard, landing, DEATHS, catalogue).outcome == "landed"
    assert "/geography_types/County%2C%20District%20%2F%20Borough/geographies/" in dashboard.asked[1]
    assert len(raw_rows(landing, "1", catalogue)) == 18


def asking_for(kind: str) -> Catalogue:
    """The catalogue with another kind of geography for the weekly deaths."""
    catalogue = load()
    collections = []
    for collection in catalogue.collections:
        datasets = tuple(
            dataset.model_copy(update={"ask": {**dataset.ask, "geography_type": kind}})
            if dataset.id == DEATHS
            else dataset
            for dataset in collection.datasets
        )
        collections.append(collection.model_copy(update={"datasets": datasets}))
    return catalogue.model_copy(update={"collections": tuple(collections)})


def test_only_figures_for_everybody_are_asked_for(dashboard: Dashboard, landing: Path) -> None:
    series = dashboard.series[LTLA, "Halton", DEATHS_METRIC]
    series += [Point(point.date, 99, sex="f") for point in series] + [Point("2022-10-31", 98, age="85+")]
    assert refresh(dashboard, landing, DEATHS).outcome == "landed"
    assert set(raw_rows(landing, "sex, age, stratum")) == {("all", "all", "default")}
    assert len(raw_rows(landing, "1")) == 9 * 53


def test_a_combination_that_does_not_exist_is_no_data_though_its_status_is_200(
    dashboard: Dashboard, landing: Path
) -> None:
    del dashboard.series[LTLA, "Sefton", DEATHS_METRIC]
    attempt = refresh(dashboard, landing, DEATHS)
    assert (attempt.outcome, attempt.reason, attempt.status) == ("rejected", "header_only", 200)
    assert "COVID-19_deaths_ONSByWeek for Sefton" in str(attempt.message)


def test_a_council_that_is_no_longer_listed_is_named_with_the_nearest_name(dashboard: Dashboard, landing: Path) -> None:
    refresh(dashboard, landing, DEATHS)
    dashboard.listed[LTLA] = [name.replace("Wirral", "Wirral Borough") for name in dashboard.listed[LTLA]]
    attempt = refresh(dashboard, landing, DEATHS)
    assert attempt.outcome == "rejected"
    assert "called Wirral (E08000015); the nearest that it lists is Wirral Borough" in str(attempt.message)
    assert len(Store(landing).vintages(DEATHS, "all")) == 1  # the last good figures stay


@pytest.mark.parametrize("miscount", [-1, 1])
def test_a_count_that_is_not_the_number_of_rows_is_rejected(dashboard: Dashboard, landing: Path, miscount: int) -> None:
    dashboard.miscount = miscount
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, attempt.reason) == ("rejected", "rows_missing")
    assert f"counts {2190 + miscount} rows of {CASES_METRIC} for Halton, and its 6 pages hold 2190" in str(
        attempt.message
    )


def test_a_series_that_ends_early_is_rejected_though_every_status_is_200(dashboard: Dashboard, landing: Path) -> None:
    dashboard.says_next = False
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, attempt.reason) == ("rejected", "rows_missing")


def test_a_page_that_is_gone_when_it_is_asked_for_means_that_the_series_changed(
    dashboard: Dashboard, landing: Path
) -> None:
    dashboard.vanishing_page = 4
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, attempt.reason) == ("rejected", "changed_while_read")


def test_short_series_are_simply_fetched_and_found_unchanged(dashboard: Dashboard, landing: Path) -> None:
    refresh(dashboard, landing, DEATHS)
    assert refresh(dashboard, landing, DEATHS).outcome == "unchanged"
    assert len(dashboard.asked_for_rows) == 9  # one page a council: looking would cost as much as fetching
    first = dashboard.series[LTLA, "Knowsley", DEATHS_METRIC]
    first[0] = Point(first[0].date, 77)  # a revision of the oldest figure
    assert refresh(dashboard, landing, DEATHS).outcome == "landed"


def test_of_long_series_only_the_newest_rows_are_looked_at(dashboard: Dashboard, landing: Path) -> None:
    refresh(dashboard, landing, CASES)
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, attempt.pages, len(attempt.listings)) == ("unchanged", (), 1 + 9)
    assert {tuple(parse_qs(urlsplit(path).query)["page"]) for path in dashboard.asked_for_rows} == {("6",)}


def test_a_revision_before_the_turn_of_a_page_is_noticed(dashboard: Dashboard, landing: Path) -> None:
    wirral = dashboard.series[LTLA, "Wirral", CASES_METRIC]
    wirral += [Point("2026-02-01", 5)]  # a last page of one row
    refresh(dashboard, landing, CASES)
    wirral[-2] = Point(wirral[-2].date, 1000)
    assert refresh(dashboard, landing, CASES).outcome == "landed"


def test_rows_that_came_or_went_make_it_ask_for_everything(dashboard: Dashboard, landing: Path) -> None:
    halton = dashboard.series[LTLA, "Halton", CASES_METRIC]
    refresh(dashboard, landing, CASES)
    halton += [Point("2026-02-01", 5)]
    assert refresh(dashboard, landing, CASES).outcome == "landed"
    del halton[300:]  # page 6 of before is past the end now: 404
    attempt = refresh(dashboard, landing, CASES)
    assert (attempt.outcome, len(attempt.pages)) == ("landed", 8 * 6 + 1)


def test_the_flag_of_reporting_delays_and_a_missing_value_reach_raw(dashboard: Dashboard, landing: Path) -> None:
    series = dashboard.series[LTLA, "Halton", DEATHS_METRIC]
    series[-1] = Point(series[-1].date, None, delayed=True)
    refresh(dashboard, landing, DEATHS)
    halton = raw_rows(landing, "metric_value, in_reporting_delay_period")[:53]
    assert halton[-2:] == [("0", "false"), (None, "true")]


def test_another_series_in_the_answer_is_rejected(dashboard: Dashboard, landing: Path) -> None:
    refresh(dashboard, landing, DEATHS)
    catalogue = asking_for("Upper Tier Local Authority")
    raw_rows(landing, "1", catalogue)  # the catalogue asks for another kind than the body holds
    (verdict,) = Store(landing).verdicts(DEATHS, "all").values()
    assert (verdict.verdict, verdict.reason) == ("rejected", "other_series")


# Read in the publisher's own files: (date, value).
DEATHS_OF_ENGLAND = (
    ("2022-11-03", "70"),
    ("2022-11-04", "79"),
    ("2022-11-05", "63"),
    ("2022-11-06", "48"),
    ("2022-11-07", "64"),
    ("2023-11-03", "20"),
)
CASES_OF_ENGLAND = (
    ("2022-11-01", "4141.43"),
    ("2022-11-02", "3952.14"),
    ("2022-11-03", "3793.43"),
    ("2022-11-04", "3628.29"),
    ("2022-11-05", "3506.43"),
    ("2023-11-01", "896.57"),
)
OF_ENGLAND = [
    (ENGLAND_DEATHS, ENGLAND_DEATHS_METRIC, DEATHS_OF_ENGLAND),
    (ENGLAND_CASES, ENGLAND_CASES_METRIC, CASES_OF_ENGLAND),
]


@pytest.mark.parametrize(("dataset", "metric", "figures"), OF_ENGLAND, ids=["deaths", "cases"])
def test_the_publishers_series_arrive_digit_by_digit(
    dashboard: Dashboard, landing: Path, dataset: str, metric: str, figures: tuple[tuple[str, str], ...]
) -> None:
    dashboard.series["Nation", "England", metric] = served_by_the_publisher(metric)
    attempt = refresh(dashboard, landing, dataset)
    assert (attempt.outcome, len(attempt.pages)) == ("landed", 2)
    rows = raw_rows(landing, "date, metric_value, geography_code")
    assert len(rows) == 366
    assert {(*figure, "E92000001") for figure in figures} <= set(rows)


def test_the_snapshot_answers_for_england_and_for_cases_of_councils_but_has_no_deaths_of_theirs(tmp_path: Path) -> None:
    catalogue = load()
    urls = {service.id: service.base_url for service in catalogue.services if service.base_url.startswith("https")}
    landing = tmp_path / "landing"
    client = Client([Host(urls["ukhsa"], 0)], user_agent="atf-tests", adapter=SnapshotAdapter())
    try:
        fetched = FetchRun(catalogue, Store(landing), client, urls, "snapshot", "run").fetch(
            [DEATHS, CASES, ENGLAND_DEATHS, ENGLAND_CASES]
        )
    finally:
        client.close()
    outcomes = {attempt.dataset: attempt.outcome for attempt in fetched}
    assert outcomes == {
        DEATHS: "not_in_snapshot",
        CASES: "landed",
        ENGLAND_DEATHS: "landed",
        ENGLAND_CASES: "landed",
    }
    found = raw_rows(landing, "dataset, metric, date, metric_value, in_reporting_delay_period")
    rows = {row[1:] for row in found if row[0] in (ENGLAND_DEATHS, ENGLAND_CASES)}
    assert len(rows) == 2 * 366
    for _, metric, figures in OF_ENGLAND:
        assert {(metric, *figure, None) for figure in figures} <= rows
