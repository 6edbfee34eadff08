"""One first load in which single cells, labels and age bands are not what they seem: held, or told by name.

Belongs here: the bodies that were once published with a wrong figure or blamed on the publisher, through a whole
refresh on loopback. Does not belong here: every other form of them (tests/dbt/test_publishers_texts,
tests/quality/test_labels_of_the_cards_year).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from homes import Ended, Home
from story import part_of, source_id

from support.damage import Change, Row, area_code, edited, served
from support.forked_atf import ForkedAtf
from support.two_publishers import TwoPublishers

LIVERPOOL, ENGLAND = "E08000012", "E92000001"


def in_newest_row(area: str, **cells: str) -> Change:
    """The body with these cells in one row of the area's newest period."""

    def change(rows: list[Row]) -> list[Row]:
        period = "Time period" if "Time period" in rows[0] else "period"
        row = max((row for row in rows if area_code(row) == area), key=lambda row: row[period])
        assert cells.keys() <= row.keys()
        row.update(cells)
        return rows

    return lambda body: edited(body, change)


def in_all_rows(**cells: str) -> Change:
    return lambda body: edited(body, lambda rows: [{**row, **cells} for row in rows])


def with_a_year(label: str, age: str | None = None, instead_of: str | None = None) -> Change:
    """The body and its newest year once more under another label; of one age band alone, under another one's name."""

    def change(rows: list[Row]) -> list[Row]:
        newest = max(row["Time period"] for row in rows)
        again = [row for row in rows if row["Time period"] == newest and row["Age"] == (instead_of or row["Age"])]
        assert again
        return [*rows, *({**row, "Time period": label, "Age": age or row["Age"]} for row in again)]

    return lambda body: edited(body, change)


def in_other_words(body: bytes) -> bytes:
    """Everybody of 19 and over, said otherwise."""
    words = {"19+ yrs": "19 years and over", "Persons": "All persons"}
    return edited(
        body,
        lambda rows: [{**row, **{name: words.get(row[name], row[name]) for name in ("Age", "Sex")}} for row in rows],
    )


HELD: dict[str, tuple[str, Change]] = {
    "ons_els_employment_rate": ("staged_rows.marker_is_known", in_newest_row(LIVERPOOL, value="NaN")),
    "ons_els_economic_inactivity_rate": (
        "staged_rows.marker_is_known",
        in_newest_row(LIVERPOOL, lci_95="NaN", uci_95="NaN"),
    ),
    "ons_els_claimant_count": ("staged_rows.marker_is_known", in_newest_row(LIVERPOOL, value="1e999")),
    "ons_els_housing_affordability_ratio": ("staged_rows.marker_is_known", in_newest_row(LIVERPOOL, status="85")),
    "ons_els_early_years_literacy": ("staged_rows.marker_is_known", in_newest_row(LIVERPOOL, status="final")),
    "fingertips_90813": ("staged_rows.marker_is_known", in_newest_row(LIVERPOOL, Value="nan")),
    "fingertips_93014": ("staged_rows.marker_is_known", in_newest_row(ENGLAND, Value="nan")),
    "fingertips_90284": ("staged_rows.marker_is_known", in_all_rows(Count="NaN")),
    "fingertips_21001": ("staged_labels.label_is_of_the_cards_kind_of_year", with_a_year("2019")),
    "fingertips_93203": ("staged_labels.label_is_of_the_cards_kind_of_year", with_a_year("2019/20")),
}
"""Dataset -> the expectation that must hold it, and how its body differs from the good one."""
TOLD: dict[str, Change] = {
    "fingertips_93015": in_other_words,
    "fingertips_93881": with_a_year("2024/25", age="16+ yrs", instead_of="18+ yrs"),
}
"""Bodies that are good, but say whom they are about in other words, or are about others in their newest year."""


@dataclass(frozen=True)
class Story:
    home: Home
    ended: Ended


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, forked_atf: ForkedAtf) -> Iterator[Story]:
    with TwoPublishers() as publishers:
        changes = {dataset: change for dataset, (_, change) in HELD.items()} | TOLD
        overlays = {source_id(dataset): served(change) for dataset, change in changes.items()}
        publishers.lay_over(overlays)
        home = Home(tmp_path_factory.mktemp("seems") / "home", "live", publishers.environment, forked_atf)
        yield Story(home, home.refresh())


@pytest.mark.parametrize("dataset", HELD)
def test_what_is_no_number_no_word_or_no_label_of_ours_is_held_and_not_published(story: Story, dataset: str) -> None:
    issue = story.ended.issue(dataset)
    assert issue["kind"] == "quarantined"
    assert HELD[dataset][0] in issue["reason"].split(", ")
    assert story.home.rows(
        "select count(*) from mart.fct_observation as o inner join mart.dim_vintage as v using (vintage_id) "
        "where v.dataset = ?",
        [dataset],
    ) == [(0,)]


def test_no_other_dataset_is_held(story: Story) -> None:
    assert {issue["dataset"] for issue in story.ended.report["source_issues"]} == set(HELD)
    assert story.ended.report["outcome"] == "published"


@pytest.mark.parametrize(
    ("dataset", "label", "card"),
    [("fingertips_21001", "2019", "financial year from 1 April"), ("fingertips_93203", "2019/20", "calendar year")],
)
def test_a_held_label_is_said_beside_the_cards_kind_of_year(story: Story, dataset: str, label: str, card: str) -> None:
    (path,) = story.home.home.glob("runs/*/quality_admission.json")
    results = json.loads(path.read_text("utf-8"))
    (failing,) = [r["failing"] for r in results if r["expectation"] == "label_is_of_the_cards_kind_of_year"]
    found = [row for row in failing if row["vintage_id"].startswith(f"{dataset}.{part_of(dataset)}.")]
    assert [row["period_label"] for row in found] == [label]
    assert card in found[0]["card_says"]


def test_other_words_for_the_same_people_are_the_same_figures(story: Story) -> None:
    found = story.home.rows(
        "select distinct state, coalesce(reason, '') from mart.coverage where indicator_code = 'SUP02' "
        "and left(area_code, 3) in ('E06', 'E08')"
    )
    assert "headline_breakdown_missing" not in {reason for _, reason in found}
    assert {state for state, _ in found} <= {"current", "late"}
    ages = story.home.rows("select count(*) from mart.vw_latest where indicator_code = 'SUP02'")
    assert ages[0][0] > 9


def test_a_new_year_of_other_people_is_told_by_name_and_is_nobodys_delay(story: Story) -> None:
    (path,) = story.home.home.glob("runs/*/quality_mart.json")
    results = json.loads(path.read_text("utf-8"))
    (result,) = [r for r in results if r["expectation"] == "headline_breakdown_is_there"]
    assert not result["success"]
    (row,) = [row for row in result["failing"] if row["indicator_code"] == "SUP03"]
    assert (row["came"], row["expected"]) == ("16+ yrs", "18+ yrs")
    reasons = story.home.rows(
        "select distinct reason from mart.coverage where indicator_code = 'SUP03' and state = 'late'"
    )
    assert reasons == [("headline_breakdown_missing",)]
    newest = story.home.rows(
        "select max(period_id) from mart.fct_observation where indicator_code = 'SUP03' and age = '16+ yrs'"
    )
    assert newest == [("2024-11-16/2025-11-15",)]
