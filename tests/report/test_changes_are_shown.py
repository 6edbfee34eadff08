"""Changes between releases: new periods, revisions with old and new value, comparisons that changed; also as a feed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest_types import Changed
from reading_pages import cells, page

ATOM = "{http://www.w3.org/2005/Atom}"
LATER = "timestamp '2026-12-20 06:00:00'"
KEY = (
    "indicator_code = 'ATF02' and area_code = 'E08000012' and sex = 'Female' and breakdown_type = 'Total' "
    "and period_id = '2022-01-01/2024-12-31'"
)
REVISED = (
    "insert into mart.fct_revision by name select * exclude (value, status, vintage_id), "
    f"{LATER} as seen_at, value as old_value, value + 1.5 as new_value, 1.5 as difference, "
    "vintage_id as old_vintage_id, vintage_id as new_vintage_id, status as old_status, 'revised' as new_status, "
    "'lower' as old_outcome_statistical, 'similar' as new_outcome_statistical, true as comparison_changed, "
    "false as trend_changed from (select indicator_code, area_code, period_id, sex, age, breakdown_type, "
    "breakdown_value, value, status, vintage_id, is_derived, observation_key, is_headline from mart.fct_observation "
    f"where {KEY})"
)
ARRIVED = (
    "insert into mart.fct_observation_history by name "
    f"select * replace ({LATER} as valid_from, '2025-01-01/2027-12-31' as period_id) "
    f"from mart.fct_observation_history where {KEY}"
)
PERIOD = (
    "insert into mart.dim_period by name select * replace ('2025-01-01/2027-12-31' as period_id, "
    "'2025 to 2027' as label) from mart.dim_period where period_id = '2022-01-01/2024-12-31'"
)


@pytest.fixture(scope="module")
def later(changed: Changed) -> Path:
    """Pages of a release in which a figure was revised and another one of a new period came."""
    return changed(REVISED, ARRIVED, PERIOD)


def test_a_revision_has_its_old_and_its_new_value(later: Path) -> None:
    table = page(later / "changes.html").one("revisions-caption").parent
    assert table is not None
    (row,) = cells(table)
    old, new = float(row[5]), float(row[6])
    assert row[0] == "20 December 2026" and row[1:3] == ["Healthy life expectancy at birth", "Liverpool"]
    assert round(new - old, 6) == 1.5
    assert row[9] == "beside England: lower became similar"


def test_a_revision_is_in_the_history_of_its_indicator(later: Path) -> None:
    tree = page(later / "indicators" / "ATF02.html")
    assert tree.one("history-caption")
    assert tree.one("history-spec")
    assert "No figure of this indicator has been revised" in page(later / "indicators" / "ATF09.html").text


def test_a_comparison_that_changed_stands_by_itself(later: Path) -> None:
    table = page(later / "changes.html").one("comparisons-caption").parent
    assert table is not None and len(cells(table)) == 1


def test_a_new_period_is_named_by_page_and_area(later: Path) -> None:
    assert "new period 2025 to 2027" in page(later / "changes.html").text
    table = page(later / "areas" / "E08000012.html").one("changed-caption").parent
    assert table is not None
    assert cells(table) == [["20 December 2026", "Healthy life expectancy at birth", "2025 to 2027", "1", "0", "0"]]


def test_the_first_figures_of_a_warehouse_are_no_news(report: Path) -> None:
    assert "The first figures of this warehouse" in page(report / "changes.html").text
    assert "nothing changed after the first figures came" in page(report / "areas" / "E08000012.html").text


BEFORE, NOW = "000000-x", "(select version from mart.release_info)"
COMPARED = (
    "delete from mart.release_history",
    f"insert into mart.release_history by name select '{BEFORE}' as version, "
    "timestamp '2026-12-10 06:00:00' as built_at, 'live' as mode",
    f"insert into mart.release_history by name select {NOW} as version, "
    "timestamp '2026-12-21 06:00:00' as built_at, "
    f"'snapshot' as mode, '{BEFORE}' as compared_with, 1 as n_new, 1 as n_revised, 1 as n_withdrawn, 0 as n_comparison",
)
ROW = (
    "insert into mart.fct_change by name select indicator_code, area_code, {period} as period_id, sex, age, "
    f"breakdown_type, breakdown_value, '{BEFORE}' as version_before, {NOW} as version, false as is_other_mode, "
    "{code} as made_by_other_code, {said} from mart.fct_observation where "
) + KEY
CHANGES = (
    ROW.format(
        period="period_id",
        code="true",
        said="'revised' as change, value - 1.5 as old_value, value as new_value, 'normal' as old_status, status as "
        "new_status, 'lower' as old_outcome_statistical, 'similar' as new_outcome_statistical, "
        "true as comparison_changed",
    ),
    ROW.format(
        period="'2025-01-01/2027-12-31'", code="true", said="'new' as change, value as new_value, status as new_status"
    ),
    "insert into mart.fct_observation by name select * replace ('2025-01-01/2027-12-31' as period_id) "
    f"from mart.fct_observation where {KEY}",
    ROW.format(
        period="'2011-01-01/2013-12-31'",
        code="true",
        said="'revised' as change, 'hidden_now' as old_value_reason, 'normal' as old_status, "
        "'suppressed' as new_status",
    ),
)


@pytest.fixture(scope="module")
def compared(changed: Changed) -> Path:
    """Pages of a release that says what changed since the one before."""
    return changed(PERIOD, *COMPARED, *CHANGES)


def test_the_page_says_what_changed_since_the_release_before(compared: Path) -> None:
    tree = page(compared / "changes.html")
    assert "The release before was made on 10 December 2026, 06:00 UTC." in tree.text
    assert "1 figure new and 2 figures revised, of 1 indicator." in tree.text
    assert "Models or programs changed between the two releases" in tree.text
    counts = tree.one("since-caption").parent
    assert counts is not None
    assert cells(counts) == [["Healthy life expectancy at birth", "2025 to 2027", "1", "2", "0", "0"]]


def test_a_changed_figure_has_what_it_was_and_what_changed_with_it(compared: Path) -> None:
    for name in ("changes.html", "areas/E08000012.html"):
        table = page(compared / name).one("since-figures-caption").parent
        assert table is not None
        first, second = cells(table)
        assert round(float(first[6]) - float(first[5]), 6) == 1.5
        assert first[1:5] == ["Liverpool", "2022 to 2024", "Female, All ages", "revised"]
        assert first[9] == "beside England: lower became similar"
        assert second[5:7] == ["not repeated: the figure is hidden now", "suppressed"]


def test_an_area_says_what_changed_in_it_alone(compared: Path) -> None:
    said = page(compared / "areas" / "E08000012.html").text
    assert "Since the release before, of 10 December 2026: 1 figure new and 2 figures revised, of 1 indicator." in said
    said = page(compared / "areas" / "E06000007.html").text
    assert "Since the release before, of 10 December 2026: Nothing changed." in said


def test_the_feed_has_an_entry_for_each_release(compared: Path) -> None:
    feed = ElementTree.parse(compared / "changes.atom").getroot()
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == [
        "21 December 2026: 1 figure new, 1 figure revised and 1 figure withdrawn",
        "10 December 2026: what changed is not recorded",
    ]
    items = feed.findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "Healthy life expectancy at birth: new period 2025 to 2027" in items
    assert "Liverpool, 2022 to 2024, Female, All ages: " in items and "lower became similar" in items


WITHOUT = (
    *(f"drop view main.{table}" for table in ("fct_change", "release_history")),
    *(f"drop table mart.{table}" for table in ("fct_change", "release_history")),
)


def test_a_release_that_does_not_say_it_shows_what_came_by_day(changed: Changed) -> None:
    folder = changed(
        ARRIVED,
        PERIOD,
        REVISED,
        "update mart.fct_observation_history set valid_from = timestamp '2026-11-01 06:00:00' where valid_from < "
        + LATER
        + " and indicator_code = 'ATF01'",
        *WITHOUT,
    )
    assert "This release has no list of the releases before it" in page(folder / "changes.html").text
    assert "new period 2025 to 2027" in page(folder / "changes.html").text
    feed = (folder / "changes.atom").read_text("utf-8")
    assert "20 December 2026: 1 figure new" in feed and " became " in feed


def test_the_feed_is_atom(report: Path) -> None:
    feed = ElementTree.parse(report / "changes.atom").getroot()
    assert feed.tag == f"{ATOM}feed"
    for part in [feed, *feed.findall(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            (found,) = part.findall(f"{ATOM}{name}")
            assert found.text
    assert feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
