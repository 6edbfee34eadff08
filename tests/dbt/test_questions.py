"""The programme's questions, as the bundled figures answer them.

Belongs here: right values that were counted in the publishers' files or worked out by other programs. Does not belong
here: one case a rule (the unit tests beside the models).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from support.dbt_warehouse import Built

COUNCILS = "select area_code from mart.dim_area where in_cheshire_merseyside and area_type = 'council'"


def test_the_publishers_verdict_on_life_expectancy_is_carried(built: Built) -> None:
    """Of 2023 to 2025, as OHID's file says it; its figures have no limits there, so that ours cannot be made."""
    verdicts = built.warehouse.query(
        "select publisher_outcome, outcome_statistical, reason from mart.fct_comparison "
        "where indicator_code = 'ATF01' and period_id = '2023-01-01/2025-12-31' and benchmark_area_code = 'E92000001' "
        f"and area_code in ({COUNCILS})"
    )
    assert Counter(verdicts) == {
        ("worse", "not_compared", "no_interval"): 14,
        ("similar", "not_compared", "no_interval"): 3,
        ("better", "not_compared", "no_interval"): 1,
    }


def test_each_verdict_of_a_publisher_stands_in_its_file_beside_that_figure(built: Built) -> None:
    """Of every figure that OHID compared and that is shown as it gave it, and of no other."""
    ours, theirs = (
        built.warehouse.query(sql)
        for sql in (
            "select count(*) from mart.fct_comparison where publisher_outcome is not null",
            "select count(*) from mart.fct_observation as figure inner join raw.vintage using (vintage_id) "
            "inner join raw.fingertips_indicator_data as file on file.vintage_id = figure.vintage_id "
            "and file.row_number = figure.source_row "
            "where lower(file.compared_to_england_value_or_percentiles) in ('better', 'similar', 'worse') "
            "and not figure.is_derived and figure.value is not null and exists ("
            "select 1 from mart.fct_comparison as beside where beside.area_code = figure.area_code "
            "and beside.benchmark_area_code = 'E92000001')",
        )
    )
    assert ours == theirs
    assert ours[0][0] > 5000
    elsewhere = "select count(*) from mart.fct_comparison where benchmark_area_code <> 'E92000001'"
    assert built.warehouse.query(f"{elsewhere} and publisher_outcome is not null") == [(0,)]


def test_the_view_says_whose_verdict_it_shows(built: Built) -> None:
    said = built.warehouse.query(
        "select indicator_code, outcome_by, compared_with_england from mart.vw_life_expectancy_lower_and_falling "
        f"where area_code in ({COUNCILS}) and value is not null"
    )
    assert Counter(said) == {
        ("ATF01", "publisher", "lower"): 14,
        ("ATF01", "publisher", "similar"): 3,
        ("ATF01", "publisher", "higher"): 1,
        ("ATF02", "ours", "lower"): 8,
        ("ATF02", "ours", "similar"): 8,
        ("ATF02", "ours", "higher"): 2,
    }


def test_life_expectancy_stands_beside_the_years_before_the_pandemic_and_beside_the_trough(built: Built) -> None:
    rows = built.warehouse.query(
        "select indicator_code, period, baseline_period, earlier_period, count(*), "
        "count(case when baseline_change < 0 then 1 end), count(case when change > 0 then 1 end), "
        "count(case when change < 0 then 1 end) from mart.vw_life_expectancy_lower_and_falling "
        f"where area_code in ({COUNCILS}) and value is not null group by all order by indicator_code"
    )
    assert rows == [
        ("ATF01", "2023 to 2025", "2017 to 2019", "2020 to 2022", 18, 10, 17, 1),
        ("ATF02", "2022 to 2024", "2017 to 2019", "2019 to 2021", 18, 18, 0, 18),
    ]


def test_correlations_that_are_composition_say_so(built: Built) -> None:
    """Councils where homes are dear live longer, and so does London, which has half of temporary accommodation."""
    said = dict(
        built.warehouse.query(
            "select distinct indicator_code, warning like '%composition%' from mart.vw_determinants_and_life_expectancy"
        )
    )
    assert {code for code, is_noted in said.items() if is_noted} == {"ATF17", "SUP12"}


def test_the_one_axis_is_said_with_its_figure_of_the_nine_councils_alone(built: Built) -> None:
    rows = built.warehouse.query(
        "select distinct scope_area_code, warning like '%36 determinants rank these councils 58 % lies on one axis%' "
        "from mart.vw_determinants_and_life_expectancy order by scope_area_code"
    )
    assert rows == [("E54000008", True), ("E92000001", False)]


