"""No hidden number can be recomputed from what is published: releases are attacked, and attacks are known to work.

Each leak is planted in a copy of a real release, of its own indicator's rows alone. The hidden figure there is a real
published one, so that the attack has numbers to find. The attack finds them, so a release in which it finds nothing has
no such leak. Before a figure is hidden, everything that models computed from its year is removed (`bare`), so that the
planted leak is the only one. Planted rows are changed copies of real rows. Attacks on releases with local returns are
in tests/returns.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.release.audit import AuditFailed, audit_disclosure
from atf_dagster.release.disclosure import Finding, given_away
from atf_dagster.release.disclosure.gaps import Gaps
from atf_dagster.release.disclosure.reader import Reader
from atf_dagster.release.disclosure.reading import HIDING
from support.home import PROJECT, PublishedHome
from support.releases import run_sql

HALTON, KNOWSLEY, LIVERPOOL, WIRRAL, WHOLE = "E06000006", "E08000011", "E08000012", "E08000015", "E54000008"
ENGLAND = "E92000001"
WITHOUT_THE_NINE = "WITHOUT-E54000008"
YEAR = "2021-09-01/2022-08-31"
MEASURES = ("value", "numerator", "lci_95", "uci_95", "lci_998", "uci_998")
NOTHING = ", ".join(f"{name} = null" for name in MEASURES)
SUBJECT = f"indicator_code = 'ATF09' and period_id = '{YEAR}'"
KEY = "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value"
TOTAL = "sex = 'Persons' and breakdown_type = 'Total'"


Attack = Callable[..., list[Finding]]


WORKED_OUT = ("fct_comparison", "fct_inequality", "fct_revision", "fct_trend", "fct_quintile", "fct_control_chart")
"""Tables with rows that rest on figures."""
NINE = f"area_code in (select area_code from mart.dim_area where parent_code = '{WHOLE}')"


def bare(where: str, keep: str = "true") -> list[str]:
    """Leaves of the figures `where` those of the nine councils and their sum, and nothing that rests on them.

    The real rows are kept as they were in temporary tables of the same names, for tests to plant copies of.
    """
    year = re.search("period_id = '[^']+'", where)
    code = re.search("indicator_code = '[^']+'", where)
    assert year is not None and code is not None
    since = year[0].replace("period_id", "since_period_id")
    # A trend has periods of its own: none of the indicator's is left. Of history all states of the year are.
    rows = dict.fromkeys((*WORKED_OUT, "fct_observation_history"), f"{code[0]} and {year[0]}")
    rows["fct_inequality"] = f"{code[0]} and ({year[0]} or {since})"
    rows["fct_trend"] = code[0]
    kept = f"create temporary table {{0}} as select * from mart.{{0}} where {where}"
    return [
        kept.format("fct_observation"),
        *(f"create temporary table {table} as select * from mart.{table} where {rows[table]}" for table in rows),
        *(f"delete from mart.{table} where {rows[table]}" for table in rows),
        f"delete from mart.fct_observation where {where} and not (({keep}) and ({NINE} or area_code = '{WHOLE}'))",
    ]


@pytest.fixture(scope="module")
def subject(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the release with the rows of level 2 by 19 alone: each attack on all of them takes seconds."""
    database = tmp_path_factory.mktemp("subject") / "atf.duckdb"
    code = SUBJECT.partition(" and ")[0]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as whole (read_only); attach '{database}' as release")
        connection.execute("create schema release.mart")
        tables = connection.execute(
            "select table_name, bool_or(column_name = 'indicator_code') from duckdb_columns() inner join "
            "duckdb_tables() using (database_name, schema_name, table_name) "
            "where database_name = 'whole' and schema_name = 'mart' group by all"
        ).fetchall()
        for table, is_of_indicators in tables:
            rows = code if is_of_indicators else "true"
            connection.execute(f"create table release.mart.{table} as select * from whole.mart.{table} where {rows}")
    return database


@pytest.fixture
def planted(subject: Path, tmp_path: Path) -> Attack:
    """Changes a copy of `subject` by SQL and attacks it. Of its one year only `keep` is left."""
    database = tmp_path / "atf.duckdb"
    shutil.copy(subject, database)

    def attacked(
        *statements: str, keep: str = TOTAL, groups: dict[str, tuple[str, ...]] | None = None
    ) -> list[Finding]:
        run_sql(database, *bare(SUBJECT, keep), *statements)
        return given_away(database, groups or {})

    return attacked


def hide(area: str, where: str = TOTAL, status: str = "suppressed") -> str:
    """As publishers hide: no value, numerator or limits; the denominator stays."""
    return (
        f"update mart.fct_observation set {NOTHING}, status = '{status}', ci_method = 'none' "
        f"where {SUBJECT} and area_code = '{area}' and {where}"
    )


def insert_sum(code: str, members: tuple[str, ...]) -> str:
    """A derived row of a group, worked out of all its members before one of them is hidden."""
    counts = f"from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code in {members}"
    return f"""insert into mart.fct_observation
        select * replace ('{code}' as area_code, (select 100 * sum(numerator) / sum(denominator) {counts}) as value,
            (select sum(numerator) {counts}) as numerator, (select sum(denominator) {counts}) as denominator,
            true as is_derived, {len(members)} as n_areas_expected, {len(members)} as n_areas_included)
        from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code = '{members[0]}'"""


