"""A label of another kind of year than the card's holds its vintage, and says what it read and what the card says.

Belongs here: the suite staged_labels on planted rows of every kind of card. Does not belong here: how a label becomes
days (tests/dbt/test_publishers_texts).
"""

from __future__ import annotations

import duckdb
import pytest
from judging import Outcomes, arrive, outcomes

from atf_dagster.catalogue import load
from atf_dagster.catalogue.load import _contradictions

FINANCIAL, CALENDAR, ROLLING = (
    ("fingertips_21001", "PRX07B"),
    ("fingertips_93203", "PRX08A"),
    ("fingertips_93881", "SUP03"),
)
ACADEMIC, OF_THREE_YEARS = ("ees_early_years", "ATF04"), ("ons_els_healthy_life_expectancy_male", "ATF02")
QUARTERLY, SNAPSHOT = ("nomis_unemployment_16_64", "ATF10"), ("ons_els_gross_median_weekly_pay", "SUP07")
WINTER, WEEK, DAY = (
    ("ees_neet_16_17", "SUP31"),
    ("ukhsa_covid_deaths_by_week", "SUP60"),
    (
        "ukhsa_covid_deaths_by_day_england",
        "SUP61",
    ),
)

WRONG = {
    ("2019", *FINANCIAL): ("2019-01-01", "2019-12-31"),
    ("2019/20", *CALENDAR): ("2019-04-01", "2020-03-31"),
    ("2019-09-01/P1Y", *FINANCIAL): ("2019-09-01", "2020-08-31"),
    ("201920 financial", *ACADEMIC): ("2019-04-01", "2020-03-31"),
    ("2019", *ROLLING): ("2019-01-01", "2019-12-31"),
    ("2019/20 - 21/22", *FINANCIAL): ("2019-04-01", "2022-03-31"),
    ("2019-01-01/P6M", *CALENDAR): ("2019-01-01", "2019-06-30"),
    ("2019-01-01/P1Y", *OF_THREE_YEARS): ("2019-01-01", "2019-12-31"),
    ("2020-04-01/P3Y", *OF_THREE_YEARS): ("2020-04-01", "2023-03-31"),
    ("Jan 2019-Mar 2019", *QUARTERLY): ("2019-01-01", "2019-03-31"),
    ("2019-10-01", *SNAPSHOT): ("2019-10-01", "2019-10-01"),
    ("2019", *WINTER): ("2019-01-01", "2019-12-31"),
    ("2019-07-01", *WEEK): ("2019-07-01", "2019-07-01"),
    ("2019-07-01", *DAY): ("2019-07-01", "2019-07-07"),
}
RIGHT = {
    ("2019/20", *FINANCIAL): ("2019-04-01", "2020-03-31"),
    ("2019", *CALENDAR): ("2019-01-01", "2019-12-31"),
    ("2019/20", *ROLLING): ("2019-11-16", "2020-11-15"),
    ("201920", *ACADEMIC): ("2019-09-01", "2020-08-31"),
    ("2020-01-01/P3Y", *OF_THREE_YEARS): ("2020-01-01", "2022-12-31"),
    ("Apr 2019-Mar 2020", *QUARTERLY): ("2019-04-01", "2020-03-31"),
    ("2019-04-17", *SNAPSHOT): ("2019-04-17", "2019-04-17"),
    ("2020", *WINTER): ("2019-12-01", "2020-02-29"),
    ("2019-07-01", *WEEK): ("2019-07-01", "2019-07-07"),
    ("2019-07-01", *DAY): ("2019-07-01", "2019-07-01"),
}


@pytest.fixture(scope="module")
def found(empty_admission: duckdb.DuckDBPyConnection) -> Outcomes:
    for vintage, planted in (("wrong", WRONG), ("right", RIGHT)):
        for (label, dataset, indicator), (start, end) in planted.items():
            row = {"dataset": dataset, "indicator_code": indicator, "period_label": label, "value": 5.0}
            arrive(empty_admission, vintage, [{**row, "period_start": start, "period_end": end}])
    return outcomes(empty_admission, "admission")["staged_labels"]


@pytest.mark.parametrize(("label", "dataset", "indicator"), WRONG)
def test_a_label_of_another_kind_of_year_holds_its_vintage(
    found: Outcomes, label: str, dataset: str, indicator: str
) -> None:
    result = found["label_is_of_the_cards_kind_of_year"]
    assert result.blocks
    rows = [row for row in result.failing if (row["period_label"], row["indicator_code"]) == (label, indicator)]
    assert [row["vintage_id"] for row in rows] == ["wrong"], dataset


def test_no_label_of_the_cards_own_kind_is_held(found: Outcomes) -> None:
    failing = found["label_is_of_the_cards_kind_of_year"].failing
    assert {row["vintage_id"] for row in failing} == {"wrong"}
    assert len(failing) == len(WRONG)


def test_the_message_says_the_label_what_it_was_read_as_and_the_card(found: Outcomes) -> None:
    failing = {
        (row["period_label"], row["indicator_code"]): (row["label_says"], row["card_says"])
        for row in found["label_is_of_the_cards_kind_of_year"].failing
    }
    assert failing["2019", "PRX07B"] == ("calendar year", "financial year from 1 April")
    assert failing["2019/20", "PRX08A"] == ("year from 1 April", "calendar year from 1 January")
    assert failing["2019-01-01/P1Y", "ATF02"] == ("calendar year", "calendar year from 1 January, 3 years")
    assert failing["2019-01-01/P6M", "PRX08A"] == ("2019-01-01 to 2019-06-30", "calendar year from 1 January")


@pytest.mark.parametrize(
    ("code", "year_type"),
    [("PRX07B", "calendar"), ("PRX08A", "financial"), ("ATF04", "financial"), ("SUP04", "academic")],
)
def test_a_card_and_its_dataset_say_the_same_kind_of_year(code: str, year_type: str) -> None:
    catalogue = load()
    cards = tuple(
        card.model_copy(update={"year_type": year_type}) if card.code == code else card for card in catalogue.indicators
    )
    problems = _contradictions(catalogue.model_copy(update={"indicators": cards}))
    assert problems
    assert all(code in problem and f"{year_type} years" in problem for problem in problems)
    assert _contradictions(catalogue) == []
