"""Each expectation on the mart passes on the published one, fails where it is spoiled, and names the very rows.

Belongs here: suites of stage `mart`. Does not belong here: what is asked of arriving vintages (test_expectations_hold,
test_family_expectations_hold).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest
from judging import Outcomes, insert, outcomes

from atf_dagster import catalogue
from atf_dagster.catalogue.model import Dataset
from atf_dagster.quality import suites
from atf_dagster.quality.results import Result
from support import found_as_published
from support.home import PublishedHome

Name = tuple[str, str]
"""A suite and an expectation."""
SUITES = {suite.suite: suite for suite in suites.load("mart")}
MART = [(suite.suite, entry.name) for suite in SUITES.values() for entry in suite.expectations]

CARDS = "stg_fingertips__indicator_metadata"
OHID = [dataset for table, dataset in catalogue.load().datasets if table.table == "fingertips_indicator_data"]
OPEN_TERMS = (
    "Open Government Licence v3.0",
    "Contains information licensed under the open government license.",
    "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "OGL",
)
OTHER_TERMS = "Not to be passed on without the consent of the survey's owner"

DERIVED = "is_derived and value > 1 and lci_95 is not null"
NEWEST_RATE = """breakdown_type = 'Total' and sex = 'Persons' and area_code = 'E08000011' and indicator_code = 'SUP06'
    and period_end = (select max(period_end) from mart.fct_observation where indicator_code = 'SUP06')"""

SPOILED: Mapping[Name, tuple[str, str, str]] = {
    ("coverage", "empty_has_a_reason"): ("coverage", "state = 'empty'", "reason = null"),
    ("coverage", "nothing_is_stale"): ("coverage", "state = 'current'", "state = 'stale', reason = 'source_failed'"),
    ("coverage_envelope", "what_was_answered_is_answered"): (
        "coverage", "indicator_code = 'SUP07'", "latest_period_id = null"),
    ("coverage_envelope", "the_newest_period_is_no_older"): (
        "coverage", "indicator_code = 'SUP07'", "latest_period_id = '1999-01-01/1999-12-31'"),
    ("dim_indicator", "definition_says_something"): ("dim_indicator", "not is_proxy", "definition = 'A share.'"),
    ("dim_indicator", "page_is_a_secure_link"): (
        "dim_indicator", "page_url is not null", "page_url = 'http://example.org'"),
    ("dim_area", "name_can_be_read"): ("dim_area", "area_type = 'council'", "area_name = 'HaltÃ³n'"),
    ("dim_area", "council_is_in_a_region"): ("dim_area", "area_type = 'council'", "parent_code = null"),
    ("dim_area", "code_fits_its_type"): ("dim_area", "area_type = 'former council'", "area_type = 'region'"),
    ("dim_area", "nine_councils_make_the_subregion"): (
        "dim_area", "area_type = 'council' and in_cheshire_merseyside", "parent_code = 'E12000002'"),
    ("dim_period", "period_is_within_reach"): (
        "dim_period", "period_type = 'calendar_year'", "period_start = date '1919-01-01'"),
    ("dim_period", "length_fits_the_kind"): ("dim_period", "period_type = 'financial_year'", "n_years = 3"),
    ("dim_vintage", "address_can_be_followed"): ("dim_vintage", "true", "url = 'ftp://example.org'"),
    ("dim_vintage", "hash_is_a_hash"): ("dim_vintage", "true", "sha256 = 'none'"),
    ("dim_vintage", "something_came"): ("dim_vintage", "true", "landed_rows = 0"),
    ("dim_vintage", "retrieved_in_our_time"): ("dim_vintage", "true", "retrieved_at = timestamp '1970-01-01'"),
    ("dim_vintage", "retrieved_before_now"): ("dim_vintage", "true", "retrieved_at = timestamp '2100-01-01'"),
    ("dim_vintage", "published_before_it_was_retrieved"): (
        "dim_vintage", "true", "retrieved_at = timestamp '2025-01-01', published_at = timestamp '2025-01-04'"),
    ("fct_observation", "derived_value_not_below_its_interval"): ("fct_observation", DERIVED, "lci_95 = value + 1"),
    ("fct_observation", "derived_value_not_above_its_interval"): ("fct_observation", DERIVED, "uci_95 = value - 1"),
    ("fct_observation", "derived_value_within_bounds"): (
        "fct_observation", f"{DERIVED} and area_code <> 'E54000008'", "value = 1e9, uci_95 = 1e10"),
    ("fct_observation", "derived_value_not_under_bounds"): (
        "fct_observation", f"{DERIVED} and area_code <> 'E54000008'", "value = -99, lci_95 = -100"),
    ("fct_observation", "derived_value_among_its_councils"): (
        "fct_observation", f"{DERIVED} and area_code = 'E54000008' and indicator_code = 'SUP04'",
        "value = 900, uci_95 = 901"),
    ("fct_observation_history", "a_span_ends_after_it_began"): (
        "fct_observation_history", "not is_derived", "valid_to = valid_from"),
    ("fct_comparison", "judged_by_the_polarity"): (
        "fct_comparison", "outcome_judged = 'better'", "outcome_judged = 'worse'"),
    ("fct_comparison", "outcome_is_on_its_side"): (
        "fct_comparison", "outcome_statistical = 'higher'", "benchmark_value = 1e9"),
    ("fct_trend", "outcome_goes_with_the_slope"): ("fct_trend", "outcome = 'decreasing'", "slope = 1"),
    ("fct_trend", "judged_by_the_polarity"): (
        "fct_trend", "outcome_judged = 'getting_better'", "outcome_judged = 'getting_worse'"),
    ("fct_trend", "statistic_is_not_negative"): ("fct_trend", "chi_squared is not null", "chi_squared = -1"),
    ("fct_inequality", "measure_not_below_its_interval"): (
        "fct_inequality", "measure = 'absolute_gap' and lci_95 is not null", "lci_95 = value + 1"),
    ("fct_inequality", "measure_not_above_its_interval"): (
        "fct_inequality", "measure = 'absolute_gap' and lci_95 is not null", "uci_95 = value - 1"),
    ("fct_inequality", "a_ratio_is_above_zero"): (
        "fct_inequality", "measure = 'relative_gap' and value is not null and lci_95 is null", "value = 0"),
    ("fct_inequality", "a_simulation_can_be_repeated"): ("fct_inequality", "method = 'simulation'", "seed = null"),
    ("fct_quintile", "rank_is_among_the_ranked"): ("fct_quintile", "quintile = 1", "rank = n_areas + 1"),
    ("fct_quintile", "judged_by_the_polarity"): (
        "fct_quintile", "quintile = 1 and quintile_judged in (1, 5)", "quintile_judged = 3"),
    ("fct_quintile", "no_more_councils_than_there_are"): (
        "fct_quintile", "reason = 'too_few_areas' and n_areas_expected is not null", "n_areas = 400"),
    ("fct_control_chart", "limits_contain_the_mean"): (
        "fct_control_chart", "lower_limit is not null", "lower_limit = mean + 1"),
    ("fct_control_chart", "limits_are_above_the_mean"): (
        "fct_control_chart", "upper_limit is not null", "upper_limit = mean - 1"),
    ("fct_control_chart", "a_special_cause_has_its_rule"): (
        "fct_control_chart", "outcome = 'common_cause'", "outcome = 'special_cause_high'"),
    ("fct_control_chart", "a_point_outside_lies_outside"): (
        "fct_control_chart", "is_shift and not is_outside_limits and lower_limit > 0", "is_outside_limits = true"),
    ("fct_pool_check", "no_pool_is_shown_that_england_does_not_bear_out"): (
        "fct_pool_check", "indicator_code = 'ATF02' and outcome = 'good_enough'", "outcome = 'not_measured'"),
    ("fct_pool_check", "shares_of_people_are_shares"): (
        "fct_pool_check", "outcome = 'good_enough'", "share_of_people = 1.3"),
    ("fct_pool_check", "pools_are_near_the_published_figure"): (
        "fct_pool_check", "outcome = 'not_measured'", "outcome = 'too_coarse'"),
    ("fct_association", "rho_is_a_correlation"): ("fct_association", "true", "rho = 1.01"),
    ("fct_association", "p_value_is_a_probability"): ("fct_association", "true", "p_value = 1.01"),
    ("fct_association", "enough_councils"): ("fct_association", "true", "n_areas = 6"),
    ("fct_association", "no_more_councils_than_there_are"): ("fct_association", "true", "n_areas = 400"),
    ("headline_jumps", "newest_figure_does_not_jump"): ("fct_observation", NEWEST_RATE, "value = 65, uci_95 = 70"),
}  # fmt: skip
"""For each expectation the table, which of its rows may be taken, and what is done to one of them."""

TABLES = {"mart." + table for table, _, _ in SPOILED.values()} | {"mart.fct_revision", "mart.dim_series_break"}
OUTSIDE = (
    "staging." + CARDS,
    *("intermediate.int_staged", "intermediate.int_vintage_in_force", "raw.catalogue_dataset"),
    *("intermediate.int_publisher_card", "raw.catalogue_indicator", "raw.catalogue_publishers_word"),
    *("intermediate.int_headline_missing", "raw.fetch_state", "raw.goal_error"),
)
INACTIVE = "93015"


@pytest.fixture(scope="module")
def mart(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The mart of the release in tables that may be spoiled, and the release itself as the one before."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as previous (read_only)")
        connection.execute(f"attach '{published_home.settings.warehouse}' as warehouse (read_only)")
        connection.execute("create schema mart; create schema staging; create schema intermediate; create schema raw")
        for table in sorted(TABLES):
            connection.execute(f"create table {table} as from previous.{table}")
        found_as_published.without_them(connection)
        for table in OUTSIDE:
            connection.execute(f"create table {table} as from warehouse.{table}")
        insert(connection, "intermediate.int_vintage_in_force", {"vintage_id": "cards"})
        for number, terms in enumerate((*OPEN_TERMS, None)):
            insert_card(connection, OHID[number], terms)
        publishers_card(connection, INACTIVE, unit="Percent", polarity="RAG - Low is good", value_type="Proportion")
        # Cards of an older vintage, and of a dataset whose figures stay out.
        insert_card(connection, OHID[0], OTHER_TERMS, vintage_id="older cards")
        connection.execute(f"update raw.catalogue_dataset set redistributed = false where dataset = '{OHID[-1].id}'")
        insert_card(connection, OHID[-1], OTHER_TERMS)
        yield connection


def insert_card(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, terms: str | None, vintage_id: str = "cards"
) -> None:
    row = {"vintage_id": vintage_id, "source_id": dataset.source_id, "source_data_reuse": terms}
    insert(connection, f"staging.{CARDS}", row)


def publishers_card(connection: duckdb.DuckDBPyConnection, source_id: str, **says: str) -> None:
    known = {"publisher_id": "ohid", "source_id": source_id, "is_current": True}
    insert(connection, "intermediate.int_publisher_card", {**known, **says})


@pytest.fixture(scope="module")
def good_mart(mart: duckdb.DuckDBPyConnection) -> dict[str, Outcomes]:
    return outcomes(mart, "mart")


class Spoiler:
    """Spoils rows and remembers for which expectation, each row for one only."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.made: dict[Name, tuple[tuple[str, ...], set[tuple[Any, ...]]]] = {}
        self.used: dict[str, list[int]] = {}

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(values)).fetchall()

    def keys(self, name: Name, table: str) -> tuple[str, ...]:
        """The keys of the suite that the table has."""
        columns = {str(column) for column, *_ in self.rows(f"describe mart.{table}")}
        return tuple(key for key in SUITES[name[0]].keys if key in columns)

    def spoil(self, name: Name, table: str, where: str, change: str) -> None:
        keys = self.keys(name, table)
        taken = ", ".join(map(str, self.used.get(table, [-1])))
        (number, *key), *_ = self.rows(
            f"select rowid, {', '.join(keys)} from mart.{table} where {where} and rowid not in ({taken}) order by rowid"
        )
        self.used.setdefault(table, []).append(number)
        self.connection.execute(f"update mart.{table} set {change} where rowid = {number}")
        self.made[name] = (keys, {tuple(map(plain, key))})

    def tell(self, name: Name, keys: tuple[str, ...], *rows: tuple[Any, ...]) -> None:
        self.made[name] = (keys, {tuple(map(plain, row)) for row in rows})


def plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def spoil_headlines(spoiler: Spoiler) -> None:
    """A council gone, one value for all councils, and most figures of an indicator gone; not one council alone."""
    keys = ("indicator_code", "period_id")
    short, alike, lost, alone = spoiler.rows(
        f"select indicator_code, period_id from ({SUITES['headline_figures'].frame}) where councils = 9 and "
        "values_given = 9 and distinct_values > 6 and indicator_code <> 'SUP12' and indicator_code not in "
        "(select indicator_code from mart.fct_observation where is_derived) order by all limit 4"
    )
    ours = "(select area_code from mart.dim_area where area_type = 'council' and is_answered order by area_code"
    where = "indicator_code = ? and period_id = ? and breakdown_type = 'Total' and area_code in"
    spoiler.rows(f"delete from mart.fct_observation where {where} {ours} limit 1)", *short)
    spoiler.rows(f"update mart.fct_observation set value = 7 where {where} {ours})", *alike)
    spoiler.rows(f"update mart.fct_observation set value = null where {where} {ours} offset 1)", *alone)
    gone = "indicator_code = ? and period_id <> ? and hash(area_code, period_id) % 10 < 6"
    spoiler.rows(f"delete from mart.fct_observation where {gone}", *lost)
    spoiler.tell(("headline_figures", "nine_councils_have_a_row"), keys, short)
    spoiler.tell(("headline_figures", "councils_differ"), keys, alike)
    spoiler.tell(("release_envelope", "figures_are_not_lost"), keys[:1], lost[:1])


