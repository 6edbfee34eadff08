"""The programme's questions, as the bundled figures answer them.

Belongs here: right values that were counted in the publishers' files or worked out by other programs. Does not belong
here: one case a rule (the unit tests beside the models).
"""

from __future__ import annotations

from collections import Counter

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
        "select distinct scope_area_code, warning like '%31 determinants rank these councils 64 % lies on one axis%' "
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
    """Fitted with NumPy over the scores of 2019 and the figures of 2023 to 2025."""
    rows = built.warehouse.query(
        "select sex, period, round(value, 3), england_value, compared_with_england "
        "from mart.vw_inequalities_wider_and_widening where indicator_code = 'ATF01' and measure = 'council_slope' "
        "order by sex"
    )
    assert rows == [
        ("Female", "2023 to 2025", 3.255, None, "not_known"),
        ("Male", "2023 to 2025", 3.28, None, "not_known"),
    ]
