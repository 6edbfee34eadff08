"""Change notes in plain English: new periods, revisions, councils newly better or worse, and doubts before these."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from atf_dagster.alerts import change_notes
from atf_dagster.quality.results import Result
from atf_dagster.release import changes, versions
from atf_dagster.release.versions import Release
from support.home import PublishedHome
from support.releases import another_release, run_sql

LIVERPOOL, WARRINGTON = "E08000012", "E06000007"
BOTH = Callable[..., list[change_notes.ChangeNote]]


@pytest.fixture(scope="module")
def between(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> BOTH:
    """Gives the change notes of a release that differs from the published one by some SQL."""
    folder: Path = published_home.copy_of_releases(tmp_path_factory.mktemp("change_notes") / "home").releases
    before = versions.releases(folder)[0]

    def notified(*statements: str, doubts: change_notes.Doubts | None = None) -> list[change_notes.ChangeNote]:
        path = another_release(folder, before.version, "000002-20261201T060000Z")
        database = path / "atf.duckdb"
        database.chmod(0o644)
        run_sql(database, *statements)
        after = Release(path, before.receipt, is_current=False)
        try:
            return change_notes.between(before, after, changes.between(before, after), doubts)
        finally:
            versions._remove(path)

    return notified


def test_nothing_changed_is_no_news(between: BOTH) -> None:
    assert between() == []


def test_a_release_of_the_first_program_without_definitions_is_compared_all_the_same(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    """An upgrade from 0.1.0 told nobody anything: its cards have no definitions of publishers."""
    folder = published_home.copy_of_releases(tmp_path / "home").releases
    after = versions.releases(folder)[0]
    path = another_release(folder, after.version, "000000-20260101T060000Z")
    database = path / "atf.duckdb"
    database.chmod(0o644)
    run_sql(
        database,
        "create table kept as select * exclude (source_definition) from mart.dim_indicator",
        "drop table mart.dim_indicator",
        "create table mart.dim_indicator as select * from kept",
        "drop table kept",
        "update mart.fct_observation set value = value + 1 where indicator_code = 'ATF01' and breakdown_type = 'Total' "
        "and period_id = (select max(period_id) from mart.fct_observation where indicator_code = 'ATF01')",
    )
    before = Release(path, after.receipt, is_current=False)
    (item,) = change_notes.between(before, after, changes.between(before, after))
    assert item.indicator == "ATF01" and "revised" in item.sentences[-1]


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


HIDE_THE_NEWEST = (
    "create or replace temp table hidden as select indicator_code, area_code, period_id, sex, age from "
    "mart.vw_latest_by_sex inner join mart.dim_area using (area_code, area_name) where indicator_code = '{code}' and "
    "area_type = 'council' order by sex, area_code limit {areas}",
    "update mart.fct_observation set value = null, status = 'suppressed' where breakdown_type = 'Total' and "
    "(indicator_code, area_code, period_id, sex, age) in (select (indicator_code, area_code, period_id, sex, age) "
    "from hidden)",
)


@pytest.mark.parametrize(
    ("code", "areas", "now", "earlier"),
    [
        ("SUP05", 4, "2022", "2023"),
        ("SUP12", 9, "2024-04-01", "2025-04-01"),
        ("ATF18", 1, "2023/24 (from 16 Nov)", "2024/25 (from 16 Nov)"),
    ],
)
def test_an_older_period_is_not_news_of_a_new_one(between: BOTH, code: str, areas: int, now: str, earlier: str) -> None:
    (item,) = between(*(statement.format(code=code, areas=areas) for statement in HIDE_THE_NEWEST))
    assert item.sentences == (
        f"{earlier} is no longer given for {areas} of the nine councils; their newest period is now the older {now}.",
        f"{areas} figure{'' if areas == 1 else 's'} revised.",
    )


def test_an_older_period_is_compared_with_what_was_said_of_it_before(between: BOTH) -> None:
    """Of the nine some were judged otherwise in the older period; none of them is newly better or worse."""
    hidden = [statement.format(code="SUP30", areas=27) for statement in HIDE_THE_NEWEST]
    (item,) = between(*hidden)
    assert item.sentences[0].startswith("2021/22 (academic) is no longer given for 9 of the nine councils; ")
    assert [sentence for sentence in item.sentences if "than England" in sentence] == []
    (item,) = between(
        *hidden,
        "update mart.fct_comparison set outcome_judged = 'worse' where indicator_code = 'SUP30' and sex = 'Persons' "
        f"and area_code = '{WARRINGTON}' and benchmark_area_code = 'E92000001' and period_id = '2020-09-01/2021-08-31'",
    )
    assert [sentence for sentence in item.sentences if "than England" in sentence] == [
        "Newly worse than England: Warrington, was better."
    ]


def test_periods_of_both_releases_are_said_in_the_words_of_the_newer_one(between: BOTH) -> None:
    """Version 2 of the contract worded years otherwise: a home that was upgraded said one year in two ways."""
    (item,) = between(
        *(statement.format(code="SUP05", areas=4) for statement in HIDE_THE_NEWEST),
        "update mart.dim_period set label = 'year ' || label",
    )
    assert item.sentences[0] == (
        "year 2023 is no longer given for 4 of the nine councils; their newest period is now the older year 2022."
    )


def test_a_period_that_is_given_again_is_not_new(between: BOTH, published_home: PublishedHome) -> None:
    """Known before, and hidden: the release before is the one without it."""
    row = ("ATF18", "council", "x", "2024/25", "2023/24", "again", 60.0, 59.0, None, None, 1, "%")
    latest = [change_notes.Latest("Halton", "Persons", *row[1:])]
    change = changes.Change("ATF18", "Physically active adults", 0, 1, 0)
    assert next(iter(change_notes._sentences(change, latest, ()))) == (
        "2024/25 is given again for 1 of the nine councils (without it, 2023/24 was the newest)."
    )


NEWEST_WORSE = (
    "create or replace temp table which as select indicator_code, area_code, period_id, sex, age from "
    "mart.vw_latest_by_sex inner join mart.dim_area using (area_code, area_name) where indicator_code = '{code}' and "
    "outcome_judged = 'similar' and area_type = 'council' and sex = 'Persons' order by all limit 1",
    "update mart.fct_comparison set outcome_judged = '{word}' where benchmark_area_code = 'E92000001' and "
    "breakdown_type = 'Total' and (indicator_code, area_code, period_id, sex, age) in "
    "(select (indicator_code, area_code, period_id, sex, age) from which)",
    "update mart.fct_observation set value = value + 0.001 where breakdown_type = 'Total' and "
    "(indicator_code, area_code, period_id, sex, age) in "
    "(select (indicator_code, area_code, period_id, sex, age) from which)",
)


@pytest.mark.parametrize(("code", "word"), [("SUP04", "better"), ("SUP05", "worse"), ("SUP06", "better")])
def test_a_doubt_about_the_newest_period_is_said_before_anybody_is_told_better_or_worse(
    between: BOTH, published_home: PublishedHome, code: str, word: str
) -> None:
    ((period,),) = published_home.rows(
        f"select max(period_id) from mart.vw_latest_by_sex where indicator_code = '{code}' and value is not null"
    )
    (item,) = between(
        *(statement.format(code=code, word=word) for statement in NEWEST_WORSE),
        doubts=change_notes.doubts_of([doubtful(code, period, "9 of 9 moved."), doubtful(code, "2001", "Old spike.")]),
    )
    assert item.sentences[0] == "Check before anybody is told: 9 of 9 moved."
    assert item.sentences[1].startswith(f"Not to be told before that check: newly {word} than England: ")
    assert not any("Old spike" in sentence for sentence in item.sentences)


def doubtful(code: str, period: str, words: str) -> Result:
    """A failed check that says in words what is doubtful."""
    return Result(
        suite="moved_together",
        stage="mart",
        table_name="fct_observation",
        expectation="councils_move_with_england",
        severity="warning",
        success=False,
        observed="1 of 9 rows fail",
        unexpected_count=1,
        failing=({"indicator_code": code, "period_id": period, "told": words},),
        owner="analysts",
        reason="Because.",
        remedy="Compare.",
        runbook="moved-together",
        evaluated_at="2026-11-30T06:00:00+00:00",
    )


CARD = "update mart.dim_indicator set source_definition = '{}' where indicator_code = 'SUP02'"


@pytest.fixture(scope="module")
def between_cards(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> BOTH:
    """As `between`, after a release that has the publisher's own definition of one indicator."""
    folder: Path = published_home.copy_of_releases(tmp_path_factory.mktemp("cards") / "home").releases
    first = versions.releases(folder)[0]

    def notified(before: str, after: str) -> list[change_notes.ChangeNote]:
        made = []
        for number, definition in ((2, before), (3, after)):
            path = another_release(folder, first.version, f"00000{number}-20261201T060000Z")
            (path / "atf.duckdb").chmod(0o644)
            run_sql(path / "atf.duckdb", CARD.format(definition))
            made.append(Release(path, first.receipt, is_current=False))
        try:
            return change_notes.between(made[0], made[1], changes.between(made[0], made[1]))
        finally:
            for release in made:
                versions._remove(release.path)

    return notified


def test_a_definition_that_the_publisher_changed_is_news_though_no_figure_changed(between_cards: BOTH) -> None:
    (item,) = between_cards("Adults aged 19 and over.", "Adults aged\n16 and over.")
    assert (item.indicator, item.sentences) == (
        "SUP02",
        (
            'The publisher changed its definition. It was: "Adults aged 19 and over." '
            'It is now: "Adults aged 16 and over."',
        ),
    )


def test_a_definition_in_other_lines_is_no_news(between_cards: BOTH) -> None:
    assert between_cards("Adults aged 19 and over.", " Adults  aged 19\nand over.") == []


def test_the_first_definition_that_comes_is_no_news(between: BOTH) -> None:
    assert between(CARD.format("Adults aged 19 and over.")) == []


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
