"""Trends and revisions against other programs: matrices, the publisher's own tests and markers, and time turned round.

Belongs here: what takes many series, or another way to the same number. Does not belong here: single rules and edges
(dbt's unit tests, beside the models).
"""

from __future__ import annotations

import csv
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models_on_figures import ModelsOnFigures, Row, card, figure
from scipy import stats

FINGERTIPS = Path(__file__).parents[2] / ".." / "shared" / "data" / "fingertips"
THRESHOLD = 9.54953570608324
YEARS = range(2018, 2023)
TIMES = np.arange(1.0, 6.0)
COUNCILS = {"mart.dim_area": [{"area_code": f"E080000{number}", "is_answered": True} for number in range(11, 16)]}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelsOnFigures:
    return ModelsOnFigures(tmp_path_factory.mktemp("trends"))


def counted(code: str, counts: Iterable[float], people: Iterable[float], first: int = 2018) -> list[Row]:
    return [
        figure(code, first + place, numerator=count, denominator=number, value=100 * count / number)
        for place, (count, number) in enumerate(zip(counts, people, strict=True))
    ]


def estimated(code: str, values: Iterable[float], errors: Iterable[float], first: int = 2018) -> list[Row]:
    """Figures whose 95 % limits are 1.96 standard errors away."""
    return [
        figure(code, first + place, value=value, lci_95=value - 1.96 * error, uci_95=value + 1.96 * error)
        for place, (value, error) in enumerate(zip(values, errors, strict=True))
    ]


def trends(models: ModelsOnFigures, cards: list[Row], figures: list[Row], **more: list[Row]) -> dict[str, Row]:
    """Indicator -> its row of fct_trend."""
    given = {**COUNCILS, "raw.catalogue_indicator": cards, "mart.fct_observation": figures, **more}
    rows = models.run("fct_trend", given)
    assert len({row["indicator_code"] for row in rows}) == len(rows)
    return {row["indicator_code"]: row for row in rows}


def by_matrices(values: Any, errors: Any, times: Any = TIMES) -> tuple[float, float]:
    """Slope and its chi-squared: (X'WX)^-1 X'Wy, and its variance on the diagonal of (X'WX)^-1."""
    design = np.column_stack([np.ones(len(times)), times])
    weights = np.diag(1 / np.asarray(errors) ** 2)
    covariance = np.linalg.inv(design.T @ weights @ design)
    slope = (covariance @ design.T @ weights @ np.asarray(values))[1]
    return float(slope), float(slope**2 / covariance[1, 1])


def cochran_armitage(counts: Any, people: Any) -> float:
    """N times the squared correlation between the year and the answer, over all people one by one (Agresti 2002)."""
    r, n = np.asarray(counts), np.asarray(people)
    total = n.sum()
    covariance = (TIMES * r).sum() / total - (TIMES * n).sum() / total * r.sum() / total
    of_time = (TIMES**2 * n).sum() / total - ((TIMES * n).sum() / total) ** 2
    of_answer = r.sum() / total * (1 - r.sum() / total)
    return float(total * covariance**2 / (of_time * of_answer))


def outcome(chi_squared: float, slopes: Iterable[float]) -> str:
    """By the chi-squared, the slope of all five points and those with one left out."""
    signs = {float(np.sign(slope)) for slope in slopes}
    if chi_squared <= THRESHOLD or len(signs) > 1:
        return "no_significant_change"
    return {1.0: "increasing", -1.0: "decreasing", 0.0: "no_significant_change"}[signs.pop()]


def fitted(values: Any, weights: Any) -> Iterator[float]:
    """The slope by NumPy's least squares, of all points and with each left out; its weights multiply residuals."""
    values, weights = np.asarray(values), np.asarray(weights)
    yield np.polyfit(TIMES, values, 1, w=weights)[0]
    for place in range(5):
        kept = np.arange(5) != place
        yield np.polyfit(TIMES[kept], values[kept], 1, w=weights[kept])[0]