def withhold(area: str) -> str:
    """As models withhold a derived figure."""
    return (
        f"update mart.fct_observation set {NOTHING}, denominator = null, status = 'not_available' "
        f"where {SUBJECT} and area_code = '{area}'"
    )


def partial(of: str = "numerator is not null") -> str:
    """The partial value of Cheshire and Merseyside, out of the councils `of`, and how many these are."""
    councils = f"from mart.fct_observation where {SUBJECT} and {TOTAL} and {NINE} and {of}"
    return (
        f"update mart.fct_observation set partial_value = (select 100 * sum(numerator) / sum(denominator) {councils}), "
        f"n_areas_included = (select count(*) {councils}) where {SUBJECT} and area_code = '{WHOLE}'"
    )


def insert_gap(measure: str, *changes: str) -> str:
    """A real gap, or change of one, of Halton's free school meals in the year; what `changes` say is different."""
    changed = f"replace ({', '.join(changes)})" if changes else ""
    return (
        f"insert into mart.fct_inequality select * {changed} from temp.fct_inequality where {SUBJECT} "
        f"and area_code = '{HALTON}' and group_a = 'Eligible for free school meals' and measure = '{measure}'"
    )


def insert_comparison(area: str, benchmark: str, value: str, outcome: str) -> str:
    """A real comparison with England, with another benchmark, which has no limits."""
    return (
        f"insert into mart.fct_comparison select * replace ('{benchmark}' as benchmark_area_code, "
        f"{value} as benchmark_value, null as benchmark_lci_95, null as benchmark_uci_95, "
        f"'{outcome}' as outcome_statistical, null as is_significant_998, null as difference) from temp.fct_comparison "
        f"where {SUBJECT} and {TOTAL} and area_code = '{area}' and benchmark_area_code = '{ENGLAND}'"
    )


def put_back(table: str, where: str) -> str:
    """Rows as the release has them."""
    return f"insert into mart.{table} select * from temp.{table} where {where} and {TOTAL} and area_code = '{HALTON}'"


def only(findings: list[Finding], *words: str) -> Finding:
    """The one finding, which names the figure and each of `words`."""
    (finding,) = findings
    for word in ("ATF09 Level 2 by 19", YEAR, *words):
        assert word in finding.sentence
    return finding


# Nothing hidden, nothing found; hidden as the rules demand, nothing found ----------------------------------


def test_the_bundled_release_gives_no_hidden_number_away(published_home: PublishedHome) -> None:
    from atf_dagster.catalogue import load
    from atf_dagster.release.publish import neighbours

    assert given_away(published_home.mart, neighbours(load())) == []
    assert published_home.receipt["given_away_by_publishers"] == []


@pytest.mark.parametrize("other", [KNOWSLEY, WIRRAL])
def test_two_hidden_councils_protect_each_other(planted: Attack, other: str) -> None:
    assert planted(hide(HALTON), hide(other)) == []


def test_a_hidden_council_without_any_total_is_not_found(planted: Attack) -> None:
    assert planted(hide(HALTON), withhold(WHOLE)) == []


# Leaks, one by one ---------------------------------------------------------------------------------------


def test_cheshire_and_merseyside_beside_eight_councils(planted: Attack) -> None:
    finding = only(planted(hide(HALTON)), "Halton (E06000006)", "numerator of Cheshire and Merseyside", "Wirral")
    assert finding.blocks
    assert "A data engineer corrects the model" in finding.remedy


def insert_england(*areas: str) -> str:
    """The real rows of England, and of England without the nine, which `bare` removed."""
    codes = ", ".join(f"'{code}'" for code in areas)
    return (
        f"insert into mart.fct_observation select * from temp.fct_observation where {TOTAL} and area_code in ({codes})"
    )


def test_england_and_england_without_the_nine_beside_eight_councils(planted: Attack) -> None:
    """The difference of the two is the sum of the nine, which the release does not show here."""
    shown = insert_england(ENGLAND, WITHOUT_THE_NINE)
    finding = only(planted(hide(HALTON), withhold(WHOLE), shown), "Halton", "England without Cheshire and Merseyside")
    assert finding.blocks
    assert planted(hide(HALTON), withhold(WHOLE), hide(WIRRAL), shown) == []


def test_england_alone_beside_eight_councils_gives_nothing_away(planted: Attack) -> None:
    assert planted(hide(HALTON), withhold(WHOLE), insert_england(ENGLAND)) == []


@pytest.mark.parametrize("status", ["suppressed", "unreliable", "not_available", "not_published"])
def test_each_status_that_hides_a_number_is_attacked(planted: Attack, status: str) -> None:
    assert only(planted(hide(HALTON, status=status)), "Halton").blocks


def test_a_finding_never_says_the_number(planted: Attack, published_home: PublishedHome) -> None:
    numbers = published_home.rows(
        f"select numerator, denominator, value from mart.fct_observation where {SUBJECT} and {TOTAL} "
        f"and area_code in ('{HALTON}', '{WHOLE}')"
    )
    sentence = only(planted(hide(HALTON))).sentence
    said = set(re.findall(r"[0-9]+(?:[.][0-9]+)?", sentence))
    for number in (number for row in numbers for number in row):
        assert not said & {str(number), str(int(number)), f"{number:.1f}"}


