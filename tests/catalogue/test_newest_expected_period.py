"""The newest period that a publisher should have out by now, on the last day before it is due and on that day."""

from __future__ import annotations

import datetime as dt

import pytest

from atf_dagster.catalogue import load
from atf_dagster.catalogue.model import Period
from atf_dagster.warehouse.inputs import _datasets as catalogue_datasets
from atf_dagster.warehouse.inputs import newest_expected

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("period", "due", "newest", "before"),
    [
        pytest.param(
            Period(start="01-01", lag_months=12),
            "2025-12-31",
            ("2024-01-01", "2024-12-31"),
            ("2023-01-01", "2023-12-31"),
            id="calendar year",
        ),
        pytest.param(
            Period(start="04-01", lag_months=12),
            "2026-03-31",
            ("2024-04-01", "2025-03-31"),
            ("2023-04-01", "2024-03-31"),
            id="financial year",
        ),
        pytest.param(
            Period(start="09-01", lag_months=8),
            "2025-04-30",
            ("2023-09-01", "2024-08-31"),
            ("2022-09-01", "2023-08-31"),
            id="academic year, due on the last day of a shorter month",
        ),
        pytest.param(
            Period(start="01-01", years=3, lag_months=14),
            "2025-02-28",
            ("2021-01-01", "2023-12-31"),
            ("2020-01-01", "2022-12-31"),
            id="three years, due at the end of February",
        ),
        pytest.param(
            Period(start="01-01", years=3, lag_months=14),
            "2024-02-29",
            ("2020-01-01", "2022-12-31"),
            ("2019-01-01", "2021-12-31"),
            id="three years, due in a leap year",
        ),
        pytest.param(
            Period(start="11-16", lag_months=6),
            "2026-05-15",
            ("2024-11-16", "2025-11-15"),
            ("2023-11-16", "2024-11-15"),
            id="survey year from the middle of November",
        ),
        pytest.param(
            Period(start="04-01", years=0, lag_months=7),
            "2025-11-01",
            ("2025-04-01", "2025-04-01"),
            ("2024-04-01", "2024-04-01"),
            id="snapshot date",
        ),
        pytest.param(
            Period(start="01-01", years=0, every_months=1, lag_months=2),
            "2026-11-01",
            ("2026-09-01", "2026-09-01"),
            ("2026-08-01", "2026-08-01"),
            id="first day of a month, late in the year",
        ),
        pytest.param(
            Period(start="12-31", years=0, every_months=3, lag_months=5),
            "2026-08-31",
            ("2026-03-31", "2026-03-31"),
            ("2025-12-31", "2025-12-31"),
            id="last day of a quarter, two quarters of thirty days before the anchor",
        ),
        pytest.param(
            Period(start="12-31", years=0, every_months=3, lag_months=5),
            "2026-11-30",
            ("2026-06-30", "2026-06-30"),
            ("2026-03-31", "2026-03-31"),
            id="last day of a quarter of thirty days",
        ),
        pytest.param(
            Period(start="12-01", years=0, months=3, lag_months=5),
            "2025-07-28",
            ("2024-12-01", "2025-02-28"),
            ("2023-12-01", "2024-02-29"),
            id="December to February",
        ),
    ],
)
def test_a_period_is_expected_from_the_day_that_its_publisher_may_take(
    period: Period, due: str, newest: tuple[str, str], before: tuple[str, str]
) -> None:
    day = dt.date.fromisoformat(due)
    assert newest_expected(period, day) == tuple(dt.date.fromisoformat(text) for text in newest)
    assert newest_expected(period, day - DAY) == tuple(dt.date.fromisoformat(text) for text in before)