def random_series(seed: int, number: int) -> tuple[list[Row], list[Row], dict[str, tuple[str, Any, Any]]]:
    """Cards, figures and (method, figures, people or errors) of series that rise, fall, stand still or jump."""
    chance = random.Random(seed)
    cards, figures, made = [], [], {}
    for case in range(number):
        code = f"S{case:04}"
        drift, noise = chance.choice((0, 0, 0.02, -0.02, 0.08, -0.08)), chance.choice((0.002, 0.02, 0.1))
        shares = [min(0.97, max(0.03, 0.4 + drift * t + chance.gauss(0, noise))) for t in range(5)]
        if chance.random() < 0.5:
            people = [float(chance.randint(40, 60_000)) for _ in range(5)]
            counts = [min(n - 1, max(1.0, float(round(n * share)))) for n, share in zip(people, shares, strict=True)]
            cards.append(card(code))
            figures += counted(code, counts, people)
            made[code] = ("cochran_armitage", counts, people)
        else:
            # Progress 8 and the like go below zero.
            values = [chance.choice((1, 100)) * share - 20 for share in shares]
            errors = [chance.uniform(0.001, 5) for _ in range(5)]
            cards.append(card(code, value_type=chance.choice(("mean", "crude_rate")), ci_method="published"))
            figures += estimated(code, values, errors)
            made[code] = ("weighted_regression", values, [1.96 * 2 * error / 3.92 for error in errors])
    return cards, figures, made


def test_the_threshold_is_the_998th_thousandth_of_chi_squared() -> None:
    assert stats.chi2.isf(0.002, 1) == pytest.approx(THRESHOLD, rel=1e-13)


def test_both_methods_give_what_matrices_and_least_squares_give(models: ModelsOnFigures) -> None:
    cards, figures, made = random_series(seed=20220525, number=600)
    found = trends(models, cards, figures)
    assert set(found) == set(made)
    outcomes: Counter[Any] = Counter()
    for code, (method, first, second) in made.items():
        row = found[code]
        assert (row["method"], row["reason"], row["n_points"]) == (method, None, 5)
        if method == "cochran_armitage":
            r, n = np.asarray(first), np.asarray(second)
            chi_squared = cochran_armitage(r, n)
            # Each year's people weigh alike, so that the variance of a year is one over their number.
            slope = 100 * by_matrices(r / n, n**-0.5)[0]
            slopes = list(fitted(np.log(r / (n - r)), np.ones(5)))
        else:
            slope, chi_squared = by_matrices(first, second)
            slopes = list(fitted(first, 1 / np.asarray(second)))
        assert row["chi_squared"] == pytest.approx(chi_squared, rel=1e-9, abs=1e-12), code
        assert row["slope"] == pytest.approx(slope, rel=1e-9, abs=1e-12), code
        assert row["outcome"] == outcome(chi_squared, slopes), code
        outcomes[method, row["outcome"]] += 1
        if chi_squared > THRESHOLD and row["outcome"] == "no_significant_change":
            outcomes["one year decides"] += 1
    # The cases reach every branch, or the test says less than its name.
    assert len(outcomes) == 7, outcomes
    assert min(outcomes.values()) >= 10, outcomes


def test_the_order_of_rows_changes_nothing(models: ModelsOnFigures) -> None:
    cards, figures, _ = random_series(seed=1, number=120)
    expected = trends(models, cards, figures)
    for seed in range(3):
        shuffled = list(figures)
        random.Random(seed).shuffle(shuffled)
        assert trends(models, list(reversed(cards)), shuffled) == expected


def test_time_turned_round_turns_the_direction_round(models: ModelsOnFigures) -> None:
    cards, figures, _ = random_series(seed=2, number=200)
    turned = []
    for row in figures:
        year = YEARS[0] + YEARS[-1] - int(row["period_start"][:4])
        turned.append(row | {key: figure("", year)[key] for key in ("period_id", "period_start", "period_end")})
    other = {"increasing": "decreasing", "decreasing": "increasing"}
    judged = {"getting_better": "getting_worse", "getting_worse": "getting_better"}
    after = trends(models, cards, turned)
    seen = set()
    for code, row in trends(models, cards, figures).items():
        assert after[code]["outcome"] == other.get(row["outcome"], row["outcome"])
        assert after[code]["outcome_judged"] == judged.get(row["outcome_judged"], row["outcome_judged"])
        assert after[code]["chi_squared"] == pytest.approx(row["chi_squared"], rel=1e-9, abs=1e-12)
        assert after[code]["slope"] == pytest.approx(-row["slope"], rel=1e-9, abs=1e-12)
        seen.add(row["outcome"])
    assert len(seen) == 3