def as_pool(value: str = "80", expected: str = "n_areas_expected") -> str:
    """Cheshire and Merseyside as an approximate pool: a value and nothing that is counted."""
    return (
        f"update mart.fct_observation set {NOTHING}, denominator = null, derived_by = 'approximate_pool', "
        f"is_derived = true, status = 'estimated' where {SUBJECT} and area_code = '{WHOLE}'; "
        f"update mart.fct_observation set value = {value}, n_areas_included = {expected} "
        f"where {SUBJECT} and area_code = '{WHOLE}'"
    )


@pytest.mark.parametrize("status", ["suppressed", "unreliable"])
def test_a_pool_weighted_by_people_with_a_hidden_council_in_it(planted: Attack, status: str) -> None:
    """Weights are public: with eight councils shown the ninth is one multiplication away, and with two hidden a sum of
    both is known, which is more than nothing."""
    finding = only(planted(as_pool(), hide(HALTON, status=status)), "Halton", "the approximate pool of E54000008")
    assert finding.blocks
    assert len(planted(as_pool(), hide(HALTON), hide(WIRRAL))) == 2


def test_limits_of_a_pool_with_a_hidden_council_in_it(planted: Attack) -> None:
    limits = f"update mart.fct_observation set lci_95 = 79 where {SUBJECT} and area_code = '{WHOLE}'"
    assert only(planted(as_pool("null"), limits, hide(HALTON)), "Halton", "the approximate pool").blocks


def test_a_pool_that_is_withheld_gives_nothing_away(planted: Attack) -> None:
    assert planted(as_pool("null"), hide(HALTON)) == []


def test_a_pool_of_councils_that_are_shown_gives_nothing_away(planted: Attack) -> None:
    assert planted(as_pool()) == []


def test_the_models_make_no_pool_of_fewer_than_all_councils(published_home: PublishedHome) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as release (read_only)")
        pools = "from release.mart.fct_observation where derived_by = 'approximate_pool'"
        assert connection.execute(f"select count(*) > 50 {pools} and value is not null").fetchall() == [(True,)]
        # Jobs of women: St Helens' own number is withheld.
        assert connection.execute(
            f"select distinct value, status {pools} and indicator_code = 'ATF13' and sex = 'Female'"
        ).fetchall() == [(None, "not_available")]
        assert connection.execute(
            f"select count(*) {pools} and (value is not null and n_areas_included < n_areas_expected "
            "or partial_value is not null or denominator_coverage is not null or numerator is not null)"
        ).fetchall() == [(0,)]


def test_a_group_of_statistical_neighbours(planted: Attack) -> None:
    group = (HALTON, KNOWSLEY, LIVERPOOL)
    finding = only(
        planted(insert_sum("SN-X", group), hide(HALTON), withhold(WHOLE), groups={"SN-X": group}),
        "Halton",
        "numerator of SN-X",
    )
    assert finding.blocks


def test_a_group_with_a_member_under_its_old_code(planted: Attack) -> None:
    """Barnsley has been E08000038 since 2025, and the publisher's figures of 2022 are those of E08000016."""
    barnsley = (
        f"insert into mart.fct_observation select * from temp.fct_observation where {TOTAL} and area_code = '{{}}'"
    )
    findings = planted(
        barnsley.format("E08000016"),
        insert_sum("SN-X", (HALTON, LIVERPOOL, "E08000016")),
        hide(HALTON),
        withhold(WHOLE),
        groups={"SN-X": (HALTON, LIVERPOOL, "E08000038")},
    )
    assert only(findings, "Halton", "numerator of SN-X").blocks


def test_a_second_group_that_gives_away_only_together_with_the_first(planted: Attack) -> None:
    """Each group has two hidden members; Halton less Wirral from one, Halton and Wirral together from the other."""
    first, second, third = (HALTON, KNOWSLEY, LIVERPOOL), (KNOWSLEY, WIRRAL, LIVERPOOL), (HALTON, WIRRAL, LIVERPOOL)
    sums = [insert_sum("SN-1", first), insert_sum("SN-2", second), insert_sum("SN-3", third)]
    hidden = [hide(HALTON), hide(KNOWSLEY), hide(WIRRAL), withhold(WHOLE)]
    groups = {"SN-1": first, "SN-2": second, "SN-3": third}
    assert len(planted(*sums, *hidden, groups=groups)) == 3


def test_two_groups_are_not_enough_for_three_hidden_members(planted: Attack) -> None:
    first, second = (HALTON, KNOWSLEY, LIVERPOOL), (KNOWSLEY, WIRRAL, LIVERPOOL)
    sums = [insert_sum("SN-1", first), insert_sum("SN-2", second)]
    hidden = [hide(HALTON), hide(KNOWSLEY), hide(WIRRAL), withhold(WHOLE)]
    assert planted(*sums, *hidden, groups={"SN-1": first, "SN-2": second}) == []


def test_a_sex_beside_the_other_and_both_is_the_publishers_own(planted: Attack) -> None:
    keep = "breakdown_type = 'Total'"
    finding = only(planted(withhold(WHOLE), hide(HALTON, "sex = 'Male'"), keep=keep), "Male", "Female", "Persons")
    assert not finding.blocks
    assert "Department for Education" in finding.remedy and "report it to this publisher" in finding.remedy


