"""No hidden number can be recomputed from what is published: releases are attacked, and attacks are known to work.

Each leak is planted in a copy of a real release. What is hidden there is a real published figure, so that the attack
has numbers to find; that it finds them says that a release in which it finds nothing has none. Attacks on releases
with local returns are in tests/returns.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from published_house import PROJECT, PublishedHouse
from releases_made import run_sql

from atf_dagster.release.audit import AuditFailed, audit_disclosure
from atf_dagster.release.disclosure import Finding, given_away
from atf_dagster.release.disclosure.reading import HIDING

HALTON, KNOWSLEY, LIVERPOOL, WIRRAL, WHOLE = "E06000006", "E08000011", "E08000012", "E08000015", "E54000008"
YEAR = "2021-09-01/2022-08-31"
MEASURES = ("value", "numerator", "lci_95", "uci_95", "lci_998", "uci_998")
NOTHING = ", ".join(f"{name} = null" for name in MEASURES)
SUBJECT = f"indicator_code = 'ATF09' and period_id = '{YEAR}'"
KEY = "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value"
TOTAL = "sex = 'Persons' and breakdown_type = 'Total'"


Attack = Callable[..., list[Finding]]


@pytest.fixture
def planted(published_home: PublishedHouse, tmp_path: Path) -> Attack:
    """Changes a copy of the release by SQL and attacks it. Of level 2 by 19 in one year only `keep` is left."""
    database = tmp_path / "mart.duckdb"
    shutil.copy(published_home.mart, database)
    database.chmod(0o644)

    def attacked(
        *statements: str, keep: str = TOTAL, groups: dict[str, tuple[str, ...]] | None = None
    ) -> list[Finding]:
        run_sql(
            database,
            *(f"delete from mart.{table}" for table in ("fct_comparison", "fct_inequality", "fct_revision")),
            f"delete from mart.fct_observation where {SUBJECT} and not ({keep})",
            f"delete from mart.fct_observation where {SUBJECT} and area_code like 'SN-%'",
            *statements,
        )
        return [finding for finding in given_away(database, groups or {}) if "ATF09" in finding.figure]

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


def insert_gap(measure: str, value: float) -> str:
    return (
        "insert into mart.fct_inequality by name select indicator_code, area_code, period_id, sex, age, "
        f"'{measure}' as measure, 'Eligible' as group_a, 'Not eligible' as group_b, {value} as value "
        f"from mart.fct_observation where {SUBJECT} and area_code = '{HALTON}' and breakdown_value = 'Not eligible'"
    )


def insert_comparison(area: str, benchmark: str, value: str, outcome: str) -> str:
    return (
        f"insert into mart.fct_comparison by name select {KEY}, '{benchmark}' as benchmark_area_code, "
        f"{value} as benchmark_value, '{outcome}' as outcome_statistical "
        f"from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code = '{area}'"
    )


def only(findings: list[Finding], *words: str) -> Finding:
    """The one finding, which names the figure and each of `words`."""
    (finding,) = findings
    for word in ("ATF09 Level 2 by 19", YEAR, *words):
        assert word in finding.sentence
    return finding


# Nothing hidden, nothing found; hidden as the rules demand, nothing found ----------------------------------


def test_the_bundled_release_gives_no_hidden_number_away(published_home: PublishedHouse) -> None:
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
    assert "An engineer mends the model" in finding.whose


@pytest.mark.parametrize("status", ["suppressed", "unreliable", "not_available", "not_published"])
def test_each_status_that_hides_a_number_is_attacked(planted: Attack, status: str) -> None:
    assert only(planted(hide(HALTON, status=status)), "Halton").blocks


def test_a_finding_never_says_the_number(planted: Attack, published_home: PublishedHouse) -> None:
    numbers = published_home.rows(
        f"select numerator, denominator, value from mart.fct_observation where {SUBJECT} and {TOTAL} "
        f"and area_code in ('{HALTON}', '{WHOLE}')"
    )
    sentence = only(planted(hide(HALTON))).sentence
    said = set(re.findall(r"[0-9]+(?:[.][0-9]+)?", sentence))
    for number in (number for row in numbers for number in row):
        assert not said & {str(number), str(int(number)), f"{number:.1f}"}


def test_a_group_of_statistical_neighbours(planted: Attack) -> None:
    group = (HALTON, KNOWSLEY, LIVERPOOL)
    finding = only(
        planted(insert_sum("SN-X", group), hide(HALTON), withhold(WHOLE), groups={"SN-X": group}),
        "Halton",
        "numerator of SN-X",
    )
    assert finding.blocks


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
    assert "Department for Education" in finding.whose and "tell them" in finding.whose


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
    assert "together give it away" in finding.whose


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


@pytest.mark.parametrize("measure", ["absolute_gap", "relative_gap", "sii"])
def test_a_gap_beside_one_of_its_groups(planted: Attack, measure: str) -> None:
    keep = "sex = 'Persons' and breakdown_type = 'Free school meals'"
    hidden = [withhold(WHOLE), hide(HALTON, "breakdown_value = 'Eligible'")]
    finding = only(planted(*hidden, insert_gap(measure, 0.75), keep=keep), "Eligible", measure)
    assert finding.blocks


def test_a_gap_of_two_hidden_groups_beside_their_total(planted: Attack) -> None:
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Free school meals')"
    hidden = [withhold(WHOLE), hide(HALTON, "breakdown_type = 'Free school meals'")]
    assert planted(*hidden, keep=keep) == []


def test_a_gap_solves_what_the_total_leaves_open(planted: Attack) -> None:
    keep = "sex = 'Persons' and breakdown_type in ('Total', 'Free school meals')"
    hidden = [withhold(WHOLE), hide(HALTON, "breakdown_type = 'Free school meals'")]
    findings = planted(*hidden, insert_gap("absolute_gap", -20.5), keep=keep)
    assert len(findings) == 2
    assert all(finding.blocks and "absolute_gap" in finding.sentence for finding in findings)


def test_a_benchmark_whose_own_row_is_withheld(planted: Attack) -> None:
    """The value of Cheshire and Merseyside in a comparison, its denominator from the councils', and so Halton."""
    true = f"(select 100 * sum(numerator) / sum(denominator) from councils where {SUBJECT} and {TOTAL})"
    kept = (
        "create temporary table councils as select * from mart.fct_observation as o "
        "where o.area_code in (select area_code from mart.dim_area where parent_code = 'E54000008')"
    )
    comparison = insert_comparison(LIVERPOOL, WHOLE, true, "similar")
    finding = only(planted(kept, hide(HALTON), withhold(WHOLE), comparison), "Halton", "benchmark_value")
    assert finding.blocks


