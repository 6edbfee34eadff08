{{ config(materialized="view") }}
{#- The figures that bear on each question, one difference a row: what vw_questions counts and pools. A difference is what the
    question asks about: beside England, beside an earlier period; above zero is higher, or wider. -#}
{% set life_expectancy = ref("vw_life_expectancy_lower_and_falling").include(database=false) %}
{% set inequalities = ref("vw_inequalities_wider_and_widening").include(database=false) %}
{% set through_the_pandemic = ref("vw_determinants_through_the_pandemic").include(database=false) %}
{#- Question, its difference and verdict, the words of the verdict for lower, higher and similar, and whose it is. -#}
{% set of_life_expectancy = [
    (
        "1a",
        "difference",
        "compared_with_england",
        ["lower", "higher", "similar"],
        "outcome_by",
        "'England'",
    ),
    (
        "1b",
        "baseline_change",
        "baseline_direction",
        ["falling", "rising", "no_significant_change"],
        "'ours'",
        "baseline_period",
    ),
    (
        "1c",
        "change",
        "direction",
        ["falling", "rising", "no_significant_change"],
        "'ours'",
        "earlier_period",
    ),
] %}
{% set of_inequality = [
    (
        "2a",
        "difference",
        "compared_with_england",
        ["narrower", "wider", "similar"],
        "'ours'",
        "'England'",
    ),
    (
        "2b",
        "growth",
        "direction",
        ["narrowing", "widening", "no_significant_change"],
        "'ours'",
        "since_period",
    ),
] %}

with
    life_expectancy as ({{ asked_of(life_expectancy, of_life_expectancy) }}),

    inequality as (
        select
            *,
            growth - (change_uci_95 - change_lci_95) / 2 as growth_lci_95,
            growth + (change_uci_95 - change_lci_95) / 2 as growth_uci_95,
            -- Two rankings by deprivation of one and the same gap are one point.
            row_number() over (
                partition by question_no, indicator_code, area_code, sex, age, measure, inequality_by
                order by group_a, group_b
            ) as place
        from ({{ asked_of(inequalities, of_inequality) }}) as asked
        -- The slope over our councils has no counterpart in England.
        where question_no <> '2a' or measure <> 'council_slope'
    ),

    point as (
        select
            question_no,
            indicator_code,
            area_code,
            sex,
            cast(null as string) as age,
            cast(null as string) as measure,
            cast(null as string) as inequality_by,
            period,
            {{ by_question(of_life_expectancy, 5) }} as beside,
            value,
            {{ by_question(of_life_expectancy, 1) }} as difference,
            case
                question_no
                when '1a'
                then difference_lci_95
                when '1b'
                then baseline_change_lci_95
                else change_lci_95
            end as lci_95,
            case
                question_no
                when '1a'
                then difference_uci_95
                when '1b'
                then baseline_change_uci_95
                else change_uci_95
            end as uci_95,
            {{ side_by_question(of_life_expectancy) }} as verdict,
            {{ by_question(of_life_expectancy, 4) }} as verdict_by,
            case
                when value is null
                then 'no figure'
                when derived_by = 'approximate_pool'
                then 'an approximate figure, which is not compared'
                when question_no = '1a'
                then 'no figure of England'
                when question_no = '1b'
                then 'no figure before the pandemic'
                else 'no earlier period that shares no year'
            end as reason,
            cast(null as string) as caution
        from life_expectancy

        union all
        select
            question_no,
            indicator_code,
            area_code,
            sex,
            age,
            measure,
            inequality_by,
            period,
            {{ by_question(of_inequality, 5) }} as beside,
            value,
            {{ by_question(of_inequality, 1) }} as difference,
            case question_no when '2a' then difference_lci_95 else growth_lci_95 end as lci_95,
            case question_no when '2a' then difference_uci_95 else growth_uci_95 end as uci_95,
            {{ side_by_question(of_inequality) }} as verdict,
            {{ by_question(of_inequality, 4) }} as verdict_by,
            case
                question_no
                when '2a'
                then 'no such gap of England in the period'
                else 'no comparable earlier period'
            end as reason,
            case
                when question_no = '2b' and value * (value - change) < 0
                then
                    'In one area or more the group that was ahead is behind now: only the sizes of the gap are compared.'
                when question_no = '2a' and value * england_value < 0
                then
                    'In one area or more the group that is ahead in England is behind: only the sizes of the gap are compared.'
            end as caution
        from inequality
        where place = 1

        union all
        select
            '3' as question_no,
            indicator_code,
            area_code,
            cast(null as string) as sex,
            cast(null as string) as age,
            cast(null as string) as measure,
            cast(null as string) as inequality_by,
            after_period as period,
            before_period as beside,
            after_value as value,
            change as difference,
            change_lci_95 as lci_95,
            change_uci_95 as uci_95,
            case
                -- What was recorded otherwise may differ by that alone.
                when caution is not null
                then null
                when outcome_statistical in ('lower', 'similar', 'higher')
                then outcome_statistical
            end as verdict,
            'ours' as verdict_by,
            case
                reason
                when 'no_figure_before'
                then 'no figure before the pandemic'
                when 'no_figure_after'
                then 'no figure after the pandemic'
                when 'series_break'
                then 'a break in the series'
                when 'approximate_figures'
                then 'an approximate figure, which is not compared'
                when 'no_comparable_period'
                then 'no two periods that can be compared'
            end as reason,
            caution
        from {{ through_the_pandemic }}
    ),

    worded as (
        select
            *,
            concat_ws(
                ', ',
                case
                    measure
                    when 'council_slope'
                    then 'slope over the councils by deprivation'
                    when 'slope_index'
                    then 'slope over neighbourhoods by deprivation'
                    when 'published_slope_index'
                    then 'slope as published'
                    when 'absolute_gap'
                    then
                        case
                            inequality_by
                            when 'free_school_meals'
                            then 'gap by free school meals'
                            else 'gap by disadvantage'
                        end
                end,
                case sex when 'Female' then 'females' when 'Male' then 'males' end
            ) as of_whom
        from point
    )

select
    worded.question_no,
    case
        when indicator.is_proxy
        then 'proxy'
        when indicator.beacon_no is not null
        then 'beacon'
        else 'supporting'
    end as kind,
    concat_ws(
        ', ',
        indicator.short_name,
        nullif(worded.of_whom, ''),
        case when indicator.headline_age is null then worded.age end
    ) as outcome,
    worded.indicator_code,
    coalesce(worded.sex, indicator.headline_sex) as sex,
    worded.measure,
    worded.inequality_by,
    indicator.unit,
    indicator.polarity,
    worded.area_code,
    area.area_name,
    area.area_type,
    worded.period,
    worded.beside,
    worded.value,
    -- Without the last bits, which would make a difference of equal figures something.
    round(worded.difference, 9) as difference,
    worded.lci_95,
    worded.uci_95,
    worded.verdict,
    case when worded.verdict is not null then worded.verdict_by end as verdict_by,
    case when worded.difference is null then worded.reason end as reason,
    worded.caution
from worded
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on worded.indicator_code = indicator.indicator_code
inner join
    {{ ref("dim_area").include(database=false) }} as area
    on worded.area_code = area.area_code
    -- England, too, of what changed: a rise that England has as well is no rise of these councils.
    and (
        area.in_cheshire_merseyside
        or (area.area_code = 'E92000001' and worded.question_no not in ('1a', '2a'))
    )
where worded.age is null or worded.age = coalesce(indicator.headline_age, worded.age)