@pytest.mark.parametrize("start", ["12-31", "06-30"])
def test_ends_of_quarters_stay_ends_of_months(start: str) -> None:
    """Over years, leap years among them, a series of last days never slips to the day before."""
    period = Period(start=start, years=0, every_months=3, lag_months=0)
    for month in range(1, 49):
        today = dt.date(2023 + (month - 1) // 12, (month - 1) % 12 + 1, 15)
        day, _ = newest_expected(period, today)
        assert (day + DAY).day == 1, day
        assert (today - day).days <= 92


@pytest.mark.parametrize("years", [0, 1, 3])
@pytest.mark.parametrize("start", ["01-01", "04-01", "09-01", "11-16"])
def test_expectation_never_goes_back_from_one_day_to_the_next(start: str, years: int) -> None:
    period = Period(start=start, years=years, lag_months=14)
    day, last = dt.date(2023, 1, 1), dt.date(2025, 12, 31)
    previous = newest_expected(period, day)
    while day < last:
        day += DAY
        now = newest_expected(period, day)
        assert now >= previous
        assert now[1] < day
        previous = now


@pytest.mark.parametrize(
    ("period", "last"),
    [
        pytest.param(
            Period(start="01-01", years=0, days=7, lag_months=1, ended=dt.date(2023, 11, 5)),
            ("2023-10-30", "2023-11-05"),
            id="weeks",
        ),
        pytest.param(
            Period(start="01-01", years=0, lag_months=1, ended=dt.date(2023, 12, 31)),
            ("2023-12-31", "2023-12-31"),
            id="days",
        ),
        pytest.param(
            Period(start="04-01", lag_months=1, ended=dt.date(2020, 3, 31)), ("2019-04-01", "2020-03-31"), id="years"
        ),
        pytest.param(
            Period(start="01-01", years=3, lag_months=1, ended=dt.date(2020, 12, 31)),
            ("2018-01-01", "2020-12-31"),
            id="three years",
        ),
        pytest.param(
            Period(start="12-01", years=0, months=3, lag_months=1, ended=dt.date(2024, 2, 29)),
            ("2023-12-01", "2024-02-29"),
            id="three months",
        ),
    ],
)
def test_nothing_after_the_end_of_a_series_is_ever_expected(period: Period, last: tuple[str, str]) -> None:
    """A series that its publisher ended is not late, neither soon after nor years later."""
    expected = tuple(dt.date.fromisoformat(text) for text in last)
    for later in (40, 400, 4000):
        assert newest_expected(period, expected[1] + later * DAY) == expected


def test_a_series_that_will_end_runs_as_usual_until_its_end_is_due() -> None:
    usual = Period(start="04-01", lag_months=12)
    ending = usual.model_copy(update={"ended": dt.date(2026, 3, 31)})
    for text in ("2026-03-31", "2026-04-01", "2027-03-30"):
        day = dt.date.fromisoformat(text)
        assert newest_expected(ending, day) == newest_expected(usual, day)
    assert newest_expected(ending, dt.date(2027, 3, 31))[1] == dt.date(2026, 3, 31)
    assert newest_expected(ending, dt.date(2030, 3, 31))[1] == dt.date(2026, 3, 31)


def test_weeks_need_an_end_because_they_keep_to_no_day_of_the_year() -> None:
    with pytest.raises(ValueError, match="days needs years: 0 and ended"):
        Period(start="01-01", years=0, days=7, lag_months=1)
    with pytest.raises(ValueError, match="days needs years: 0 and ended"):
        Period(start="01-01", days=7, lag_months=1, ended=dt.date(2023, 11, 5))


def test_months_are_the_length_of_a_period_without_years() -> None:
    with pytest.raises(ValueError, match="months needs years: 0 and no days"):
        Period(start="12-01", months=3, lag_months=1)


def test_indicators_of_one_table_may_expect_periods_of_different_lengths() -> None:
    """Life expectancy of three years and of one, out at the same time."""
    (columns, rows) = catalogue_datasets(load(), dt.date(2026, 11, 22))
    assert all(row.keys() == columns.keys() for row in rows)
    found = {
        row["indicator_code"]: (row["period_length"], str(row["expected_start"]), str(row["expected_end"]))
        for row in rows
        if row["dataset"] == "fingertips_93283"
    }
    assert found == {
        "ATF01": ("3y", "2022-01-01", "2024-12-31"),
        "SUP32": ("1y", "2024-01-01", "2024-12-31"),
    }
    # Labels of one table are read in one way, whoever takes the row.
    assert len({(row["period_month"], row["period_day"]) for row in rows if row["dataset"] == "fingertips_93283"}) == 1