def test_a_region_beside_its_councils_is_the_publishers_own(planted: Attack) -> None:
    """What the same publisher shows of the North West and of all its councils, Halton among them."""
    councils = f"insert into mart.fct_observation select * from temp.fct_observation where {TOTAL} and not is_derived "
    others = f"and area_code not in (select area_code from mart.fct_observation where {SUBJECT})"
    finding = only(planted(hide(HALTON), withhold(WHOLE), councils + others), "Halton")
    assert any(name.startswith("numerator of North West") for name in finding.through)
    assert not finding.blocks and "report it to this publisher" in finding.remedy


def test_a_derived_total_blocks_even_where_the_publisher_gives_the_number_away(planted: Attack) -> None:
    finding = only(planted(hide(HALTON, "sex = 'Male'"), keep="breakdown_type = 'Total'"), "Male")
    assert finding.blocks
    assert "Cheshire and Merseyside" in finding.sentence


def test_a_group_of_a_breakdown_beside_the_others(planted: Attack) -> None:
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Free school meals')"
    where = "breakdown_value = 'Eligible'"
    finding = only(planted(withhold(WHOLE), hide(HALTON, where), keep=keep), "Eligible", "numerator of Halton")
    assert not finding.blocks


def test_numbers_of_two_publishers_together_are_ours_to_answer_for(planted: Attack) -> None:
    other = (
        "update mart.fct_observation set vintage_id = (select min(vintage_id) from mart.dim_vintage "
        f"where publisher like '%Fingertips%') where {SUBJECT} and sex = 'Female'"
    )
    keep = "breakdown_type = 'Total'"
    finding = only(planted(withhold(WHOLE), hide(HALTON, "sex = 'Male'"), other, keep=keep), "Male")
    assert finding.blocks
    assert "together give it away" in finding.remedy


def test_a_value_that_stands_although_the_count_is_hidden(planted: Attack) -> None:
    value = f"update mart.fct_observation set value = 77 where {SUBJECT} and area_code = '{HALTON}'"
    assert only(planted(hide(HALTON), withhold(WHOLE), value), "its own value in fct_observation").blocks


def test_limits_that_stand_although_the_count_is_hidden(planted: Attack) -> None:
    limits = f"update mart.fct_observation set lci_95 = 70, uci_95 = 80 where {SUBJECT} and area_code = '{HALTON}'"
    assert only(planted(hide(HALTON), withhold(WHOLE), limits), "its own lci_95 and uci_95").blocks


@pytest.mark.parametrize("nothing", ["numerator = null", "denominator = null", "numerator = null, denominator = null"])
def test_a_total_without_counts_gives_them_by_its_value_and_limits(planted: Attack, nothing: str) -> None:
    """A derived value has all its digits; with the Wilson limits it fits one pair of counts."""
    counts = f"update mart.fct_observation set {nothing} where {SUBJECT} and area_code = '{WHOLE}'"
    assert only(planted(hide(HALTON), counts), "Halton", "of Cheshire and Merseyside").blocks


def test_a_rounded_value_of_many_people_gives_no_count(planted: Attack) -> None:
    rounded = (
        "update mart.fct_observation set numerator = null, value = round(value, 1), lci_95 = round(lci_95, 1), "
        f"uci_95 = round(uci_95, 1) where {SUBJECT} and area_code = '{WHOLE}'"
    )
    assert planted(hide(HALTON), rounded) == []


@pytest.mark.parametrize("shown", ["value", "moving_range"])
def test_a_point_of_a_control_chart(planted: Attack, shown: str) -> None:
    other = {"value": "moving_range", "moving_range": "value"}[shown]
    point = put_back("fct_control_chart", SUBJECT)
    alone = (
        f"update mart.fct_control_chart set {other} = null, outcome = null where {SUBJECT} and area_code = '{HALTON}'"
    )
    finding = only(planted(hide(HALTON), withhold(WHOLE), point, alone), "Halton", "its point in fct_control_chart")
    assert finding.blocks


def insert_change(area: str, **shown: str) -> str:
    """A row of what changed since the release before; what is not in `shown` it does not have."""
    cells = {name: shown.get(name, "null") for name in ("old_value", "new_value", "new_outcome_statistical")}
    named = ", ".join(f"{sql} as {name}" for name, sql in cells.items())
    return (
        f"insert into mart.fct_change by name select {KEY}, 'revised' as change, {named} from temp.fct_observation "
        f"where {SUBJECT} and {TOTAL} and area_code = '{area}'"
    )


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        ({"new_value": "71.5"}, "new_value in fct_change"),
        ({"old_value": "71.5"}, "old_value in fct_change"),
        ({"new_outcome_statistical": "'lower'"}, "its comparison in fct_change"),
    ],
)
def test_a_change_of_a_hidden_figure(planted: Attack, shown: dict[str, str], word: str) -> None:
    finding = only(planted(hide(HALTON), withhold(WHOLE), insert_change(HALTON, **shown)), "Halton", word)
    assert finding.blocks


def test_a_change_of_a_hidden_figure_without_its_numbers_gives_nothing_away(planted: Attack) -> None:
    assert planted(hide(HALTON), withhold(WHOLE), insert_change(HALTON)) == []


