"""What is asked of each publisher's figures, and of wholes beside their parts: a planted vintage a rule, and clean
ones.

Every broken vintage carries the name of the expectation that it breaks; clean ones come close to breaking one and do
not. Rules of single rows and of a vintage against the one before it are tried in test_expectations_hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pytest
import test_edition_expectations_hold as editions
import test_expectations_hold as held
from judging import Outcomes, Row, arrive, outcomes

from atf_dagster import catalogue
from atf_dagster.quality import suites

COUNCILS = tuple(area.code for area in catalogue.load().areas if area.type == "council")
OTHERS = tuple(f"E07000{number:03d}" for number in range(100))
ENGLAND = "E92000001"


def each(codes: Sequence[str], **facts: object) -> list[Row]:
    return [{"area_code": code, **facts} for code in codes]


def spread(indicator: str, england: float, **facts: object) -> list[Row]:
    """A hundred councils from 20 up, and England."""
    councils = [{"area_code": code, "value": 20.0 + number % 30} for number, code in enumerate(OTHERS)]
    rows = [*councils, {"area_code": ENGLAND, "value": england}]
    return [{"indicator_code": indicator, **row, **facts} for row in rows]


def years(values: Sequence[float | None], **facts: object) -> list[Row]:
    return [
        {
            "period_label": str(2010 + n),
            "period_start": f"{2010 + n}-01-01",
            "period_end": f"{2010 + n}-12-31",
            **facts,
            "value": v,
        }
        for n, v in enumerate(values)
    ]


def copied(share: int) -> list[Row]:
    """Nine councils over two years; so many of them have the same figure in both."""
    return [
        row
        for n, code in enumerate(COUNCILS)
        for row in years([10.0 + n, 10.0 + n + (n >= share)], area_code=code, indicator_code="ATF03")
    ]


def by_sex(persons: float, **facts: object) -> list[Row]:
    values = {"Persons": persons, "Male": 40.0, "Female": 50.0}
    return [{"indicator_code": "ATF03", "sex": sex, "value": value, **facts} for sex, value in values.items()]


def by_group(
    total: float, *, people: tuple[float, float] = (40, 60), second: float | None = 60.0, year: str = "2024"
) -> list[Row]:
    rows = [("Total", "Total", total, 100.0), ("Meals", "Yes", 40.0, people[0]), ("Meals", "No", second, people[1])]
    return [
        {
            "indicator_code": "ATF03",
            "breakdown_type": kind,
            "breakdown_value": name,
            "value": value,
            "denominator": count,
            "period_label": year,
        }
        for kind, name, value, count in rows
    ]


def days(values: Sequence[float], skip: int | None = None) -> list[Row]:
    facts = {"dataset": "ukhsa_covid_deaths_by_day_england", "indicator_code": "SUP61", "area_code": ENGLAND}
    rows = [
        {**facts, "period_label": f"2022-03-{n + 1:02d}", "period_start": f"2022-03-{n + 1:02d}", "value": value}
        for n, value in enumerate(values)
    ]
    return [row for n, row in enumerate(rows) if n != skip]


def weeks(*firsts: str) -> list[Row]:
    facts = {"dataset": "ukhsa_covid_deaths_by_week", "indicator_code": "SUP60", "value": 3.0}
    return [{**facts, "period_label": first, "period_start": first} for first in firsts]


def figures(dataset: str, **values: float | None) -> list[Row]:
    return [{"dataset": dataset, "indicator_code": code, "value": value} for code, value in values.items()]


def population(men: float) -> list[Row]:
    facts = {"dataset": "ons_beta_population_estimates", "indicator_code": "SUP20"}
    return [{**facts, "sex": sex, "value": n} for sex, n in (("Persons", 100e3), ("Male", men), ("Female", 51e3))]


def fingertips(*, england: bool = True, flat: bool = False, with_limits: int = 9) -> list[Row]:
    facts = {"dataset": "fingertips_93283", "indicator_code": "ATF01", "value": 80.0}
    rows = [
        {
            **facts,
            "area_code": code,
            "lci_95": 80.0 if flat and n == 0 else 79.0,
            "uci_95": 80.0 if flat and n == 0 else 81.0,
        }
        if n < with_limits
        else {**facts, "area_code": code}
        for n, code in enumerate(COUNCILS)
    ]
    return [*rows, {**facts, "area_code": ENGLAND, "lci_95": 79.9, "uci_95": 80.1}] if england else rows


def els(*, limits: int = 10) -> list[Row]:
    facts = {"dataset": "ons_els_employment_rate", "indicator_code": "SUP05", "value": 70.0}
    return [
        {**facts, "area_code": code, **({"lci_95": 60.0, "uci_95": 80.0} if n < limits else {})}
        for n, code in enumerate((*COUNCILS, ENGLAND))
    ]


EES, NOMIS = "ees_attainment_by_19", "nomis_claimants"
HOMELESS, POOR, WALKING = (
    "govuk_mhclg_temporary_accommodation",
    "govuk_dwp_children_in_low_income",
    "govuk_dft_walking_cycling",
)
STAT_XPLORE = {"dataset": "stat_xplore_cilif_relative", "indicator_code": "SUP66"}


def homeless(*, households: float, families: float, children: float) -> list[Row]:
    facts = {"dataset": HOMELESS}
    return [
        {**facts, "indicator_code": "ATF17", "numerator": households},
        {**facts, "indicator_code": "SUP41", "value": families},
        {**facts, "indicator_code": "SUP40", "value": children},
    ]


def levels(level_2: float, level_3: float) -> list[Row]:
    facts = {"dataset": EES, "denominator": 100.0}
    return [
        {**facts, "indicator_code": "ATF09", "numerator": level_2},
        {**facts, "indicator_code": "SUP30", "numerator": level_3},
    ]


def ages(*parts: float, total: float = 1000.0) -> list[Row]:
    told = [("All ages", total), *((f"{n}-{n + 4} yrs", part) for n, part in enumerate(parts))]
    return [{**STAT_XPLORE, "age": age, "value": value} for age, value in told]


BROKEN: Mapping[tuple[str, str], Sequence[Row]] = {
    ("staged_periods", "nine_councils_in_each_period"): each(COUNCILS[:8], indicator_code="ATF03", value=9.0),
    ("staged_periods", "england_lies_among_its_councils"): spread("ATF03", 49.5),
    ("staged_periods", "england_holds_its_councils"): [
        *each(COUNCILS, indicator_code="SUP40", value=30.0), *each([ENGLAND], indicator_code="SUP40", value=250.0)
    ],
    ("staged_periods", "period_is_no_copy"): copied(8),
    ("staged_groups", "whole_lies_between_its_parts"): [*by_sex(51.0), *by_group(39.0, year="2023")],
    ("staged_groups", "parts_are_no_more_than_the_whole"): by_group(50.0, people=(60, 60)),
    ("staged_series", "zero_fits_its_series"): years([40.0, 0.0, 42.0, 41.0], indicator_code="ATF03"),
    ("staged_series", "periods_are_of_one_length"): [
        *years([40.0, 41.0], indicator_code="ATF02"),
        {**years([42.0], indicator_code="ATF02")[0], "period_label": "2010 to 2012", "period_end": "2012-12-31"},
    ],
    ("staged_fingertips", "england_is_in_each_period"): fingertips(england=False),
    ("staged_fingertips", "an_interval_has_a_width"): fingertips(flat=True),
    ("staged_fingertips", "limits_cover_the_period"): fingertips(with_limits=5),
    ("staged_ons_els", "limits_accompany_values"): els(limits=8),
    ("staged_ons", "men_and_women_are_everybody"): population(48e3),
    ("staged_ons", "jobs_are_counted_one_by_one"): [
        {"dataset": "ons_beta_below_real_living_wage", "indicator_code": "ATF13", "value": 12.0, "numerator": 9.0}
    ],
    ("staged_ees", "neet_is_part_of_neet_or_not_known"): figures("ees_neet_16_17", SUP31=6.1, PRX08A=6.0),
    ("staged_ees", "level_3_is_part_of_level_2"): levels(60.0, 61.0),
    ("staged_nomis", "ages_are_part_of_everybody"): figures(NOMIS, SUP20=1000.0, SUP21=400.0, SUP23=400.0),
    ("staged_nomis", "claimants_and_rate_are_of_one_place"): figures(NOMIS, SUP24=100.0, SUP25=4.0),
    ("staged_govuk", "families_are_part_of_households"): homeless(households=100, families=111, children=300),
    ("staged_govuk", "a_family_has_a_child"): homeless(households=300, families=111, children=100),
    ("staged_govuk", "five_times_a_week_is_part_of_three"): figures(WALKING, SUP42=30.1, PRX22C=30.0),
    ("staged_govuk", "number_and_share_of_children_agree"): figures(POOR, SUP43=8000.0, PRX15A=0.25),
    ("staged_ukhsa", "no_day_is_missing"): days([5.0] * 20, skip=8),
    ("staged_ukhsa", "weeks_begin_on_a_monday"): weeks("2022-03-06", "2022-03-13"),
    ("staged_ukhsa", "the_last_week_is_not_empty"): days([9.0] * 7 + [0.0] * 7),
    ("staged_stat_xplore", "ages_nearly_add_up"): ages(500.0, 540.0),
}  # fmt: skip

GOOD: Sequence[Sequence[Row]] = (
    each(COUNCILS, indicator_code="ATF03", value=9.0),
    [{"indicator_code": "ATF03", "area_code": "E12000002", "value": 9.0}],
    spread("ATF03", 30.0),
    spread("ATF03", 60.0)[50:],  # too few councils to say what is out of the way
    spread("SUP01", 60.0),  # a slope within England is no mean of slopes within councils
    [*each(COUNCILS, indicator_code="SUP40", value=30.0), *each([ENGLAND], indicator_code="SUP40", value=268.0)],
    copied(7),
    by_sex(45.0),
    by_sex(50.5),  # who has no sex recorded is in the total alone
    by_sex(90.0, indicator_code="SUP40"),
    by_group(50.0),
    by_group(90.0, second=None),  # a hidden group may be anything
    by_group(50.0, people=(30, 60)),
    years([40.0, 0.0, 3.0, 41.0], indicator_code="ATF03"),
    years([40.0, 0.0, 39.0], indicator_code="ATF03"),
    years([0.2, 0.0, 0.2, 0.3], indicator_code="ATF05"),  # a score that may be below zero
    years([4.0, 0.0, 4.0, 3.0], indicator_code="SUP40"),  # few children are none in some years
    years([40.0, None, 42.0, 41.0], indicator_code="ATF03"),
    fingertips(),
    fingertips(with_limits=9),
    [{**row, "lci_95": None, "uci_95": None} for row in fingertips()],
    els(),
    els(limits=9),
    els(limits=0),
    population(49e3),
    [{"dataset": "ons_beta_below_real_living_wage", "indicator_code": "ATF13", "value": 12.0, "numerator": 9000.0}],
    [{"dataset": "ons_beta_below_real_living_wage", "indicator_code": "ATF13", "value": 0.0, "numerator": 0.0}],
    figures("ees_neet_16_17", SUP31=6.0, PRX08A=6.0),
    levels(60.0, 60.0),
    figures(NOMIS, SUP20=1000.0, SUP21=200.0, SUP23=200.0),
    figures(NOMIS, SUP24=5000.0, SUP25=4.0),
    homeless(households=100, families=100, children=100),
    figures(WALKING, SUP42=30.0, PRX22C=30.0),
    figures(POOR, SUP43=8000.0, PRX15A=25.0),
    days([5.0] * 20),
    days([2.0] * 7 + [0.0] * 7),
    weeks("2022-03-07", "2022-03-14"),
    ages(500.0, 520.0),
    ages(100.0, 150.0, total=300.0),  # each cell is changed by a few
)  # fmt: skip


@pytest.fixture(scope="module")
def judged(empty_admission: duckdb.DuckDBPyConnection) -> dict[str, Outcomes]:
    for number, rows in enumerate(GOOD):
        arrive(empty_admission, f"good {number}", rows)
    for (_, name), rows in BROKEN.items():
        arrive(empty_admission, name, rows)
    return outcomes(empty_admission, "admission")


@pytest.mark.parametrize(("suite", "name"), BROKEN)
def test_a_vintage_that_breaks_a_rule_is_named_by_it_and_no_clean_one_is(
    judged: dict[str, Outcomes], suite: str, name: str
) -> None:
    result = judged[suite][name]
    named = {row["vintage_id"] for row in result.failing}
    assert not result.success
    assert name in named
    assert {vintage for vintage in named if vintage.startswith("good")} == set()


def test_both_ways_of_dividing_a_whole_are_looked_at(judged: dict[str, Outcomes]) -> None:
    failing = judged["staged_groups"]["whole_lies_between_its_parts"].failing
    found = {row["divided_by"] for row in failing if row["vintage_id"] == "whole_lies_between_its_parts"}
    assert found == {"sex", "Meals"}


def test_no_expectation_of_admission_is_left_untried() -> None:
    tried = {
        *BROKEN,
        *(("staged_rows", name) for name in held.BROKEN_ROWS),
        *(("staged_vintages", name) for name in (*held.BROKEN_VINTAGES, "councils_are_there", held.FIRST)),
        *(("staged_editions", name) for name in editions.BROKEN),
        ("staged_periods", "period_is_not_all_zero"),
        ("staged_labels", "label_is_of_the_cards_kind_of_year"),
        ("staged_reference_vintages", "reference_has_our_councils"),
        *(("staged_reference", name) for name in held.REFERENCE_RULES),
    }
    assert {(suite.suite, entry.name) for suite in suites.load("admission") for entry in suite.expectations} == tried


def test_counts_that_may_be_small_are_in_no_message(judged: dict[str, Outcomes]) -> None:
    """A rule on counts of people names the place and keeps the number."""
    for suite in suites.load("admission"):
        for entry in suite.expectations:
            if entry.sensitive:
                for row in judged[suite.suite][entry.name].failing:
                    assert set(row) <= set(suite.keys)