def spoil_levels(spoiler: Spoiler) -> None:
    spoiler.rows("update mart.fct_observation set value = value * 2.1 where indicator_code = 'SUP12'")
    spoiler.tell(("release_envelope", "figures_keep_their_level"), ("indicator_code",), ("SUP12",))
    spoiler.rows("update mart.fct_observation set value = null where is_derived and indicator_code = 'ATF09'")
    spoiler.tell(("release_envelope", "derived_figures_are_not_lost"), ("indicator_code",), ("ATF09",))


def spoil_history(spoiler: Spoiler) -> None:
    """A second span of a figure that began before the first and ends within it."""
    keys = SUITES["fct_observation_history"].keys[:-1]
    key, *_ = spoiler.rows(f"select {', '.join(keys)} from mart.fct_observation_history where indicator_code = 'SUP05'")
    spoiler.rows(
        "insert into mart.fct_observation_history select * replace (valid_from - interval 1 day as valid_from, "
        "valid_from + interval 1 day as valid_to) from mart.fct_observation_history "
        f"where ({', '.join(keys)}) = ({', '.join('?' for _ in keys)})",
        *key,
    )
    spoiler.tell(("fct_observation_history", "spans_do_not_overlap"), keys, key)


def spoil_revisions(spoiler: Spoiler) -> None:
    """A revision by more than 5 percentage points, and one by less."""
    keys = SUITES["fct_revision"].keys[:-1]
    figures = f"select {', '.join(keys)} from mart.fct_observation where indicator_code = 'SUP05' limit 2"
    large, small = spoiler.rows(figures)
    for key, difference in ((large, 5.1), (small, 4.9)):
        values = {"old_value": 70.0, "new_value": 70.0 + difference, "difference": difference, "is_derived": False}
        seen = {"seen_at": "2026-01-01", "old_vintage_id": "a", "new_vintage_id": "b"}
        insert(spoiler.connection, "mart.fct_revision", {**dict(zip(keys, key, strict=True)), **values, **seen})
    spoiler.tell(("fct_revision", "revision_is_no_new_figure"), keys, large)