def test_an_old_value_beside_a_hidden_figure_that_no_history_shows(planted: Attack) -> None:
    """The sum as the release before had it, with eight councils shown, is Halton's number."""
    assert planted(withhold(WHOLE), insert_change(WHOLE, old_value="value")) == []
    finding = only(planted(hide(HALTON)), "Halton", "old_value of E54000008 in fct_change")
    assert finding.blocks


def test_an_old_value_of_the_publishers_own_beside_a_hidden_figure_is_public(planted: Attack) -> None:
    own = insert_change(KNOWSLEY, old_value="value + 1")
    assert planted(hide(HALTON), withhold(WHOLE), own) == []


# Gaps ----------------------------------------------------------------------------------------------------

MEALS = "sex = 'Persons' and breakdown_type = 'Free school meals'"


def eligible_hidden() -> list[str]:
    return [withhold(WHOLE), hide(HALTON, "breakdown_value = 'Eligible'")]


@pytest.mark.parametrize("measure", ["absolute_gap", "relative_gap"])
def test_a_gap_beside_one_of_its_groups(planted: Attack, measure: str) -> None:
    finding = only(planted(*eligible_hidden(), insert_gap(measure), keep=MEALS), "Eligible", measure)
    assert finding.blocks


@pytest.mark.parametrize("measure", ["absolute_gap_change", "relative_gap_change"])
def test_a_change_of_a_gap_beside_the_gap_of_the_earlier_year(planted: Attack, measure: str) -> None:
    """The gap of the year itself is withheld; the change to it, with the three other figures, gives it back."""
    finding = only(planted(*eligible_hidden(), insert_gap(measure), keep=MEALS), "Eligible", measure)
    assert finding.blocks


IF_AS_LEAST = ("difference_if_as_least_deprived", "percent_if_as_least_deprived")


@pytest.mark.parametrize(
    "measure",
    [
        *("slope_index", "relative_index", "slope_index_change", "relative_index_change"),
        *("rate_if_as_least_deprived", *IF_AS_LEAST, *(f"{measure}_change" for measure in IF_AS_LEAST)),
    ],
)
def test_an_index_of_which_a_quantile_is_hidden(planted: Attack, measure: str) -> None:
    index = insert_gap(
        "absolute_gap",
        f"'{measure}' as measure",
        "'Free school meals: most deprived' as group_a",
        "'Free school meals: least deprived' as group_b",
    )
    assert only(planted(*eligible_hidden(), index, keep=MEALS), "Eligible", measure).blocks


@pytest.mark.parametrize("measure", IF_AS_LEAST)
def test_an_area_beside_its_least_deprived(planted: Attack, measure: str) -> None:
    """The rate of the least deprived is shown, so that the difference from it is the hidden rate of the area."""
    beside = insert_gap(
        "absolute_gap",
        f"'{measure}' as measure",
        "'Free school meals: all' as group_a",
        "'Free school meals: least deprived' as group_b",
    )
    assert only(planted(hide(HALTON), withhold(WHOLE), beside), "Halton", measure).blocks


@pytest.mark.parametrize("measure", ["council_slope", "council_slope_change"])
def test_a_slope_over_councils_of_which_one_is_hidden(planted: Attack, measure: str) -> None:
    slope = insert_gap(
        "absolute_gap",
        f"'{measure}' as measure",
        f"'{WHOLE}' as area_code",
        "'Councils by average score, Indices of Deprivation 2019: least deprived' as group_a",
        "'Councils by average score, Indices of Deprivation 2019: most deprived' as group_b",
    )
    assert only(planted(hide(KNOWSLEY), withhold(WHOLE), slope), "Knowsley", measure).blocks


def test_an_index_of_an_earlier_year_says_nothing_of_this_one(planted: Attack) -> None:
    index = insert_gap(
        "absolute_gap",
        "'slope_index' as measure",
        "'2020-09-01/2021-08-31' as period_id",
        "'Free school meals: most deprived' as group_a",
    )
    assert planted(*eligible_hidden(), index, keep=MEALS) == []


def test_limits_of_a_gap_without_its_value(planted: Attack) -> None:
    gap = insert_gap("absolute_gap", "null as value")
    assert only(planted(*eligible_hidden(), gap, keep=MEALS), "absolute_gap in fct_inequality").blocks


def test_a_gap_between_two_councils(planted: Attack) -> None:
    """Liverpool is the most deprived council and Cheshire East, which is shown, the least."""
    gap = (
        f"insert into mart.fct_inequality select * from temp.fct_inequality where {SUBJECT} and sex = 'Persons' "
        f"and group_a = '{LIVERPOOL}' and measure = 'absolute_gap'"
    )
    assert only(planted(hide(LIVERPOOL), withhold(WHOLE), gap), "Liverpool", "absolute_gap").blocks


def test_a_gap_between_the_sexes(planted: Attack) -> None:
    gap = (
        f"insert into mart.fct_inequality select * from temp.fct_inequality where {SUBJECT} "
        f"and area_code = '{HALTON}' and group_a = 'Female' and measure = 'relative_gap'"
    )
    keep = "sex <> 'Persons' and breakdown_type = 'Total'"
    assert only(planted(hide(HALTON, "sex = 'Male'"), withhold(WHOLE), gap, keep=keep), "Male", "relative_gap").blocks


