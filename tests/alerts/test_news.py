"""Change notes in plain English: new periods, revisions, councils newly better or worse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from atf_dagster.alerts import change_notes
from atf_dagster.release import changes, versions
from atf_dagster.release.versions import Release
from support.home import PublishedHome
from support.releases import another_release, run_sql

LIVERPOOL = "E08000012"
BOTH = Callable[..., list[change_notes.ChangeNote]]


@pytest.fixture(scope="module")
def between(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> BOTH:
    """Gives the change notes of a release that differs from the published one by some SQL."""
    folder: Path = published_home.copy_of_releases(tmp_path_factory.mktemp("change_notes") / "home").releases
    before = versions.releases(folder)[0]

    def notified(*statements: str) -> list[change_notes.ChangeNote]:
        path = another_release(folder, before.version, "000002-20261201T060000Z")
        database = path / "mart.duckdb"
        database.chmod(0o644)
        run_sql(database, *statements)
        after = Release(path, before.receipt, is_current=False)
        try:
            return change_notes.between(before, after, changes.between(before, after))
        finally:
            versions._remove(path)

    return notified


def test_nothing_changed_is_no_news(between: BOTH) -> None:
    assert between() == []


def test_a_revision_is_counted_and_shown_by_its_largest(between: BOTH) -> None:
    (item,) = between(
        "update mart.fct_observation set value = value + 1 where indicator_code = 'ATF01' and sex = 'Female' "
        f"and breakdown_type = 'Total' and area_code = '{LIVERPOOL}' and period_id = (select max(period_id) from "
        "mart.fct_observation where indicator_code = 'ATF01' and breakdown_type = 'Total')"
    )
    assert (item.indicator, item.principle) == ("ATF01", "Overarching outcomes")
    (sentence,) = item.sentences
    assert sentence.startswith("1 figure revised; the largest change in a newest period: Liverpool (female)")
    assert " became " in sentence and sentence.endswith("years.")


def test_a_new_period_says_for_how_many_councils_and_what_was_newest_before(between: BOTH) -> None:
    items = between(
        "insert into mart.dim_period by name select * replace ('2031-01-01/2033-12-31' as period_id, '2031 to 2033' as "
        "label, date '2031-01-01' as period_start, date '2033-12-31' as period_end) from mart.dim_period limit 1",
        "insert into mart.fct_observation by name select * replace ('2031-01-01/2033-12-31' as period_id, "
        "date '2031-01-01' as period_start, date '2033-12-31' as period_end) from mart.fct_observation o "
        "where indicator_code = 'ATF01' and breakdown_type = 'Total' and area_code in "
        "(select area_code from mart.dim_area where area_type = 'council' and in_cheshire_merseyside) "
        "and period_end = (select max(period_end) from mart.fct_observation where indicator_code = 'ATF01')",
    )
    (item,) = items
    assert item.sentences[0].startswith("New period 2031 to 2033 for 9 of the nine councils (the newest was ")


def test_a_council_that_is_newly_worse_is_named_with_what_it_was(between: BOTH) -> None:
    (item,) = between(
        "create temp table which as select indicator_code, area_code, period_id, sex, age, area_name, outcome_judged "
        "from mart.vw_latest_by_sex inner join mart.dim_area using (area_code, area_name) where outcome_judged = "
        "'similar' and area_type = 'council' and sex = 'Persons' order by all limit 1",
        "update mart.fct_comparison set outcome_judged = 'worse' where benchmark_area_code = 'E92000001' and "
        "breakdown_type = 'Total' and (indicator_code, area_code, period_id, sex, age) in "
        "(select (indicator_code, area_code, period_id, sex, age) from which)",
        # A comparison that changed came with a figure that did.
        "update mart.fct_observation set value = value + 0.001 where breakdown_type = 'Total' and "
        "(indicator_code, area_code, period_id, sex, age) in "
        "(select (indicator_code, area_code, period_id, sex, age) from which)",
    )
    assert item.sentences[0].startswith("Newly worse than England: ")
    assert item.sentences[0].endswith(", was similar.")


def test_a_first_release_is_one_sentence(published_home: PublishedHome) -> None:
    (release,) = versions.releases(published_home.releases)
    counted = changes.between(None, release)
    (item,) = change_notes.between(None, release, counted)
    assert item.sentences == (
        f"The first release: {sum(c.new for c in counted):,} figures of {len(counted)} indicators.",
    )


def test_news_survive_being_kept() -> None:
    item = change_notes.ChangeNote("p", "ATF01", "n", ("one", "two"))
    assert change_notes.ChangeNote.from_json(dataclasses.asdict(item)) == item