def spoil_series(spoiler: Spoiler) -> None:
    """The councils of one table moved without England, all areas of another, and slips in old periods of others."""
    keys = ("indicator_code", "period_id")
    ours = "(select area_code from mart.dim_area where area_type = 'council' and is_answered)"
    change = "update mart.fct_observation set value = value * ? where indicator_code = ? and period_id = ?"
    together, level = ("ATF18", "2024-11-16/2025-11-15"), ("SUP14", "2022-04-01/2023-03-31")
    spoiler.rows(f"{change} and area_code in {ours}", 0.5, *together)
    spoiler.tell(("moved_together", "councils_move_with_england"), keys, together)
    spoiler.rows(change, 0.1, *level)
    spoiler.tell(("moved_together", "table_keeps_its_level"), keys, level)
    spike, copy, exchange = (
        ("SUP07", "2015-04-22/2015-04-22"),
        ("SUP02", "2019-11-16/2020-11-15"),
        ("PRX10A", "2010-01-01/2010-12-31"),
    )
    spoiler.rows(f"{change} and area_code = 'E08000015'", 10, *spike)
    spoiler.tell(("old_periods", "figure_fits_its_series"), keys, spike)
    same = " and ".join(f"o.{key} = s.{key}" for key in ("indicator_code", "sex", "age", "breakdown_type"))
    put = f"update mart.fct_observation as o set value = s.value from mart.fct_observation as s where {same}"
    spoiler.rows(
        f"{put} and o.area_code = s.area_code and o.breakdown_value = s.breakdown_value and o.area_code in {ours} and "
        "o.indicator_code = ? and o.period_id = ? and s.period_id = '2016-11-16/2017-11-15'",
        *copy,
    )
    spoiler.tell(("old_periods", "period_repeats_no_other"), keys, copy)
    spoiler.rows(
        f"{put} and o.period_id = s.period_id and o.indicator_code = ? and o.period_id = ? and "
        "(o.area_code, s.area_code) in (('E08000012', 'E06000049'), ('E06000049', 'E08000012'))",
        *exchange,
    )
    spoiler.tell(("old_periods", "councils_are_not_exchanged"), keys, exchange)