def test_gaps_of_the_release_are_matched_to_their_figures(published_home: PublishedHome) -> None:
    """A gap that is not matched is not attacked. Matched: one figure for each group, and their values give the gap."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as release (read_only)")
        codes = connection.execute("select distinct indicator_code from release.mart.fct_inequality").fetchall()
        reading = Reader(connection, "release").read_all_of([code for (code,) in codes], {})
    gaps = Gaps(reading)
    measured = {
        name: [gap for gap in reading.gaps if gap.measure == name and gap.value is not None]
        for name in ("absolute_gap", "relative_gap", "absolute_gap_change", "relative_gap_change", "slope_index")
    }
    assert all(measured.values())
    values = [figure.value for figure in reading.figures]
    for name in ("absolute_gap", "relative_gap"):
        matched = 0
        for gap in measured[name]:
            pairs = gaps.pairs(gap, gap.period)
            a, b = (values[number] for number in pairs[0]) if len(pairs) == 1 else (None, None)
            if a is not None and b is not None:
                matched += (a - b if name == "absolute_gap" else a / b) == pytest.approx(gap.value, rel=1e-9, abs=1e-9)
        assert matched >= 0.95 * len(measured[name])
    for name in ("absolute_gap_change", "relative_gap_change"):
        for gap in measured[name]:
            lines = list(gaps.lines(gap))
            assert lines
            for line in lines:
                known = [(factor, values[number]) for number, factor in line.factors]
                rest = sum(float(factor) * value for factor, value in known if value is not None)
                assert rest == pytest.approx(-float(line.constant), abs=1e-6)
    # Neighbourhoods have no figures in the mart; all other indices are over groups that have.
    indices = [gap for gap in measured["slope_index"] if not gap.group_a.startswith("Neighbourhoods (LSOA)")]
    assert indices and all(len(gaps.quantiles(gap)) >= 5 for gap in indices)


def test_a_gap_of_two_hidden_groups_beside_their_total(planted: Attack) -> None:
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Free school meals')"
    hidden = [withhold(WHOLE), hide(HALTON, "breakdown_type = 'Free school meals'")]
    assert planted(*hidden, keep=keep) == []


def test_a_gap_solves_what_the_total_leaves_open(planted: Attack) -> None:
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Free school meals')"
    hidden = [withhold(WHOLE), hide(HALTON, "breakdown_type = 'Free school meals'")]
    findings = planted(*hidden, insert_gap("absolute_gap"), keep=keep)
    assert len(findings) == 2
    assert all(finding.blocks and "absolute_gap" in finding.sentence for finding in findings)


def test_a_benchmark_whose_own_row_is_withheld(planted: Attack) -> None:
    """The value of Cheshire and Merseyside in a comparison, its denominator from the councils', and so Halton."""
    true = f"(select 100 * sum(numerator) / sum(denominator) from temp.fct_observation where {TOTAL} and {NINE})"
    comparison = insert_comparison(LIVERPOOL, WHOLE, true, "similar")
    finding = only(planted(hide(HALTON), withhold(WHOLE), comparison), "Halton", "benchmark_value")
    assert finding.blocks


def test_limits_of_a_benchmark_that_is_hidden(planted: Attack) -> None:
    limits = insert_comparison(LIVERPOOL, HALTON, "null", "not_compared").replace(
        "null as benchmark_lci_95", "70 as benchmark_lci_95"
    )
    assert only(planted(hide(HALTON), withhold(WHOLE), limits), "limits of the benchmark").blocks


def test_a_judgement_of_a_hidden_figure(planted: Attack) -> None:
    judged = insert_comparison(HALTON, ENGLAND, "70", "lower")
    assert only(planted(hide(HALTON), withhold(WHOLE), judged), "its comparison with E92000001").blocks


def test_that_a_hidden_figure_was_not_compared_says_nothing_of_it(planted: Attack) -> None:
    assert planted(hide(HALTON), withhold(WHOLE), insert_comparison(HALTON, ENGLAND, "70", "not_compared")) == []


def test_a_trend_of_which_a_point_is_hidden(planted: Attack) -> None:
    assert only(planted(hide(HALTON), withhold(WHOLE), put_back("fct_trend", "true")), "fct_trend").blocks


def test_a_rank_of_a_hidden_figure(planted: Attack) -> None:
    assert only(planted(hide(HALTON), withhold(WHOLE), put_back("fct_quintile", SUBJECT)), "its rank").blocks


# What the shown councils give together ---------------------------------------------------------------------


def test_a_partial_value_of_the_shown_councils_says_nothing_of_the_hidden_one(planted: Attack) -> None:
    assert planted(hide(HALTON), withhold(WHOLE), partial()) == []


def test_a_partial_value_with_the_hidden_council_in_it(planted: Attack) -> None:
    findings = planted(partial("true"), hide(HALTON), withhold(WHOLE))
    assert only(findings, "Halton", "partial_value").blocks


@pytest.mark.parametrize("other", [KNOWSLEY, WIRRAL])
def test_a_partial_value_with_one_of_two_hidden_councils_in_it(planted: Attack, other: str) -> None:
    findings = planted(partial(f"area_code <> '{HALTON}'"), hide(HALTON), hide(other), withhold(WHOLE))
    assert findings and all(finding.blocks and "partial_value" in finding.sentence for finding in findings)