def test_a_judgement_of_a_hidden_figure(planted: Attack) -> None:
    judged = insert_comparison(HALTON, "E92000001", "70", "lower")
    assert only(planted(hide(HALTON), withhold(WHOLE), judged), "its comparison with E92000001").blocks
    plain = "update mart.fct_comparison set outcome_statistical = 'not_compared'"
    assert planted(plain, keep="true") == []


def earlier(status: str) -> str:
    """A state that ended before, of all councils and their sum, in which Halton had this status."""
    shown = "case when area_code = 'E06000006' and 'suppressed' = '" + status + "' then null else {0} end as {0}"
    measures = ", ".join(shown.format(name) for name in MEASURES)
    return f"""insert into mart.fct_observation_history by name
        select {KEY}, period_start, period_end, denominator, {measures}, ci_method, vintage_id,
            case when area_code = '{HALTON}' then '{status}' else status end as status, 'new' as change,
            timestamp '2020-01-01 00:00:00' as valid_from, timestamp '2020-06-01 00:00:00' as valid_to
        from mart.fct_observation where {SUBJECT} and {TOTAL}"""


def test_a_total_of_an_earlier_state_beside_the_councils_of_then(planted: Attack) -> None:
    finding = only(planted(earlier("suppressed"), hide(HALTON), withhold(WHOLE)), "as it was from 2020-01-01")
    assert finding.blocks


def test_what_a_publisher_showed_earlier_and_suppresses_now_is_its_to_say(planted: Attack) -> None:
    finding = only(planted(earlier("normal"), hide(HALTON), withhold(WHOLE)), "in another state, in history")
    assert not finding.blocks
    assert "Department for Education" in finding.whose


def test_what_a_publisher_showed_earlier_and_no_longer_has_is_history(planted: Attack) -> None:
    assert planted(earlier("normal"), hide(HALTON, status="not_available"), withhold(WHOLE)) == []