def spoil_sources(spoiler: Spoiler) -> None:
    keys = SUITES["source_agreement"].keys[:7]
    where = "dataset = 'fingertips_90362' and area_code = 'E08000012' and row_use = 'kept' and value is not null"
    found = spoiler.rows(f"select {', '.join(keys)} from intermediate.int_staged where {where}")
    spoiler.rows(f"update intermediate.int_staged set value = value + 0.2 where {where}")
    spoiler.tell(("source_agreement", "two_publishers_say_the_same"), keys, *found)
    spoiler.rows(
        "insert into intermediate.int_headline_missing "
        "(indicator_code, area_code, came, expected, came_end, headline_end) "
        "values ('SUP03', 'E08000012', '16+ yrs', '18+ yrs', date '2025-11-15', date '2024-11-15'), "
        "('SUP03', 'E08000011', '16+ yrs', '18+ yrs', date '2025-11-15', date '2024-11-15')"
    )
    spoiler.tell(
        ("headline_breakdowns", "headline_breakdown_is_there"),
        ("indicator_code", "came", "expected", "areas"),
        ("SUP03", "16+ yrs", "18+ yrs", 2),
    )
    told = "goals.csv, line 2, area: 'Cheshire' is no area that we answer for. What to do: Write one of: Liverpool."
    insert(spoiler.connection, "raw.goal_error", {"line": 2, "field": "area", "told": told})
    spoiler.tell(("goals", "every_line_is_a_goal"), ("line", "field", "told"), (2, "area", told))
    insert_card(spoiler.connection, OHID[6], OTHER_TERMS)
    spoiler.tell(("redistribution", "reuse_names_the_open_government_licence"), ("dataset",), (OHID[6].id,))


def spoil_cards(spoiler: Spoiler) -> None:
    """A card that says another unit, one with a word that nobody knows, and one of an indicator that is given up."""
    keys = ("indicator_code", "field", "theirs")
    for number, says in (
        (INACTIVE, {"unit": "per 1,000"}),
        ("93014", {"polarity": "Sideways is good"}),
        ("93881", {"says_whether_it_goes_on": "Obesity in adults (discontinued)"}),
    ):
        publishers_card(spoiler.connection, number, **says)
    suite = "publisher_cards"
    spoiler.tell((suite, "card_says_what_the_publishers_card_says"), keys, ("SUP02", "unit", "per 1,000"))
    spoiler.tell((suite, "publishers_word_is_known"), keys, ("ATF18", "polarity", "Sideways is good"))
    given_up = ("SUP03", "discontinuation", "Obesity in adults (discontinued)")
    spoiler.tell((suite, "publisher_goes_on_with_the_indicator"), keys, given_up)