def test_a_total_less_the_partial_one(planted: Attack) -> None:
    """Of Halton the denominator is hidden too; the share that the others are of all gives it back, and with it the
    value of all of them, in a comparison, gives the numerator."""
    councils = f"select sum(denominator) from temp.fct_observation where {TOTAL} and {NINE}"
    hidden = [
        hide(HALTON),
        f"update mart.fct_observation set denominator = null where {SUBJECT} and area_code = '{HALTON}'",
        withhold(WHOLE),
        partial(),
    ]
    true = f"(select 100 * sum(numerator) / sum(denominator) from temp.fct_observation where {TOTAL} and {NINE})"
    comparison = insert_comparison(LIVERPOOL, WHOLE, true, "similar")
    share = f"({councils} and area_code <> '{HALTON}') / ({councils})"
    coverage = (
        f"update mart.fct_observation set denominator_coverage = {share} where {SUBJECT} and area_code = '{WHOLE}'"
    )
    finding = only(planted(*hidden, comparison, coverage), "Halton", "denominator_coverage", "benchmark_value")
    assert finding.blocks


def test_a_coverage_alone_gives_no_numerator(planted: Attack) -> None:
    coverage = f"update mart.fct_observation set denominator_coverage = 0.9 where {SUBJECT} and area_code = '{WHOLE}'"
    assert planted(hide(HALTON), withhold(WHOLE), partial(), coverage) == []


# Earlier states -----------------------------------------------------------------------------------------------


def earlier(status: str) -> str:
    """A state that ended before, of all councils and their sum, in which Halton had this status."""
    null = f"case when area_code = '{HALTON}' and '{status}' = 'suppressed' then null else {{0}} end as {{0}}"
    measures = ", ".join(null.format(name) for name in MEASURES)
    return f"""insert into mart.fct_observation_history
        select * replace ({measures}, case when area_code = '{HALTON}' then '{status}' else status end as status,
            timestamp '2020-01-01 00:00:00' as valid_from, timestamp '2020-06-01 00:00:00' as valid_to)
        from temp.fct_observation_history where {TOTAL} and ({NINE} or area_code = '{WHOLE}')"""


def test_the_state_in_force_of_a_hidden_figure_in_history(planted: Attack) -> None:
    history = put_back("fct_observation_history", SUBJECT)
    findings = planted(hide(HALTON), withhold(WHOLE), history)
    assert only(findings, "its state in force in fct_observation_history").blocks


def test_a_total_of_an_earlier_state_beside_the_councils_of_then(planted: Attack) -> None:
    finding = only(planted(earlier("suppressed"), hide(HALTON), withhold(WHOLE)), "as it was from 2020-01-01")
    assert finding.blocks


def test_what_a_publisher_showed_earlier_and_suppresses_now_is_its_to_say(planted: Attack) -> None:
    finding = only(planted(earlier("normal"), hide(HALTON), withhold(WHOLE)), "in another state, in history")
    assert not finding.blocks
    assert "Department for Education" in finding.remedy


def test_what_a_publisher_showed_earlier_and_no_longer_has_is_history(planted: Attack) -> None:
    assert planted(earlier("normal"), hide(HALTON, status="not_available"), withhold(WHOLE)) == []


def test_the_old_value_of_a_revision_from_a_hidden_state(planted: Attack) -> None:
    revision = f"""insert into mart.fct_revision by name
        select {KEY}, timestamp '2020-06-01 00:00:00' as seen_at, is_derived, 77.7 as old_value,
            vintage_id as old_vintage_id, vintage_id as new_vintage_id
        from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code = '{HALTON}'"""
    alone = f"delete from mart.fct_observation_history where {SUBJECT} and area_code = '{WHOLE}'"
    hidden = [earlier("suppressed"), alone, hide(HALTON), withhold(WHOLE)]
    assert only(planted(*hidden, revision), "old_value in fct_revision").blocks


@pytest.mark.parametrize(
    "told",
    ["77.7 as new_value", "1.5 as difference", "'lower' as new_outcome_statistical"],
    ids=lambda told: told[-14:],
)
def test_a_revision_to_a_hidden_state(planted: Attack, told: str) -> None:
    """The publisher showed the figure and hides it now: the difference to what it showed is the hidden number."""
    since = (
        "update mart.fct_observation set first_seen_at = timestamp '2020-06-01 00:00:00' "
        f"where {SUBJECT} and area_code = '{HALTON}'"
    )
    revision = f"""insert into mart.fct_revision by name
        select {KEY}, first_seen_at as seen_at, is_derived, {told}, vintage_id as old_vintage_id,
            vintage_id as new_vintage_id
        from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code = '{HALTON}'"""
    findings = planted(earlier("normal"), hide(HALTON), withhold(WHOLE), since, revision)
    assert only(findings, f"{told.rsplit(maxsplit=1)[-1]} in fct_revision").blocks


def test_two_hidden_groups_of_which_nothing_is_left_are_both_zero(planted: Attack) -> None:
    """Total 500; one group 500; the two hidden groups can only be nobody."""
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Special educational needs')"
    halton = f"where {SUBJECT} and area_code = '{HALTON}'"
    equal = (
        "update mart.fct_observation set numerator = "
        f"(select numerator from mart.fct_observation {halton} and {TOTAL}) {halton} and breakdown_value = 'No SEN'"
    )
    hidden = [
        hide(HALTON, f"breakdown_value = '{group} statements or EHC plans'") for group in ("SEN with", "SEN without")
    ]
    findings = planted(withhold(WHOLE), equal, *hidden, keep=keep)
    assert len(findings) == 2


