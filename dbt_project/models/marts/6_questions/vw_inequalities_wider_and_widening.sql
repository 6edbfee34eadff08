{{ config(materialized="view") }}
{#- Are inequalities in Cheshire and Merseyside wider than elsewhere, and widening? Inequality is by deprivation, free school
    meals and disadvantage: gaps and slopes of fct_inequality, and slopes that are published as indicators of their own.
    Girls ahead of boys is a gap and no answer to this question; two councils by name are no measure of nine. Wider and
    narrower are of the size of the gap, whichever group is ahead. Amounts are left out: pay is in the money of its year.
    A slope over the councils is never called beyond chance: its limits hold the sampling error of the councils' figures,
    and not how far nine councils lie from a line. -#}
with
    by_words as (
        select
            *,
            case
                when measure in ('slope_index', 'council_slope')
                then 'deprivation'
                when group_a = 'Disadvantaged'
                then 'disadvantage'
                when group_a = 'Eligible for free school meals'
                then 'free_school_meals'
            end as inequality_by,
            -- Two editions make two slopes over councils of one and the same figures: the newest stands for
            -- both. Pupils who are not eligible stand for those who are not known to be, where both are
            -- there.
            case
                when measure = 'council_slope'
                then
                    dense_rank() over (
                        partition by indicator_code, area_code, measure order by quantile_edition desc
                    )
                when group_a = 'Eligible for free school meals'
                then
                    dense_rank() over (
                        partition by indicator_code, area_code, measure, group_a order by group_b
                    )
                else 1
            end as place
        from {{ ref("fct_inequality").include(database=false) }}
        where measure in ('absolute_gap', 'slope_index', 'council_slope') and value is not null
    ),

    {#- Of a change of a slope: the councils without which it would be least and most. -#}
    influence as (
        select
            influence.*,
            area.area_name as left_out_name,
            row_number() over (
                partition by
                    influence.indicator_code,
                    influence.area_code,
                    influence.period_id,
                    influence.sex,
                    influence.age,
                    influence.quantile_edition
                order by influence.change_without, influence.left_out_area_code
            ) as from_lowest,
            row_number() over (
                partition by
                    influence.indicator_code,
                    influence.area_code,
                    influence.period_id,
                    influence.sex,
                    influence.age,
                    influence.quantile_edition
                order by influence.change_without desc, influence.left_out_area_code
            ) as from_highest
        from {{ ref("fct_slope_influence").include(database=false) }} as influence
        inner join
            {{ ref("dim_area").include(database=false) }} as area
            on influence.left_out_area_code = area.area_code
    ),

    without_one as (
        select
            indicator_code,
            area_code,
            period_id,
            sex,
            age,
            quantile_edition,
            min(change_without) as lowest_without_one,
            max(case when from_lowest = 1 then left_out_name end) as lowest_without,
            max(change_without) as highest_without_one,
            max(case when from_highest = 1 then left_out_name end) as highest_without
        from influence
        group by indicator_code, area_code, period_id, sex, age, quantile_edition
    ),

    measured as (
        select
            indicator_code,
            area_code,
            period_id,
            sex,
            age,
            measure,
            group_a,
            group_b,
            inequality_by,
            quantile_edition,
            value,
            lci_95,
            uci_95
        from by_words
        where inequality_by is not null and place = 1
        union all
        select
            observation.indicator_code,
            observation.area_code,
            observation.period_id,
            observation.sex,
            observation.age,
            'published_slope_index' as measure,
            'most deprived' as group_a,
            'least deprived' as group_b,
            'deprivation' as inequality_by,
            cast(null as string) as quantile_edition,
            observation.value,
            observation.lci_95,
            observation.uci_95
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and indicator.value_type = 'slope_index'
        where observation.breakdown_type = 'Total' and observation.value is not null
    ),

    {#- All persons and each sex of one gap are one piece of evidence: all persons, where they are published. -#}
    persons as (
        select distinct indicator_code, area_code, age, measure, group_a, group_b
        from measured
        where sex = 'Persons'
    ),

    counted_once as (
        select measured.*
        from measured
        left join
            persons
            on measured.indicator_code = persons.indicator_code
            and measured.area_code = persons.area_code
            and measured.age = persons.age
            and measured.measure = persons.measure
            and measured.group_a = persons.group_a
            and measured.group_b = persons.group_b
        where measured.sex = 'Persons' or persons.indicator_code is null
    ),

    dated as (
        select measured.*, period.label as period, period.period_start, period.period_end
        from counted_once as measured
        inner join
            {{ ref("dim_period").include(database=false) }} as period on measured.period_id = period.period_id
        inner join
            {{ ref("dim_area").include(database=false) }} as area
            on measured.area_code = area.area_code
            and area.is_answered
    ),

    recent as (
        select
            *,
            row_number() over (
                partition by indicator_code, area_code, sex, age, measure, group_a, group_b
                order by period_end desc, period_start desc
            ) as recency
        from dated
    ),

    latest as (select * from recent where recency = 1),

    -- Of published slopes the change is worked out here; of ours fct_inequality has it.
    before as (
        select
            earlier.*,
            row_number() over (
                partition by earlier.indicator_code, earlier.area_code, earlier.sex, earlier.age
                order by earlier.period_end, earlier.period_start
            ) as precedence
        from dated as earlier
        inner join
            latest
            on earlier.indicator_code = latest.indicator_code
            and earlier.area_code = latest.area_code
            and earlier.sex = latest.sex
            and earlier.age = latest.age
            and earlier.measure = latest.measure
            and earlier.period_end < latest.period_start
        where earlier.measure = 'published_slope_index'
    ),

    earliest as (select * from before where precedence = 1),

    told as (
        select
            indicator_code,
            area_code,
            period_id,
            sex,
            age,
            replace(measure, '_change', '') as measure,
            group_a,
            group_b,
            value,
            lci_95,
            uci_95,
            since_period_id,
            outcome
        from {{ ref("fct_inequality").include(database=false) }}
        where measure in ('absolute_gap_change', 'slope_index_change', 'council_slope_change')
    ),

    beside as (
        select
            latest.indicator_code,
            latest.area_code,
            latest.sex,
            latest.age,
            latest.measure,
            latest.group_a,
            latest.group_b,
            latest.inequality_by,
            latest.period_id,
            latest.period_start,
            latest.quantile_edition,
            latest.period,
            latest.value,
            latest.lci_95,
            latest.uci_95,
            england.value as england_value,
            abs(latest.value) - abs(england.value) as difference,
            case
                when latest.value * england.value < 0
                then null
                when england.value < 0
                then - {{ difference_limit("latest", "england", "+") }}
                else {{ difference_limit("latest", "england", "-") }}
            end as difference_lci_95,
            case
                when latest.value * england.value < 0
                then null
                when england.value < 0
                then - {{ difference_limit("latest", "england", "-") }}
                else {{ difference_limit("latest", "england", "+") }}
            end as difference_uci_95,
            coalesce(earliest.period_id, told.since_period_id) as since_period_id,
            case
                when earliest.period_id is not null then latest.value - earliest.value else told.value
            end as change,
            case
                when earliest.period_id is not null
                then {{ difference_limit("latest", "earliest", "-") }}
                else told.lci_95
            end as change_lci_95,
            case
                when earliest.period_id is not null
                then {{ difference_limit("latest", "earliest", "+") }}
                else told.uci_95
            end as change_uci_95,
            earliest.period_id is not null as is_published_slope,
            earliest.value as earliest_value,
            told.outcome as told_outcome
        from latest
        left join
            dated as england
            on latest.indicator_code = england.indicator_code
            and england.area_code = 'E92000001'
            and latest.area_code <> 'E92000001'
            and latest.period_id = england.period_id
            and latest.sex = england.sex
            and latest.age = england.age
            and latest.measure = england.measure
            and latest.group_a = england.group_a
            and latest.group_b = england.group_b
        left join
            earliest
            on latest.indicator_code = earliest.indicator_code
            and latest.area_code = earliest.area_code
            and latest.sex = earliest.sex
            and latest.age = earliest.age
            and latest.measure = earliest.measure
        left join
            told
            on latest.indicator_code = told.indicator_code
            and latest.area_code = told.area_code
            and latest.period_id = told.period_id
            and latest.sex = told.sex
            and latest.age = told.age
            and latest.measure = told.measure
            and latest.group_a = told.group_a
            and latest.group_b = told.group_b
    ),

    {#- What a reader of both periods must know: how it was recorded changed in between. -#}
    cautioned as (
        select
            beside.indicator_code,
            beside.area_code,
            beside.sex,
            beside.age,
            beside.measure,
            beside.group_a,
            beside.group_b,
            max(noted.note) as note
        from beside
        inner join
            {{ ref("dim_period").include(database=false) }} as since
            on beside.since_period_id = since.period_id
        inner join
            {{ ref("dim_series_break").include(database=false) }} as noted
            on beside.indicator_code = noted.indicator_code
            and not noted.is_break
            and noted.first_day > since.period_start
            and noted.first_day <= beside.period_start
        group by
            beside.indicator_code,
            beside.area_code,
            beside.sex,
            beside.age,
            beside.measure,
            beside.group_a,
            beside.group_b
    ),

    judged as (
        select
            beside.*,
            indicator.short_name as indicator_name,
            indicator.unit,
            area.area_name,
            since.label as since_period,
            -- Without the last bits, which would make an equal size something.
            round(abs(beside.value) - abs(beside.value - beside.change), 9) as growth,
            beside.value * (beside.value - beside.change) < 0 as has_turned,
            without_one.lowest_without_one,
            without_one.lowest_without,
            without_one.highest_without_one,
            without_one.highest_without,
            case
                when beside.measure = 'council_slope' and beside.change_lci_95 is not null
                then
                    coalesce(
                        indicator.chance_note,
                        'Limits of a slope hold the sampling error of the figures, and not how far the councils lie from a line: no slope is called beyond chance.'
                    )
                else indicator.chance_note
            end as caution,
            cautioned.note as change_caution
        from beside
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on beside.indicator_code = indicator.indicator_code
            and indicator.value_type <> 'amount'
            and not coalesce(indicator.is_context, false)
        inner join {{ ref("dim_area").include(database=false) }} as area on beside.area_code = area.area_code
        left join
            {{ ref("dim_period").include(database=false) }} as since
            on beside.since_period_id = since.period_id
        left join
            cautioned
            on beside.indicator_code = cautioned.indicator_code
            and beside.area_code = cautioned.area_code
            and beside.sex = cautioned.sex
            and beside.age = cautioned.age
            and beside.measure = cautioned.measure
            and beside.group_a = cautioned.group_a
            and beside.group_b = cautioned.group_b
        left join
            without_one
            on beside.indicator_code = without_one.indicator_code
            and beside.area_code = without_one.area_code
            and beside.period_id = without_one.period_id
            and beside.sex = without_one.sex
            and beside.age = without_one.age
            and beside.quantile_edition = without_one.quantile_edition
    )

select
    judged.indicator_code,
    judged.indicator_name,
    judged.area_code,
    judged.area_name,
    judged.sex,
    judged.age,
    judged.measure,
    judged.group_a,
    judged.group_b,
    judged.inequality_by,
    judged.unit,
    judged.period,
    judged.value,
    judged.lci_95,
    judged.uci_95,
    judged.england_value,
    judged.difference,
    judged.difference_lci_95,
    judged.difference_uci_95,
    case
        when judged.area_code = 'E92000001'
        then null
        when judged.caution is not null
        then 'not_known'
        else
            case
                {{ difference_outcome("judged.difference_lci_95", "judged.difference_uci_95") }}
                when 'higher'
                then 'wider'
                when 'lower'
                then 'narrower'
                when 'similar'
                then 'similar'
                else 'not_known'
            end
    end as compared_with_england,
    judged.since_period,
    judged.since_period_id,
    judged.change,
    judged.change_lci_95,
    judged.change_uci_95,
    judged.growth,
    case
        when
            judged.measure = 'council_slope'
            or judged.caution is not null
            or judged.change_caution is not null
            or judged.has_turned
        then 'not_known'
        when not judged.is_published_slope
        then coalesce(judged.told_outcome, 'not_known')
        when judged.change_lci_95 is null
        then 'not_known'
        when judged.change_lci_95 <= 0 and judged.change_uci_95 >= 0
        then 'no_significant_change'
        when (judged.change > 0) = (judged.earliest_value >= 0)
        then 'widening'
        else 'narrowing'
    end as direction,
    judged.has_turned,
    judged.lowest_without_one,
    judged.lowest_without,
    judged.highest_without_one,
    judged.highest_without,
    judged.caution,
    judged.change_caution
from judged