@pytest.mark.parametrize(("factor", "expected"), [(1 + 1e-9, "increasing"), (1 - 1e-9, "no_significant_change")])
def test_a_chi_squared_must_lie_above_the_threshold(models: ModelsOnFigures, factor: float, expected: str) -> None:
    """A line that rises by one a year has chi-squared 10 / error^2."""
    error = (10 / (THRESHOLD * factor)) ** 0.5
    [row] = trends(
        models, [card("A", value_type="mean")], estimated("A", [1.0, 2.0, 3.0, 4.0, 5.0], [error] * 5)
    ).values()
    assert row["chi_squared"] == pytest.approx(THRESHOLD * factor, rel=1e-12)
    assert row["outcome"] == expected


# Figures of England and of Yorkshire and the Humber (OHID Fingertips) with what the publisher's own programs expect of
# them in their tests: dhsc-govuk/FingertipsNext, TrendMarkerCalculatorTests.cs, and ukhsa-collaboration/
# fingertips-open, TrendMarkerCalculatorTest.cs, whose chi-squared values are to two decimals. Left out: patients aged
# 65 and over, of whom that program expects no change because it drops figures without limits and has none left.
CASES_OF_THE_PUBLISHER = {
    "diabetes": (
        [3455176, 3491868, 3625401, 3774801, 3938080],
        [48783947, 49122259, 49956777, 50649129, 51441896],
        "increasing",
    ),
    "measles_vaccination": (
        [57274, 55865, 53681, 51767, 53185],
        [61834, 60511, 59074, 57508, 59028],
        "decreasing",
    ),
}
LIMITED_CASES_OF_THE_PUBLISHER = {
    "eye_disease": (
        [2.935, 1.93028, 2.7567, 2.8701, 3.0121],
        [2.7841, 1.8085, 2.6113, 2.7225, 2.8616],
        [3.0919, 2.058, 2.9082, 3.0237, 3.1683],
        "increasing",
        None,
    ),
    "set_1": (
        [24.67, 24.6, 28.0, 30.2, 30.6],
        [23.16, 23.15, 26.44, 28.63, 28.98],
        [26.25, 26.19, 29.64, 31.9, 32.25],
        "increasing",
        46.77,
    ),
    "set_2": (
        [20.5506, 19.5952, 19.0349, 21.3966, 18.4372],
        [18.1803, 17.3444, 16.8421, 19.0918, 16.2925],
        [23.1427, 22.0602, 21.4394, 23.8975, 20.7941],
        "no_significant_change",
        None,
    ),
}


def test_the_publishers_own_cases_come_out_as_its_programs_expect(models: ModelsOnFigures) -> None:
    cards, figures, expected = [], [], {}
    for code, (counts, people, word) in CASES_OF_THE_PUBLISHER.items():
        cards.append(card(code))
        figures += counted(code, counts, people)
        expected[code] = word
    for code, (values, lower, upper, word, _) in LIMITED_CASES_OF_THE_PUBLISHER.items():
        cards.append(card(code, value_type="crude_rate", ci_method="byar"))
        limits = zip(values, lower, upper, strict=True)
        figures += [
            figure(code, 2018 + place, value=value, lci_95=lci, uci_95=uci)
            for place, (value, lci, uci) in enumerate(limits)
        ]
        expected[code] = word
    cards.append(card("set_1_counted"))
    figures += counted("set_1_counted", [994, 1023, 1199, 1332, 1367], [40299, 41527, 42811, 44064, 44701])
    expected["set_1_counted"] = "increasing"
    cards.append(card("full"))
    figures += counted("full", [5, 3, 1, 1, 2], [5, 5, 5, 4, 4])
    expected["full"] = "cannot_be_calculated"
    found = trends(models, cards, figures)
    assert {code: row["outcome"] for code, row in found.items()} == expected
    assert round(found["set_1"]["chi_squared"], 2) == 46.77
    assert round(found["set_1_counted"]["chi_squared"], 2) == 47.9
    assert found["full"]["reason"] == "count_equals_denominator"


# OHID's own markers.