# Publishers that round ------------------------------------------------------------------------------------

INJURIES = "indicator_code = 'SUP04' and period_id = '2022-04-01/2023-03-31' and breakdown_type = 'Total'"


def test_sums_of_counts_rounded_to_five_give_nothing_exactly(published_home: PublishedHome, tmp_path: Path) -> None:
    """Persons less Female is Male give or take 5, and a suppressed count is 1 to 7: too wide to name one number."""
    database = tmp_path / "atf.duckdb"
    shutil.copy(published_home.mart, database)
    database.chmod(0o644)
    hidden = f"update mart.fct_observation set {NOTHING}, status = 'suppressed' where {INJURIES} and area_code = "
    derived = f"delete from mart.fct_observation where {INJURIES} and is_derived"
    run_sql(database, *bare(INJURIES), hidden + f"'{HALTON}' and sex = 'Male'", derived)
    assert given_away(database, {}) == []


# What stops, and what is exported -------------------------------------------------------------------------


def test_the_audit_names_what_blocks_and_hands_on_what_does_not(published_home: PublishedHome, tmp_path: Path) -> None:
    shutil.copy(published_home.mart, tmp_path / "atf.duckdb")
    (tmp_path / "atf.duckdb").chmod(0o644)
    assert audit_disclosure(tmp_path, {}) == []
    run_sql(tmp_path / "atf.duckdb", hide(HALTON, "true"))
    with pytest.raises(AuditFailed) as failed:
        audit_disclosure(tmp_path, {})
    message = str(failed.value)
    assert message.startswith(
        "The candidate gives away what it hides and was not published: ATF09 Level 2 by 19, Halton"
    )
    assert "more figures are given away" in message
    assert message.endswith("The last release stays in place.")


def test_views_of_the_release_show_tables_of_the_release(published_home: PublishedHome) -> None:
    """The attack leaves them out because each is a view in the same file, so that its numbers are the tables'."""
    views = {name for (name,) in published_home.rows("select view_name from duckdb_views() where schema_name = 'mart'")}
    named = {name for (name,) in published_home.rows("from (show tables from mart) where name like 'vw_%'")}
    assert named and named <= views


EXPORTED = ("fct_observation", "fct_observation_history", "fct_revision", "fct_comparison", "fct_inequality")


@pytest.mark.parametrize("table", EXPORTED)
def test_the_exports_show_exactly_what_the_database_shows(published_home: PublishedHome, table: str) -> None:
    """So that an attack on the database is one on the exports: every number, and nothing where it has none."""
    numbers = [
        name
        for name, kind in published_home.rows(
            f"select column_name, data_type from duckdb_columns() where table_name = '{table}' and schema_name = 'mart'"
        )
        if kind == "DOUBLE"
    ]
    columns = ", ".join(numbers)
    order = ", ".join(f"{name} nulls last" for name in numbers)
    database = published_home.rows(f"select {columns} from mart.{table} order by {order}")
    parquet = published_home.release / "parquet" / f"{table}.parquet"
    assert published_home.rows(f"select {columns} from read_parquet('{parquet}') order by {order}") == database
    with (published_home.release / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        cells = [tuple(float(row[name]) if row[name] else None for name in numbers) for row in csv.DictReader(stream)]
    assert sorted(cells, key=str) == sorted(database, key=str)


@pytest.mark.parametrize("form", ["atf.duckdb", "parquet", "csv"])
def test_no_form_of_the_release_shows_a_number_where_a_status_hides_it(
    published_home: PublishedHome, form: str
) -> None:
    for table in ("fct_observation", "fct_observation_history"):
        source = {
            "atf.duckdb": f"mart.{table}",
            "parquet": f"read_parquet('{published_home.release / 'parquet' / table}.parquet')",
            "csv": f"read_csv('{published_home.release / 'csv' / table}.csv', all_varchar = true)",
        }[form]
        shown = " or ".join(f"nullif(cast({name} as varchar), '') is not null" for name in MEASURES)
        hidden = published_home.rows(f"select count(*) from {source} where status in {HIDING}")
        assert hidden[0][0] > 0
        assert published_home.rows(f"select * from {source} where status in {HIDING} and ({shown})") == []


def test_the_examples_for_readers_print_no_hidden_figure(published_home: PublishedHome) -> None:
    """Each row that the page for Python prints is a figure that the release shows, with these very numbers."""
    page = (PROJECT / "docs" / "readers" / "python.md").read_text("utf-8")
    match = re.search(r'mart\.sql\("""(.+?)"""', page, re.DOTALL)
    assert match is not None
    query = match[1]
    printed = [
        tuple(cell.strip() for cell in line.strip().strip("│").split("│"))
        for line in page.splitlines()
        if line.strip().startswith("│") and "area_name" not in line and "varchar" not in line
    ]
    rows: list[tuple[Any, ...]] = published_home.rows(query)
    assert printed and sorted(tuple(str(cell) for cell in row) for row in rows) == sorted(printed)
    assert all(None not in row for row in rows)
    statuses = published_home.rows("select distinct status from mart.vw_latest_by_sex where indicator_code = 'ATF02'")
    assert not {status for (status,) in statuses} & set(HIDING)