def test_inequality_is_by_deprivation_meals_and_disadvantage_and_not_between_the_sexes_or_two_councils(
    built: Built,
) -> None:
    rows = built.warehouse.query(
        "select measure, inequality_by, group_a, count(*) from mart.vw_inequalities_wider_and_widening group by all"
    )
    assert {(measure, by) for measure, by, _, _ in rows} == {
        ("absolute_gap", "free_school_meals"),
        ("absolute_gap", "disadvantage"),
        ("slope_index", "deprivation"),
        ("published_slope_index", "deprivation"),
        ("council_slope", "deprivation"),
    }
    assert not [group for _, _, group, _ in rows if group in ("Female", "Male") or group.startswith("E0")]


def test_one_sex_stands_beside_all_persons_of_one_gap_nowhere(built: Built) -> None:
    of_one_gap = "indicator_code, area_code, age, measure, group_a"
    view = "mart.vw_inequalities_wider_and_widening"
    both = f"select {of_one_gap} from {view} group by all having count(distinct sex) > 1 and max(sex) = 'Persons'"
    assert built.warehouse.query(both) == []
    assert built.warehouse.query(f"select count(*) from {view} where sex = 'Persons' and indicator_code = 'ATF04'")[0][
        0
    ]


def test_the_slope_over_the_nine_councils_of_life_expectancy(built: Built) -> None:
    """Fitted with NumPy over the scores of 2025 and the figures of 2023 to 2025."""
    rows = built.warehouse.query(
        "select sex, period, round(value, 3), england_value, compared_with_england "
        "from mart.vw_inequalities_wider_and_widening where indicator_code = 'ATF01' and measure = 'council_slope' "
        "order by sex"
    )
    assert rows == [
        ("Female", "2023 to 2025", 3.131, None, "not_known"),
        ("Male", "2023 to 2025", 3.291, None, "not_known"),
    ]


# vw_questions ----------------------------------------------------------------------------------------------


def asked(built: Built, columns: str, where: str) -> list[tuple[Any, ...]]:
    return built.warehouse.query(f"select {columns} from mart.vw_questions where {where} order by question_no, outcome")


def test_life_expectancy_is_lower_than_before_the_pandemic_in_10_of_18_and_higher_than_in_the_trough_in_17(
    built: Built,
) -> None:
    counts = "sex, n_areas, n_lower, n_higher, n_judged, pooled_value"
    before = asked(built, counts, "question_no = '1b' and indicator_code = 'ATF01'")
    trough = asked(built, counts, "question_no = '1c' and indicator_code = 'ATF01'")
    assert before == [("Female", 9, 4, 3, 0, None), ("Male", 9, 6, 3, 0, None)]
    assert trough == [("Female", 9, 0, 9, 0, None), ("Male", 9, 1, 8, 0, None)]


def test_healthy_life_expectancy_fell_in_18_of_18_though_hardly_any_fall_alone_is_beyond_chance(built: Built) -> None:
    """Counted by significance it would be "0 yes, 18 neither", which is what the figures do not say."""
    for no in ("1b", "1c"):
        rows = asked(
            built,
            "n_lower, n_higher, n_lower_beyond_chance, pooled_uci_95, pooled_method",
            f"question_no = '{no}' and indicator_code = 'ATF02'",
        )
        assert [row[:2] for row in rows] == [(9, 0), (9, 0)]
        assert sum(row[2] for row in rows) == {"1b": 5, "1c": 0}[no]
        assert all(upper < 0 and "approximate" in method for *_, upper, method in rows)


def test_no_one_number_stands_for_councils_that_differ_by_more_than_chance(built: Built) -> None:
    """Healthy life expectancy beside England: five years lower in Knowsley, four higher in Cheshire East."""
    rows = asked(
        built, "pooled_value, pooled_method, sentence, caution", "question_no = '1a' and indicator_code = 'ATF02'"
    )
    for pooled, method, sentence, caution in rows:
        assert pooled is None
        assert method.startswith("not pooled; I2 ")
        assert "lower (Knowsley) to" in sentence
        assert "higher (Cheshire East)" in sentence
        assert "no one number stands for all" in caution


def test_below_england_is_counted_by_the_verdict_of_the_publisher_and_says_so(built: Built) -> None:
    rows = asked(
        built,
        "n_lower_beyond_chance, n_higher_beyond_chance, n_judged, verdict_by, sentence, caution",
        "question_no = '1a' and indicator_code = 'ATF01'",
    )
    assert [sum(counted) for counted in zip(*(row[:3] for row in rows), strict=True)] == [14, 1, 18]
    for *_, by, sentence, caution in rows:
        assert by == "publisher"
        assert "By more than chance, says the publisher itself: " in sentence
        assert "the verdict is that of the publisher" in caution