@pytest.fixture(scope="module")
def spoiled(
    mart: duckdb.DuckDBPyConnection, good_mart: dict[str, Outcomes]
) -> dict[Name, tuple[Result, set[tuple[Any, ...]], set[tuple[Any, ...]]]]:
    """The mart spoiled once for each expectation: name -> (its result, the keys it named, the keys of spoiled rows)."""
    told = {}

    def tell(spoiler: Spoiler) -> None:
        results = outcomes(mart, "mart")
        for (suite, name), (keys, wanted) in spoiler.made.items():
            result = results[suite][name]
            told[suite, name] = (result, {tuple(row[key] for key in keys) for row in result.failing}, wanted)

    rows = Spoiler(mart)
    for name, (table, where, change) in SPOILED.items():
        rows.spoil(name, table, where, change)
    for spoil in (spoil_history, spoil_revisions, spoil_sources, spoil_cards):
        spoil(rows)
    tell(rows)
    # What is done to a whole indicator would be seen by rules on its rows, too.
    wholes = Spoiler(mart)
    mart.execute("create or replace table mart.fct_observation as from previous.mart.fct_observation")
    found_as_published.without_them(mart)
    for spoil in (spoil_headlines, spoil_levels):
        spoil(wholes)
    tell(wholes)
    series = Spoiler(mart)
    mart.execute("create or replace table mart.fct_observation as from previous.mart.fct_observation")
    found_as_published.without_them(mart)
    spoil_series(series)
    tell(series)
    return told


@pytest.mark.parametrize("name", MART, ids=".".join)
def test_the_published_mart_meets_every_expectation(good_mart: dict[str, Outcomes], name: Name) -> None:
    result = good_mart[name[0]][name[1]]
    assert result.success, result.sentence


@pytest.mark.parametrize("name", MART, ids=".".join)
def test_a_mart_that_breaks_a_rule_is_seen_by_it_with_the_very_rows(
    spoiled: dict[Name, tuple[Result, set[tuple[Any, ...]], set[tuple[Any, ...]]]], name: Name
) -> None:
    result, named, wanted = spoiled[name]
    assert not result.success
    assert named == wanted


def test_other_terms_of_reuse_are_said_with_the_dataset_and_what_to_do(
    spoiled: dict[Name, tuple[Result, set[tuple[Any, ...]], set[tuple[Any, ...]]]],
) -> None:
    result, _, _ = spoiled["redistribution", "reuse_names_the_open_government_licence"]
    assert result.blocks
    assert OHID[6].id in result.sentence
    assert OTHER_TERMS in result.sentence
    assert "redistributed: false" in result.sentence
    assert "redistributed: false" in result.remedy


def test_a_suite_on_the_mart_names_a_table_that_readers_have(published_home: PublishedHome) -> None:
    tables = {
        table for (table,) in published_home.rows("select table_name from duckdb_tables() where schema_name = 'mart'")
    }
    assert {suite.table for suite in SUITES.values()} <= tables


@pytest.mark.parametrize("stage", ["admission", "mart"])
def test_the_bundled_figures_break_no_rule_but_for_what_is_as_published(
    published_home: PublishedHome, stage: suites.Stage
) -> None:
    (path,) = published_home.settings.runs.glob(f"*/quality_{stage}.json")
    results = [Result.from_json(record) for record in json.loads(path.read_text("utf-8"))]
    known = found_as_published.ADMISSION if stage == "admission" else found_as_published.MART
    assert {(result.suite, result.expectation) for result in results if not result.success} == known
    assert not any(result.blocks for result in results)
    assert {(r.suite, r.expectation) for r in results} == {
        (suite.suite, entry.name) for suite in suites.load(stage) for entry in suite.expectations
    }
