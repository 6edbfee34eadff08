"""The newest period that a publisher should have out by now, on the last day before it is due and on that day."""

from __future__ import annotations

import datetime as dt

import pytest

from atf_dagster.catalogue.model import Period
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
    ],
)
def test_a_period_is_expected_from_the_day_that_its_publisher_may_take(
    period: Period, due: str, newest: tuple[str, str], before: tuple[str, str]
) -> None:
    day = dt.date.fromisoformat(due)
    assert newest_expected(period, day) == tuple(dt.date.fromisoformat(text) for text in newest)
    assert newest_expected(period, day - DAY) == tuple(dt.date.fromisoformat(text) for text in before)


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
