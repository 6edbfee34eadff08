"""Control charts are those that the definitions give when a person follows them point by point.

Belongs here: limits and rules on the bundled figures, against an account of its own in Python. Does not belong here:
which series has a chart, and what a break, a gap or a hidden figure does (the model's dbt unit tests).
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from support.dbt_warehouse import Built

KEY = "indicator_code, area_code, sex, age, breakdown_type, breakdown_value, first_period_id"


def rows_of(truths: list[bool], length: int) -> list[bool]:
    """Whether each is one of `length` or more in a row that are true."""
    found = [False] * len(truths)
    for first in range(len(truths) - length + 1):
        if all(truths[first : first + length]):
            found[first : first + length] = [True] * length
    return found


def drawn(values: list[float]) -> dict[str, Any]:
    """Mean, limits and the four rules for points in order, none of them missing."""
    mean = math.fsum(values) / len(values)
    ranges = [abs(after - before) for before, after in pairwise(values)]
    most = 3.267 * math.fsum(ranges) / len(ranges)
    kept = [one for one in ranges if one <= most]
    width = 2.66 * math.fsum(kept) / len(kept)
    away = [value - mean for value in values]
    outside = [abs(one) > width + 1e-9 for one in away]
    near = [2 / 3 * width + 1e-9 < abs(one) <= width + 1e-9 for one in away]
    above, below = [one > 0 for one in away], [one < 0 for one in away]
    two_of_three = [
        near[at]
        and any(
            sum(near[first : first + 3]) >= 2 and (all(above[first : first + 3]) or all(below[first : first + 3]))
            for first in range(max(0, at - 2), min(at, len(values) - 3) + 1)
        )
        for at in range(len(values))
    ]
    rises = [after > before for before, after in pairwise(values)]
    falls = [after < before for before, after in pairwise(values)]
    moving = [(up or down) for up, down in zip(rows_of(rises, 6), rows_of(falls, 6), strict=True)]
    return {
        "mean": mean,
        "lower": max(mean - width, 0),
        "upper": mean + width,
        "outside": outside,
        "shift": [up or down for up, down in zip(rows_of(above, 7), rows_of(below, 7), strict=True)],
        # A step belongs to both of its points.
        "trend": [before or after for before, after in zip([False, *moving], [*moving, False], strict=True)],
        "two_of_three": two_of_three,
    }


def test_each_chart_of_the_bundled_figures_is_drawn_as_the_definitions_say(built: Built) -> None:
    charts: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in built.warehouse.query(
        f"select {KEY}, value, mean, lower_limit, upper_limit, is_outside_limits, is_shift, is_trend, is_two_of_three, "
        "outcome, n_points, moving_range from mart.fct_control_chart where outcome is not null order by period_id"
    ):
        charts[row[:7]].append(row[7:])
    # Where a period is missing a row of points ends; such charts are cases of the unit tests.
    whole = {key: points for key, points in charts.items() if [p[-1] for p in points].count(None) == 1}
    assert len(whole) > 150
    special: set[int] = set()
    for key, points in whole.items():
        assert {point[9] for point in points} == {len(points)}, key
        expected = drawn([point[0] for point in points])
        for at, (_, mean, lower, upper, *rules, outcome, _, _) in enumerate(points):
            assert (mean, lower) == pytest.approx((expected["mean"], expected["lower"]), abs=1e-6), key
            assert upper == pytest.approx(
                min(expected["upper"], 100) if key[0] in SHARES else expected["upper"], abs=1e-6
            )
            found = [expected[rule][at] for rule in ("outside", "shift", "trend", "two_of_three")]
            assert rules == found, (key, at)
            assert (outcome == "common_cause") == (not any(found))
            special |= {number for number, is_so in enumerate(found) if is_so}
    assert special == {0, 1, 2, 3}


SHARES = {"ATF04", "ATF09", "SUP30"}


def test_a_chart_of_rising_counts_says_that_neighbouring_periods_are_alike(built: Built) -> None:
    """Children in temporary accommodation in Liverpool: 354 at the end of 2021, 1,639 four years later."""
    rows = built.warehouse.query(
        "select distinct round(autocorrelation, 2), caution like 'Neighbouring periods are alike:%Not adjusted%' "
        "from mart.fct_control_chart where indicator_code = 'SUP40' and area_code = 'E08000012'"
    )
    assert rows == [(0.81, True)]