WORDS = {
    "Increasing": "increasing",
    "Decreasing": "decreasing",
    "No significant change": "no_significant_change",
    "Cannot be calculated": "cannot_be_calculated",
}


def number(cell: str) -> float | None:
    return float(cell) if cell else None


def read(name: str) -> tuple[list[Row], dict[str, str]]:
    """The rows of a file as figures, with a made-up area for each of its series, and OHID's marker of each series."""
    path = FINGERTIPS / name
    if not path.exists():
        pytest.skip(f"{path.resolve()} is absent: the publisher's files are no part of the project")
    figures: dict[tuple[str, str], Row] = {}
    markers: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            series = "|".join(row[column] for column in ("Area Code", "Sex", "Age", "Category Type", "Category"))
            first = int(row["Time period"][:4])
            # England stands in the file twice with the same figures: the last one is taken.
            figures[series, row["Time period"]] = figure(
                row["Indicator ID"],
                first,
                area_code=series,
                value=number(row["Value"]),
                numerator=number(row["Count"]),
                denominator=number(row["Denominator"]),
                lci_95=number(row["Lower CI 95.0 limit"]),
                uci_95=number(row["Upper CI 95.0 limit"]),
            )
            if row["Recent Trend"]:
                markers[series] = WORDS[row["Recent Trend"].split(" and getting")[0]]
    return list(figures.values()), markers


def beside_the_markers(
    models: ModelsOnFigures, figures: list[Row], markers: dict[str, str], **said: Any
) -> Counter[tuple[str, str, str | None]]:
    """(OHID's marker, ours, our reason) -> number of series."""
    code = figures[0]["indicator_code"]
    rows = models.run(
        "fct_trend",
        {
            "mart.dim_area": [{"area_code": area, "is_answered": True} for area in markers],
            "raw.catalogue_indicator": [card(code, **said)],
            "mart.fct_observation": figures,
        },
    )
    ours = {row["area_code"]: (row["outcome"], row["reason"]) for row in rows}
    # A series without any value has no row.
    nothing = ("cannot_be_calculated", "no value")
    return Counter((marker, *ours.get(series, nothing)) for series, marker in markers.items())


NO_TREND = "cannot_be_calculated"
SIGNIFICANT = ("increasing", "decreasing")


def test_crude_rates_are_significant_exactly_where_ohid_finds_them_so(models: ModelsOnFigures) -> None:
    """Injury admissions of 531 areas and groups. OHID regresses over a missing year ("years don't need to be
    consecutive", its program says); its guidance and we do not, and call it a gap.

    The words of this file, which its interface served, stand the wrong way round for every significant trend: England
    fell from 93.6 in 2019/20 to 72.7 in 2023/24 and is said to be increasing. In 93015, which the website served, they
    do not.
    """
    figures, markers = read("90284_injury_admissions_child502_parent15.csv")
    by_limits = beside_the_markers(models, figures, markers, value_type="crude_rate", ci_method="byar")
    assert by_limits == {
        ("increasing", "decreasing", None): 216,
        ("decreasing", "increasing", None): 5,
        ("no_significant_change", "no_significant_change", None): 279,
        (NO_TREND, NO_TREND, "fewer_than_five_points"): 9,
        (NO_TREND, NO_TREND, "no value"): 6,
        ("increasing", NO_TREND, "gap"): 11,
        ("no_significant_change", NO_TREND, "gap"): 5,
    }
    # As if admissions were a share of children: thirteen markers are lost. Rates go by their limits.
    as_a_share = beside_the_markers(models, figures, markers, multiplier=10_000)
    agreed = sum(
        number
        for (ohid, ours, reason), number in as_a_share.items()
        if reason is None and (ohid in SIGNIFICANT) == (ours in SIGNIFICANT)
    )
    assert (agreed, sum(number for (_, _, reason), number in as_a_share.items() if reason is None)) == (487, 500)


