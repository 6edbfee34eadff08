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

{#- Our column, and the view's of the first period after the pandemic and of the newest one. -#}
{% set of_determinants = [
    ("period", "after_period", "newest_period"),
    ("value", "after_value", "newest_value"),
    ("difference", "change", "newest_change"),
    ("lci_95", "change_lci_95", "newest_change_lci_95"),
    ("uci_95", "change_uci_95", "newest_change_uci_95"),
    ("verdict", "outcome_statistical", "newest_outcome_statistical"),
    ("reason", "reason", "newest_reason"),
    ("caution", "caution", "newest_caution"),
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
            ) as place,
            -- Who is ahead differs: neither is wider.
            coalesce(
                case question_no when '2a' then value * england_value < 0 else has_turned end, false
            ) as has_other_side
        from ({{ asked_of(inequalities, of_inequality) }}) as asked
        -- The slope over our councils has no counterpart in England.
        where question_no <> '2a' or measure <> 'council_slope'
    ),

    {#- Of the first period after the pandemic, and of the newest one where it is another. -#}
    determinant as (
        select
            question.question_no,
            answer.indicator_code,
            answer.area_code,
            answer.before_period,
            answer.before_value,
            question.question_no = '3'
            or coalesce(answer.newest_period <> answer.after_period, true) as is_told,
            {% for column, first, newest in of_determinants %}
                case
                    question.question_no when '3' then answer.{{ first }} else answer.{{ newest }}
                end as {{ column }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from {{ through_the_pandemic }} as answer
        cross join
            (
                select '3' as question_no
                union all
                select '3b' as question_no
            ) as question
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
            case when question_no = '1c' then earlier_period_id end as beside_period_id,
            case
                question_no when '1a' then england_value when '1b' then baseline_value else earlier_value
            end as beside_value,
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
            cast(null as string) as caution,
            false as has_other_side,
            cast(null as double) as lowest_without_one,
            cast(null as string) as lowest_without,
            cast(null as double) as highest_without_one,
            cast(null as string) as highest_without
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
            case when question_no = '2b' then since_period_id end as beside_period_id,
            case question_no when '2a' then england_value else round(value - change, 9) end as beside_value,
            value,
            case when not has_other_side then {{ by_question(of_inequality, 1) }} end as difference,
            case
                when not has_other_side
                then case question_no when '2a' then difference_lci_95 else growth_lci_95 end
            end as lci_95,
            case
                when not has_other_side
                then case question_no when '2a' then difference_uci_95 else growth_uci_95 end
            end as uci_95,
            {{ side_by_question(of_inequality) }} as verdict,
            {{ by_question(of_inequality, 4) }} as verdict_by,
            case
                when question_no = '2a' and has_other_side
                then 'the group that is ahead in England is behind'
                when has_other_side
                then 'the group that was ahead is behind now'
                when question_no = '2a'
                then 'no such gap of England in the period'
                else 'no comparable earlier period'
            end as reason,
            case
                question_no when '2a' then caution else nullif(concat_ws(' ', change_caution, caution), '')
            end as caution,
            has_other_side,
            case when question_no = '2b' then lowest_without_one end as lowest_without_one,
            case when question_no = '2b' then lowest_without end as lowest_without,
            case when question_no = '2b' then highest_without_one end as highest_without_one,
            case when question_no = '2b' then highest_without end as highest_without
        from inequality
        where place = 1

        union all
        select
            question_no,
            indicator_code,
            area_code,
            cast(null as string) as sex,
            cast(null as string) as age,
            cast(null as string) as measure,
            cast(null as string) as inequality_by,
            period,
            before_period as beside,
            cast(null as string) as beside_period_id,
            before_value as beside_value,
            value,
            case when is_told then difference end as difference,
            case when is_told then lci_95 end as lci_95,
            case when is_told then uci_95 end as uci_95,
            case when is_told and verdict in ('lower', 'similar', 'higher') then verdict end as verdict,
            'ours' as verdict_by,
            case
                when reason = 'no_figure_before'
                then 'no figure before the pandemic'
                when reason = 'no_figure_after'
                then 'no figure after the pandemic'
                when not is_told
                then 'the newest figure is the first after the pandemic, see question 3'
                when reason = 'series_break'
                then 'a break in the series'
                when reason = 'approximate_figures'
                then 'an approximate figure, which is not compared'
                when reason = 'no_comparable_period'
                then 'no two periods that can be compared'
            end as reason,
            caution,
            false as has_other_side,
            cast(null as double) as lowest_without_one,
            cast(null as string) as lowest_without,
            cast(null as double) as highest_without_one,
            cast(null as string) as highest_without
        from determinant
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
    {{ kind_of("indicator") }} as kind,
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
    worded.beside_value,
    -- Without the last bits, which would make a difference of equal figures something.
    round(worded.difference, 9) as difference,
    worded.lci_95,
    worded.uci_95,
    worded.verdict,
    case when worded.verdict is not null then worded.verdict_by end as verdict_by,
    case when worded.difference is null then worded.reason end as reason,
    worded.caution,
    worded.has_other_side,
    indicator.chance_note is not null as has_no_chance,
    coalesce({{ touches_the_pandemic("beside_period") }}, false) as is_from_the_pandemic,
    worded.lowest_without_one,
    worded.lowest_without,
    worded.highest_without_one,
    worded.highest_without
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
left join
    {{ ref("dim_period").include(database=false) }} as beside_period
    on worded.beside_period_id = beside_period.period_id
where worded.age is null or worded.age = coalesce(indicator.headline_age, worded.age)