def test_each_pooled_estimate_is_the_inverse_variance_mean_of_its_councils(built: Built) -> None:
    z = stats.norm.ppf(0.975)
    points = defaultdict(list)
    for *key, difference, lower, upper in built.warehouse.query(
        "select question_no, indicator_code, outcome, difference, lci_95, uci_95 from mart.vw_question_points "
        "where area_type = 'council' and difference is not null"
    ):
        points[tuple(key)].append((difference, lower, upper))
    rows = asked(
        built,
        "question_no, indicator_code, outcome, pooled_value, pooled_lci_95, pooled_uci_95, detectable_change, "
        "pooled_method",
        "pooled_value is not null",
    )
    assert len(rows) > 15
    for *key, pooled, lower, upper, detectable, method in rows:
        d, low, high = np.array(points[tuple(key)], dtype=float).T
        weight = ((high - low) / (2 * z)) ** -2.0
        assert pooled == pytest.approx(np.average(d, weights=weight), abs=1e-8), key
        assert (upper - lower) / 2 == pytest.approx(z / np.sqrt(weight.sum()), abs=1e-8), key
        assert detectable == pytest.approx(((high - low) / 2).min(), abs=1e-8), key
        q = (weight * (d - pooled) ** 2).sum()
        inconsistency = max(0.0, 1 - (len(d) - 1) / q)
        assert f"I2 {round(100 * inconsistency)} %" in method, key
        assert inconsistency < 0.5, key


def test_nothing_is_pooled_of_which_a_figure_has_no_interval_or_has_a_caution(built: Built) -> None:
    unlawful = built.warehouse.query(
        "select question.outcome from mart.vw_questions as question inner join mart.vw_question_points as point "
        "using (question_no, indicator_code, outcome) where question.pooled_value is not null "
        "and point.area_type = 'council' and point.difference is not null "
        "and (point.lci_95 is null or point.caution is not null)"
    )
    assert unlawful == []


def test_administrative_counts_have_a_direction_without_an_interval(built: Built) -> None:
    rows = asked(
        built, "kind, n_higher, n_lower, n_judged, sentence", "question_no = '3' and indicator_code = 'PRX10B'"
    )
    assert [row[:4] for row in rows] == [("proxy", 9, 0, 0)]
    assert "We make no test of chance." in rows[0][4]
    [(caution,)] = asked(built, "caution", "question_no = '3' and indicator_code = 'PRX10B'")
    assert "Every claimant is counted" in caution


def test_what_had_changed_right_after_the_pandemic_may_be_gone_in_the_newest_year(built: Built) -> None:
    """Absolute low income was lower in all nine councils in 2021/22, and higher in all nine a year later."""
    rows = asked(
        built,
        "question_no, period, n_lower, n_higher, n_judged",
        "left(question_no, 1) = '3' and indicator_code = 'PRX15C'",
    )
    assert rows == [("3", "2021/22", 9, 0, 0), ("3b", "2022/23", 0, 9, 0)]


def test_a_slope_over_nine_councils_is_never_called_beyond_chance_and_names_the_council_that_makes_it(
    built: Built,
) -> None:
    """Temporary accommodation: 1.9 per 1,000 households wider, and as wide as before without Liverpool."""
    slopes = "question_no = '2b' and outcome like '%slope over the councils%'"
    assert asked(built, "sum(n_judged)", f"{slopes} group by question_no, outcome having sum(n_judged) > 0") == []
    assert built.warehouse.query(
        "select distinct direction from mart.vw_inequalities_wider_and_widening where measure = 'council_slope'"
    ) == [("not_known",)]
    [(sentence, caution)] = asked(built, "sentence, caution", f"{slopes} and indicator_code = 'ATF17'")
    assert "1.91 wider. Without Liverpool it would be 0.02 narrower" in sentence
    assert "Whether it is wider or narrower depends on which council is left out." in caution