def test_counts_that_do_not_give_the_value_are_not_tested_as_people(models: ModelsOnFigures) -> None:
    """Physically inactive adults, a survey. OHID has markers for England's ten deprivation groups alone, and these come
    from its column of counts up to 2021/22: 126 of 12,255 adults in a group of which 35.2 % are inactive. So each of
    its markers is reproduced where the values are made of these counts, and none means anything. Limits of a survey
    are what a trend in it can be tested by; OHID's program wants counts and gives the councils no marker.
    """
    figures, markers = read("93015_physically_inactive_website_download.csv")
    made_of_counts = [
        row | {"value": 100 * row["numerator"] / row["denominator"]} for row in figures if row["numerator"] is not None
    ]
    assert beside_the_markers(models, made_of_counts, markers) == {
        ("increasing", "increasing", None): 6,
        ("no_significant_change", "no_significant_change", None): 4,
        (NO_TREND, NO_TREND, "no value"): 190,
    }
    by_limits = beside_the_markers(models, figures, markers, ci_method="published")
    assert by_limits == {
        ("increasing", "no_significant_change", None): 6,
        ("no_significant_change", "decreasing", None): 3,
        ("no_significant_change", "no_significant_change", None): 1,
        (NO_TREND, "no_significant_change", None): 164,
        (NO_TREND, "decreasing", None): 21,
        (NO_TREND, "increasing", None): 5,
    }
    # Nor are they tested where the catalogue holds the survey for a count, the values being what they are.
    assert beside_the_markers(models, figures, markers) == by_limits


def test_a_survey_without_counts_is_tested_by_its_limits_where_ohid_has_no_marker(models: ModelsOnFigures) -> None:
    """Adult obesity: OHID has no counts to test, and says so for all 200 series."""
    figures, markers = read("93881_adult_obesity_website_download.csv")
    assert beside_the_markers(models, figures, markers, ci_method="published") == {
        (NO_TREND, "no_significant_change", None): 150,
        (NO_TREND, "increasing", None): 49,
        (NO_TREND, "decreasing", None): 1,
    }


def test_three_years_are_too_few_as_ohid_says(models: ModelsOnFigures) -> None:
    figures, markers = read("older_26_columns_countyua.csv")
    assert beside_the_markers(models, figures, markers, value_type="crude_rate", ci_method="byar") == {
        (NO_TREND, NO_TREND, "fewer_than_five_points"): 180,
        (NO_TREND, NO_TREND, "no value"): 2,
    }


# Revisions.

MOMENTS = [f"2026-0{month}-01 06:00:00" for month in range(1, 7)]


def random_history(seed: int, number: int) -> tuple[list[Row], list[Row]]:
    """Cards, and the history of their figures: of some, years come, go, come back and are revised."""
    chance = random.Random(seed)
    cards, history = [], []
    for case in range(number):
        code = f"R{case:03}"
        cards.append(card(code, polarity=chance.choice(("higher_is_better", "none"))))
        for year in range(2016, 2023):
            step, before = chance.choice((0, 0, 0, 1)), None
            while step < len(MOMENTS):
                gone = before is not None and chance.random() < 0.15
                share = 0.3 + chance.choice((0.0, 0.02, 0.02)) * (year - 2016) + chance.gauss(0, 0.01)
                [row] = counted(code, [round(2000 * share)], [2000], first=year)
                hidden = {"value": None, "numerator": None, "status": "suppressed"}
                row |= hidden if gone or chance.random() < 0.1 else {}
                ends = chance.randint(step + 1, len(MOMENTS) + 3)
                row |= {
                    "change": "withdrawn" if gone else "new" if before in (None, "withdrawn") else "revised",
                    "valid_from": MOMENTS[step],
                    "valid_to": MOMENTS[ends] if ends < len(MOMENTS) else None,
                    "vintage_id": f"v{step}",
                }
                history.append(row)
                before, step = row["change"], ends
    return cards, history


def as_known(history: list[Row], moment: str, side: str) -> list[Row]:
    """The figures that a reader found just before the moment, or from it on."""
    found = []
    for row in history:
        begins, ends = row["valid_from"], row["valid_to"] or "9999"
        in_force = begins < moment <= ends if side == "before" else begins <= moment < ends
        if in_force and row["value"] is not None:
            found.append({key: row[key] for key in row if key not in ("valid_from", "valid_to", "change")})
    return found


