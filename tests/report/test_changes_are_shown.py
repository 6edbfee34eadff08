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
    assert row[0] == "2026-12-20" and row[1:3] == ["Healthy life expectancy at birth", "Liverpool"]
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


def test_a_new_period_is_named_by_page_area_and_feed(later: Path) -> None:
    assert "new period 2025 to 2027" in page(later / "changes.html").text
    table = page(later / "areas" / "E08000012.html").one("changed-caption").parent
    assert table is not None
    assert cells(table) == [["2026-12-20", "Healthy life expectancy at birth", "2025 to 2027", "1", "0", "0"]]
    assert "new period 2025 to 2027" in (later / "changes.atom").read_text("utf-8")


def test_the_feed_has_old_and_new_value_of_a_revision(report: Path, later: Path) -> None:
    said = (later / "changes.atom").read_text("utf-8")
    assert "Healthy life expectancy at birth, Liverpool" in said and " became " in said
    assert " became " not in (report / "changes.atom").read_text("utf-8")


def test_the_first_figures_of_a_warehouse_are_no_news(report: Path) -> None:
    assert "The first figures of this warehouse" in page(report / "changes.html").text
    assert "nothing changed after the first figures came" in page(report / "areas" / "E08000012.html").text


def test_what_changed_since_the_release_before_is_said_where_it_is_known(changed: Changed) -> None:
    folder = changed(
        ARRIVED,
        PERIOD,
        "create table mart.release_history (version varchar, built_at timestamp)",
        "insert into mart.release_history values ('000000-x', timestamp '2026-12-10 06:00:00')",
    )
    said = page(folder / "areas" / "E08000012.html").text
    assert "Since the release before, of 10 December 2026: 20 December 2026: 1 figure new, of 1 indicator." in said
    assert "The release before was made on 10 December 2026" in page(folder / "changes.html").text


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