def test_a_change_without_one_council_is_that_of_the_line_through_the_other_eight(built: Built) -> None:
    """Fitted with NumPy, for each council and each change."""
    scores = {
        (edition, code): score
        for edition, code, score in built.warehouse.query(
            f"select edition, area_code, average_score from mart.dim_area_deprivation where area_code in ({COUNCILS})"
        )
    }
    values = {
        tuple(key): value
        for *key, value in built.warehouse.query(
            "select indicator_code, period_id, sex, age, area_code, value from mart.fct_observation "
            f"where breakdown_type = 'Total' and area_code in ({COUNCILS})"
        )
    }
    higher_is_better = {
        code
        for (code,) in built.warehouse.query(
            "select indicator_code from mart.dim_indicator where polarity = 'higher_is_better'"
        )
    }
    rows = built.warehouse.query(
        "select indicator_code, sex, age, period_id, since_period_id, quantile_edition, left_out_area_code, "
        "change_without from mart.fct_slope_influence"
    )
    assert len(rows) > 500
    for indicator, sex, age, now, since, named, left_out, change in rows:
        edition = int(named.rsplit(" ", 1)[1])
        of_edition = {code: score for (year, code), score in scores.items() if year == edition}
        left = [code for code in of_edition if code != left_out]
        spread = max(of_edition.values()) - min(of_edition.values())
        s = np.array([of_edition[code] for code in left], dtype=float)
        slope = {
            period: np.polyfit(s, [values[indicator, period, sex, age, code] for code in left], 1)[0] * spread
            for period in (now, since)
        }
        sign = -1 if indicator in higher_is_better else 1
        assert change == pytest.approx(sign * (slope[now] - slope[since]), abs=1e-6), (indicator, left_out)


def test_a_gap_that_has_turned_round_is_neither_wider_nor_narrower(built: Built) -> None:
    """Self-harm of the young was lower in deprived councils in 2012/13 and higher in 2017/18."""
    rows = asked(
        built,
        "n_areas, n_higher, n_lower, sentence",
        "question_no = '2b' and indicator_code = 'PRX07A' and outcome like '%slope%'",
    )
    assert [row[:3] for row in rows] == [(1, 0, 0)]
    assert "better off than the least deprived one in 2012/13, and 15.85 worse off in 2017/18." in rows[0][3]


def test_pay_is_in_the_money_of_its_year_and_in_no_answer_on_inequality(built: Built) -> None:
    amounts = "select indicator_code from mart.dim_indicator where value_type = 'amount'"
    for view in ("vw_inequalities_wider_and_widening", "fct_question_unanswered"):
        where = f"indicator_code in ({amounts})"
        assert built.warehouse.query(f"select * from mart.{view} where {where}") == []


def test_a_change_since_the_pandemic_and_a_change_of_recording_say_so(built: Built) -> None:
    said = dict(asked(built, "outcome, caution", "question_no = '2b' and n_areas > 0"))
    # The series begins anew in 2020/21; claims have years before the pandemic, and are set beside those.
    assert "touches the pandemic" in said["Level 3 by 19, gap by free school meals"]
    assert "touches the pandemic" not in (said["Claimant count, slope over the councils by deprivation"] or "")
    assert "same day emergency care" in said["Injury admissions, 0 to 14, slope over the councils by deprivation"]
    assert "touches the pandemic" not in said["Progress 8, gap by disadvantage"]
    trough = asked(built, "caution", "question_no = '1c' and n_areas > 0")
    assert all("read it beside question 1b" in caution.lower() for (caution,) in trough)


def test_four_questions_of_one_survey_are_one_piece_of_evidence(built: Built) -> None:
    names = ["anxiety", "happiness", "satisfaction", "worthwhile"]
    rows = asked(
        built, "outcome, caution", "question_no = '3' and indicator_code in ('SUP13', 'SUP14', 'SUP15', 'SUP16')"
    )
    assert [outcome for outcome, _ in rows] == [f"Well-being: {name}" for name in names]
    for outcome, caution in rows:
        others = "; ".join(f"Well-being: {name}" for name in names if name not in outcome)
        assert f"One piece of evidence with: {others} (" in caution


def test_levels_2_and_3_of_the_same_young_people_are_one_piece_of_evidence(built: Built) -> None:
    """Of one kind of gap: within the councils, or over them."""
    rows = asked(built, "indicator_code, caution", "question_no = '2a' and indicator_code in ('ATF09', 'SUP30')")
    assert [("Level 3 by 19, gap" in c, "Level 2 by 19, gap" in c) for _, c in rows] == [(True, False), (False, True)]