def test_the_trend_around_a_revision_is_that_of_the_periods_that_readers_had_before(models: ModelsOnFigures) -> None:
    """Of each moment and side a release is made up, with the figures of that time as the only ones: before it all of
    them, since it those of the newest five periods from before."""
    cards, history = random_history(seed=7, number=120)
    releases, their_cards = [], []
    windows: dict[tuple[str, str], list[str]] = {}
    for (place, moment), side in itertools.product(enumerate(MOMENTS), ("before", "since")):
        known = as_known(history, moment, side)
        if side == "before":
            for row in known:
                windows.setdefault((row["indicator_code"], moment), []).append(row["period_id"])
            windows |= {key: sorted(windows[key])[-5:] for key in windows if key[1] == moment}
        for row in known:
            if side == "before" or row["period_id"] in windows.get((row["indicator_code"], moment), ()):
                releases.append(row | {"indicator_code": f"{row['indicator_code']}/{place}/{side}"})
        their_cards += [entry | {"indicator_code": f"{entry['indicator_code']}/{place}/{side}"} for entry in cards]
    readers_had = {code: row["outcome"] for code, row in trends(models, their_cards, releases).items()}
    revisions = models.run(
        "fct_revision",
        {**COUNCILS, "raw.catalogue_indicator": cards, "mart.fct_observation_history": history},
    )
    assert len(revisions) == sum(row["change"] == "revised" for row in history)
    changed: Counter[tuple[bool | None, bool]] = Counter()
    for row in revisions:
        place = MOMENTS.index(str(row["seen_at"]))
        old, new = (readers_had.get(f"{row['indicator_code']}/{place}/{side}") for side in ("before", "since"))
        assert (row["old_trend"], row["new_trend"]) == (old, new)
        inside = row["period_id"] in windows.get((row["indicator_code"], str(row["seen_at"])), ())
        differ = (old or NO_TREND) != (new or NO_TREND)
        expected = None if {old, new} <= {None, NO_TREND} else inside and differ
        assert row["trend_changed"] is expected
        changed[expected, inside] += 1
    # Every case that there is: a figure outside of the five points changes no trend.
    cases = [(True, True), (False, True), (False, False), (None, True), (None, False)]
    assert set(changed) == set(cases)
    assert min(changed.values()) >= 5, changed


RISING = (100, 200, 300, 400, 500)


@pytest.mark.parametrize(
    ("year", "count", "expected"),
    [
        pytest.param(2017, 999, ("increasing", "increasing", False), id="before the five points"),
        pytest.param(2018, 101, ("increasing", "increasing", False), id="one of them, hardly"),
        pytest.param(2018, 900, ("increasing", "no_significant_change", True), id="one of them, which decides"),
    ],
)
def test_a_year_that_comes_with_a_revision_changes_no_trend(
    models: ModelsOnFigures, year: int, count: int, expected: tuple[str, str, bool]
) -> None:
    """2023 falls so far that by the newest five points nothing would rise any more."""
    before = counted("A", (50, *RISING), [1000] * 6, first=2017)
    new = {"change": "new", "valid_from": MOMENTS[0], "valid_to": None, "vintage_id": "v1"}
    since = {"valid_from": MOMENTS[1], "valid_to": None, "vintage_id": "v2"}
    history = [row | new for row in before]
    history[year - 2017]["valid_to"] = MOMENTS[1]
    history += [row | since | {"change": "revised"} for row in counted("A", [count], [1000], first=year)]
    history += [row | since | {"change": "new"} for row in counted("A", [1], [1000], first=2023)]
    [row] = models.run(
        "fct_revision",
        {**COUNCILS, "raw.catalogue_indicator": [card("A")], "mart.fct_observation_history": history},
    )
    assert (row["old_trend"], row["new_trend"], row["trend_changed"]) == expected
    now = trends(models, [card("A")], counted("A", (*RISING[1:], 1), [1000] * 5, first=2019))
    assert now["A"]["outcome"] == "no_significant_change"


def test_the_order_of_a_history_changes_nothing(models: ModelsOnFigures) -> None:
    cards, history = random_history(seed=8, number=40)
    rows = {**COUNCILS, "raw.catalogue_indicator": cards}
    expected = models.run("fct_revision", {**rows, "mart.fct_observation_history": history})
    random.Random(1).shuffle(history)
    assert models.run("fct_revision", {**rows, "mart.fct_observation_history": history}) == expected
