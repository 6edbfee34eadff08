"""From NOMIS on loopback through dbt: what becomes of each dataset of the catalogue, and that no row is lost.

The population is the publisher's own file; the other figures are invented. Single rules of the staging model are
dbt's unit tests beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atf_dagster.catalogue import load
from support.publishers.nomis import Codes, LatestVintage, Nomis, Row, invented, population
from support.staging import Staged, stage

COUNCILS = {area.code: area.name for area in load().areas if area.type == "council"}
AREAS = {area.code: area.name for area in load().areas if area.type in ("council", "region", "country")}
VALUE, PERCENT, CONFIDENCE = {"20100": "Value"}, {"20301": "Percent"}, {"20701": "Confidence"}
YEAR = {"2025-06": "Jul 2024-Jun 2025"}

SHAPES: Mapping[str, tuple[Mapping[str, Codes], Mapping[str, str], Mapping[tuple[str, str], str]]] = {
    # dimensions, dates, and the figure of each code of the dimension that tells a figure's rows apart
    "NM_17_5": (
        {
            "variable": {"45": "Employment rate - aged 16-64", "84": "Unemployment rate - aged 16-64"},
            "measures": {"20599": "Variable", "21001": "Numerator", "21002": "Denominator", "21003": "Confidence"},
        },
        YEAR,
        {
            ("MEASURES", "20599"): "4.5",
            ("MEASURES", "21001"): "1500",
            ("MEASURES", "21002"): "33000",
            ("MEASURES", "21003"): "1.5",
        },
    ),
    "NM_218_1": (
        {
            "c_sex": {"0": "All persons", "1": "Males"},
            "jtype": {"0": "Total", "1": "Permanent", "2": "Non-permanent"},
            "ftpt": {"0": "Total", "1": "Full-time"},
            "etype": {"0": "Total", "1": "Employees", "2": "Self employed"},
            "soc2020_full": {"0": "Total"},
            "measure": {"1": "Count", "3": "Per cent"},
            "measures": {**VALUE, **CONFIDENCE},
        },
        YEAR,
        {("JTYPE", "0"): "50000", ("JTYPE", "1"): "47000", ("JTYPE", "2"): "3000"},
    ),
    "NM_136_1": (
        {
            "combined_ea_status": {"0": "All", "1": "Working", "3": "Workless"},
            "households_children": {"1": "Households", "2": "Children aged under 16"},
            "measures": {**VALUE, **PERCENT},
        },
        {"2024-12": "Jan 2024-Dec 2024"},
        {("MEASURES", "20100"): "2600", ("MEASURES", "20301"): "10.5"},
    ),
    "NM_127_1": (
        {"item": {"1": "Unemployment count", "2": "Unemployment rate"}, "measures": {**VALUE, **CONFIDENCE}},
        {"2024-12": "Jan 2024-Dec 2024"},
        {("MEASURES", "20100"): "4.1", ("MEASURES", "20701"): "0.4"},
    ),
    "NM_162_1": (
        {
            "gender": {"0": "Total"},
            "age": {"0": "All categories: Age 16+", "11": "Aged 18-24"},
            "measure": {"1": "Claimant count", "2": "Claimants as a proportion of residents aged 16-64"},
            "measures": VALUE,
        },
        {"2025-12": "December 2025"},
        {("MEASURE", "1"): "3250", ("MEASURE", "2"): "4.2"},
    ),
    "NM_30_1": (
        {
            "sex": {"7": "Total", "8": "Full Time Workers"},
            "item": {"2": "Median"},
            "pay": {"1": "Weekly pay - gross"},
            "measures": {**VALUE, **CONFIDENCE},
        },
        {"2025": "2025"},
        {("MEASURES", "20100"): "612.4", ("MEASURES", "20701"): "4.8"},
    ),
}


def latest(name: str) -> LatestVintage:
    dimensions, dates, figures = SHAPES[name]

    def value(row: Row) -> str:
        return next(text for (column, code), text in figures.items() if row[column] == code)

    rows = invented(dimensions, AREAS, dates, value)
    if name == "NM_17_5":  # the rate of Wirral did not come
        rows = [row for row in rows if (row["GEOGRAPHY_CODE"], row["MEASURES"]) != ("E08000015", "20599")]
    if name == "NM_30_1":  # the estimate for Halton is a weak one
        for row in rows:
            weak = (row["GEOGRAPHY_CODE"], row["MEASURES"]) == ("E06000006", "20701")
            row["OBS_VALUE"] = "23" if weak else row["OBS_VALUE"]
    numbers = {str(number): code for number, code in enumerate(sorted(COUNCILS), 1778384900)}
    if name == "NM_162_1":
        neighbourhoods = {"E01006512": "Liverpool 031A", "E01033756": "Liverpool 037C"}
        inside = {"PARENT": next(iter(numbers)), "GEOGRAPHY_TYPECODE": "151"}
        rows += invented(dimensions, neighbourhoods, dates, value, **inside)
    return LatestVintage(dimensions, rows, times=list(dates), areas={"TYPE424": numbers})


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Staged:
    # The file has no band from 16 to 64; the dataset that asks for it is about another test.
    wanted = [d.id for c, d in load().datasets if c.table == "nomis_data" and d.id != "nomis_population_16_64"]
    with Nomis() as nomis:
        nomis.latest = {"NM_2002_1": population(shared_data), **{name: latest(name) for name in SHAPES}}
        return stage(tmp_path_factory.mktemp("nomis"), nomis.url, wanted)


def figure(staged: Staged, indicator: str, area: str, breakdown: str = "Total") -> tuple[Any, ...]:
    (found,) = staged.query(
        "select value, numerator, denominator, lci_95, uci_95, status, source_rows from intermediate.int_staged "
        f"where indicator_code = '{indicator}' and area_code = '{area}' and breakdown_value = '{breakdown}' "
        "and row_use = 'kept'"
    )
    return found


def test_every_dataset_of_the_catalogue_is_asked_as_the_publisher_defines_it(staged: Staged) -> None:
    assert {attempt.dataset: attempt.message for attempt in staged.attempts if attempt.outcome != "landed"} == {}
    assert len(staged.attempts) == 9


def test_every_landed_row_is_accounted_for(staged: Staged) -> None:
    account = staged.query(
        "select dataset, landed_rows, staged_rows, kept_rows, duplicate_rows, other_area_rows "
        "from intermediate.int_row_account where dataset like 'nomis%' order by dataset"
    )
    assert account == [
        ("nomis_children_in_workless_households", 22, 22, 22, 0, 0),
        ("nomis_claimants", 22, 22, 22, 0, 0),
        ("nomis_claimants_18_24", 11, 11, 11, 0, 0),
        ("nomis_claimants_neighbourhoods", 2, 2, 0, 0, 2),
        ("nomis_median_weekly_pay", 22, 22, 22, 0, 0),
        ("nomis_modelled_unemployment", 22, 22, 22, 0, 0),
        ("nomis_permanence", 33, 33, 33, 0, 0),
        # The publisher gives each council twice, as a district and as a county or unitary authority.
        ("nomis_population", 57, 57, 30, 27, 0),
        ("nomis_unemployment_16_64", 43, 43, 43, 0, 0),
    ]


def test_the_rate_has_its_counts_and_limits_from_the_rows_beside_it(staged: Staged) -> None:
    assert figure(staged, "ATF10", "E06000006") == (4.5, 1500, 33000, 3.0, 6.0, "normal", 4)


def test_a_rate_that_did_not_come_is_absent_and_its_rows_are_not_lost(staged: Staged) -> None:
    value, numerator, _, lower, upper, status, rows = figure(staged, "ATF10", "E08000015")
    assert (value, numerator, lower, upper, status, rows) == (None, 1500, None, None, "not_available", 3)


def test_the_total_of_permanence_is_the_share_in_non_permanent_jobs(staged: Staged) -> None:
    assert figure(staged, "ATF11", "E06000006") == (6.0, 3000, 50000, None, None, "normal", 3)
    assert figure(staged, "ATF11", "E06000006", "Permanent")[:3] == (94.0, 47000, 50000)


def test_the_share_of_children_in_workless_households_has_its_count(staged: Staged) -> None:
    assert figure(staged, "ATF14", "E06000006") == (10.5, 2600, None, None, None, "normal", 2)


def test_modelled_unemployment_has_limits_and_pay_has_none(staged: Staged) -> None:
    value, _, _, lower, upper, status, _ = figure(staged, "PRX10A", "E06000006")
    assert (value, round(lower, 6), round(upper, 6), status) == (4.1, 3.7, 4.5, "normal")
    assert figure(staged, "SUP26", "E08000012")[3:6] == (None, None, "normal")


def test_pay_with_a_coefficient_of_variation_above_20_is_unreliable(staged: Staged) -> None:
    assert figure(staged, "SUP26", "E06000006")[5] == "unreliable"


def test_number_and_rate_of_claimants_are_two_indicators(staged: Staged) -> None:
    assert figure(staged, "SUP24", "E08000012")[0] == 3250
    assert figure(staged, "SUP25", "E08000012")[0] == 4.2
    assert figure(staged, "PRX08B", "E08000012")[0] == 4.2
    ages = staged.query(
        "select distinct indicator_code, sex, age from intermediate.int_staged "
        "where dataset like 'nomis_claimants%' order by 1"
    )
    assert ages == [
        ("PRX08B", "Persons", "18-24 yrs"),
        ("SUP24", "Persons", "16+ yrs"),
        ("SUP25", "Persons", "16-64 yrs"),
        ("SUP27", "Persons", "16+ yrs"),
    ]


@pytest.mark.parametrize(
    ("indicator", "area", "people"),
    [
        # Read by a person in the publisher's file.
        ("SUP20", "E08000012", 484_488),
        ("SUP20", "E12000002", 7_422_295),
        ("SUP21", "E06000006", 24_505),
        ("SUP23", "E08000013", 37_807),
        ("SUP23", "E06000050", 76_299),
    ],
)
def test_the_population_is_that_of_the_publishers_file(staged: Staged, indicator: str, area: str, people: int) -> None:
    assert figure(staged, indicator, area)[0] == people


def test_periods_are_whole_years_months_and_days(staged: Staged) -> None:
    periods = staged.query(
        "select distinct dataset, period_id from intermediate.int_staged where dataset like 'nomis%' order by 1"
    )
    assert dict(periods) == {
        "nomis_children_in_workless_households": "2024-01-01/2024-12-31",
        "nomis_claimants": "2025-12-01/2025-12-31",
        "nomis_claimants_18_24": "2025-12-01/2025-12-31",
        "nomis_claimants_neighbourhoods": "2025-12-01/2025-12-31",
        "nomis_median_weekly_pay": "2025-04-01/2025-04-01",
        "nomis_modelled_unemployment": "2024-01-01/2024-12-31",
        "nomis_permanence": "2024-07-01/2025-06-30",
        "nomis_population": "2021-06-30/2021-06-30",
        "nomis_unemployment_16_64": "2024-07-01/2025-06-30",
    }