def test_every_indicator_of_a_kind_is_counted_or_named_with_its_reason_and_never_both(built: Built) -> None:
    names = dict(built.warehouse.query("select indicator_code, short_name from mart.dim_indicator"))
    beacons = set(built.warehouse.query("select short_name from mart.dim_indicator where beacon_no is not null"))
    determinants: set[str] = {"ATF01", "ATF02"}
    ranked = (
        "select distinct indicator_code from mart.vw_determinants_and_life_expectancy "
        "inner join mart.dim_indicator using (indicator_code) "
        "where beacon_no is not null and rho is not null and dim_indicator.polarity <> 'none'"
    )
    for no, without in (("2a", set()), ("2b", set()), ("3", determinants), ("3b", determinants), ("4", determinants)):
        told = "select indicator_code from mart.vw_questions where n_areas > 0 and kind = 'beacon' and question_no = "
        counted = {(names[code],) for (code,) in built.warehouse.query(ranked if no == "4" else f"{told}'{no}'")}
        [(sentence,)] = asked(built, "sentence", f"question_no = '{no}' and kind = 'beacon' and n_areas = 0")
        named = {
            (name,)
            for (name,) in beacons
            if any(f"{before}{name}{end}" in sentence for before in (": ", "; ") for end in (";", "."))
        }
        assert not counted & named
        assert counted | named == beacons - {(names[code],) for code in without}, no
        assert f"{len(named)} of {22 - len(without)} beacon indicators" in sentence


def test_the_counts_of_each_question_are_those_of_its_evidence(built: Built) -> None:
    """From the views that `evidence` names, each by its own words."""
    council = f"area_code in ({COUNCILS})"
    for no, view, difference, verdict, beyond in (
        ("1a", "vw_life_expectancy_lower_and_falling", "difference", "compared_with_england", ("higher", "lower")),
        ("1b", "vw_life_expectancy_lower_and_falling", "baseline_change", "baseline_direction", ("rising", "falling")),
        ("1c", "vw_life_expectancy_lower_and_falling", "change", "direction", ("rising", "falling")),
        ("2a", "vw_inequalities_wider_and_widening", "difference", "compared_with_england", ("wider", "narrower")),
        ("2b", "vw_inequalities_wider_and_widening", "growth", "direction", ("widening", "narrowing")),
        ("3", "vw_determinants_through_the_pandemic", "change", "outcome_statistical", ("higher", "lower")),
        (
            "3b",
            "vw_determinants_through_the_pandemic",
            "case when newest_period <> after_period then newest_change end",
            "newest_outcome_statistical",
            ("higher", "lower"),
        ),
    ):
        is_judged = f"{difference} is not null and {verdict} = '{{}}'"
        counted = " and not has_turned" if no == "2b" else ""
        sums = ", ".join(
            f"count(case when {condition} then 1 end)"
            for condition in (
                f"{difference} is not null",
                f"round({difference}, 9) > 0",
                f"round({difference}, 9) < 0",
                is_judged.format(beyond[0]),
                is_judged.format(beyond[1]),
            )
        )
        theirs = built.warehouse.query(
            f"select indicator_code, {sums} from mart.{view} where {council}{counted} group by indicator_code "
            # Of half of the councils at least: three that have figures say nothing of the other six.
            f"having count({difference}) > 0 and 2 * count({difference}) >= count(*) order by all"
        )
        ours = built.warehouse.query(
            "select indicator_code, sum(n_areas), sum(n_higher), sum(n_lower), sum(n_higher_beyond_chance), "
            f"sum(n_lower_beyond_chance) from mart.vw_questions where question_no = '{no}' and n_areas > 1 "
            "group by indicator_code order by all"
        )
        assert ours == theirs, no


def test_how_determinants_go_together_is_counted_by_sign_and_adjusted(built: Built) -> None:
    theirs = built.warehouse.query(
        "select outcome_indicator_code, outcome_sex, scope_area_code = 'E54000008', "
        "case when is_proxy then 'proxy' when indicator_code like 'ATF%' then 'beacon' else 'supporting' end, "
        "count(*), count(case when with_it then 1 end), count(case when not with_it then 1 end), "
        "count(case when with_it and p_adjusted < 0.05 then 1 end) "
        "from (select *, (rho > 0) = (polarity = 'higher_is_better') as with_it "
        "from mart.vw_determinants_and_life_expectancy where rho <> 0 and polarity <> 'none') group by all order by all"
    )
    ours = built.warehouse.query(
        "select indicator_code, sex, outcome like '%Merseyside', kind, n_figures, n_higher, n_lower, "
        "n_higher_beyond_chance from mart.vw_questions where question_no = '4' and n_areas > 0 order by all"
    )
    assert ours == theirs
    cautions = asked(built, "caution", "question_no = '4' and outcome like '%Merseyside' and n_areas > 0")
    said = "58 % of the variation of all determinants over these councils is one common pattern"
    assert cautions and all(said in caution for (caution,) in cautions)