def test_the_old_value_of_a_revision_from_a_hidden_state(planted: Attack) -> None:
    revision = f"""insert into mart.fct_revision by name
        select {KEY}, timestamp '2020-06-01 00:00:00' as seen_at, 77.7 as old_value, vintage_id as old_vintage_id,
            vintage_id as new_vintage_id
        from mart.fct_observation where {SUBJECT} and {TOTAL} and area_code = '{HALTON}'"""
    alone = f"delete from mart.fct_observation_history where {SUBJECT} and area_code = '{WHOLE}'"
    hidden = [earlier("suppressed"), alone, hide(HALTON), withhold(WHOLE)]
    assert only(planted(*hidden, revision), "old_value in fct_revision").blocks


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


def test_sums_of_counts_rounded_to_five_give_nothing_exactly(published_home: PublishedHouse, tmp_path: Path) -> None:
    """Persons less Female is Male give or take 5, and a suppressed count is 1 to 7: too wide to name one number."""
    database = tmp_path / "mart.duckdb"
    shutil.copy(published_home.mart, database)
    database.chmod(0o644)
    hidden = f"update mart.fct_observation set {NOTHING}, status = 'suppressed' where {INJURIES} and area_code = "
    run_sql(database, hidden + f"'{HALTON}' and sex = 'Male'")
    run_sql(database, f"delete from mart.fct_observation where {INJURIES} and is_derived")
    assert given_away(database, {}) == []


# What stops, and what is exported -------------------------------------------------------------------------


def test_the_audit_names_what_blocks_and_hands_on_what_does_not(published_home: PublishedHouse, tmp_path: Path) -> None:
    shutil.copy(published_home.mart, tmp_path / "mart.duckdb")
    (tmp_path / "mart.duckdb").chmod(0o644)
    assert audit_disclosure(tmp_path, {}) == []
    run_sql(tmp_path / "mart.duckdb", hide(HALTON, "true"))
    with pytest.raises(AuditFailed) as failed:
        audit_disclosure(tmp_path, {})
    message = str(failed.value)
    assert message.startswith(
        "The candidate gives away what it hides and was not published: ATF09 Level 2 by 19, Halton"
    )
    assert "more figures are given away" in message
    assert message.endswith("The last release stays in place.")


EXPORTED = ("fct_observation", "fct_observation_history", "fct_revision", "fct_comparison", "fct_inequality")


@pytest.mark.parametrize("table", EXPORTED)
def test_the_exports_show_exactly_what_the_database_shows(published_home: PublishedHouse, table: str) -> None:
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


@pytest.mark.parametrize("form", ["mart.duckdb", "parquet", "csv"])
def test_no_form_of_the_release_shows_a_number_where_a_status_hides_it(
    published_home: PublishedHouse, form: str
) -> None:
    for table in ("fct_observation", "fct_observation_history"):
        source = {
            "mart.duckdb": f"mart.{table}",
            "parquet": f"read_parquet('{published_home.release / 'parquet' / table}.parquet')",
            "csv": f"read_csv('{published_home.release / 'csv' / table}.csv', all_varchar = true)",
        }[form]
        shown = " or ".join(f"nullif(cast({name} as varchar), '') is not null" for name in MEASURES)
        hidden = published_home.rows(f"select count(*) from {source} where status in {HIDING}")
        assert hidden[0][0] > 0
        assert published_home.rows(f"select * from {source} where status in {HIDING} and ({shown})") == []


def test_the_examples_in_the_readme_print_no_hidden_figure(published_home: PublishedHouse) -> None:
    """Each row that README prints is a figure that the release shows, with these very numbers."""
    readme = (PROJECT / "README.md").read_text("utf-8")
    match = re.search(r'duckdb\.sql\("""(.+?)"""', readme, re.DOTALL)
    assert match is not None
    query = match[1].replace("atf.mart.", "mart.")
    printed = [
        tuple(cell.strip() for cell in line.strip().strip("│").split("│"))
        for line in readme.splitlines()
        if line.strip().startswith("│") and "area_name" not in line and "varchar" not in line
    ]
    rows: list[tuple[Any, ...]] = published_home.rows(query)
    assert printed and sorted(tuple(str(cell) for cell in row) for row in rows) == sorted(printed)
    assert all(None not in row for row in rows)
    statuses = published_home.rows("select distinct status from mart.vw_latest_by_sex where indicator_code = 'ATF02'")
    assert not {status for (status,) in statuses} & set(HIDING)
