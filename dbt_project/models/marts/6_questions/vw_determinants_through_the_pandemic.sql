{{ config(materialized="view") }}
{#- Did the social determinants get worse through the pandemic? Before is the newest period that ended before March 2020
    and not before 2017; after is the first one that began in April 2021 or later. -#}
with
    total as (
        select observation.*
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and observation.sex = indicator.headline_sex
            and observation.age = coalesce(indicator.headline_age, observation.age)
            -- Counts follow the size of the population, and pay follows prices.
            and indicator.value_type not in ('life_expectancy', 'slope_index', 'amount')
            and indicator.frequency not in ('weekly', 'daily')
        inner join
            {{ ref("dim_area").include(database=false) }} as area
            on observation.area_code = area.area_code
            and area.is_answered
        where observation.breakdown_type = 'Total' and observation.value is not null
    ),

    before_any as (
        select
            *,
            row_number() over (
                partition by indicator_code, area_code order by period_end desc, period_start desc, age
            ) as recency
        from total
        where period_end < date '2020-03-01' and period_end >= date '2017-01-01'
    ),

    after_any as (
        select
            *,
            row_number() over (
                partition by indicator_code, area_code order by period_start, period_end, age
            ) as recency
        from total
        where period_start >= date '2021-04-01'
    ),

    before as (select * from before_any where recency = 1),

    after as (select * from after_any where recency = 1),

    pair as (select indicator_code, area_code from total group by indicator_code, area_code),

    broken as (
        select pair.indicator_code, pair.area_code
        from pair
        inner join before on pair.indicator_code = before.indicator_code and pair.area_code = before.area_code
        inner join after on pair.indicator_code = after.indicator_code and pair.area_code = after.area_code
        inner join
            {{ ref("dim_vintage").include(database=false) }} as before_vintage
            on before.vintage_id = before_vintage.vintage_id
        inner join
            {{ ref("dim_vintage").include(database=false) }} as after_vintage
            on after.vintage_id = after_vintage.vintage_id
        inner join
            {{ ref("dim_series_break").include(database=false) }} as break
            on pair.indicator_code = break.indicator_code
            and break.is_break
            and (
                (break.first_day > before.period_start and break.first_day <= after.period_start)
                or (
                    coalesce(
                        before_vintage.published_at,
                        cast(before_vintage.origin_date as timestamp),
                        before_vintage.retrieved_at
                    )
                    < break.published_from
                    and coalesce(
                        after_vintage.published_at,
                        cast(after_vintage.origin_date as timestamp),
                        after_vintage.retrieved_at
                    )
                    >= break.published_from
                )
            )
        union
        select after.indicator_code, after.area_code
        from after
        inner join total on after.indicator_code = total.indicator_code and after.area_code = total.area_code
        inner join
            before on after.indicator_code = before.indicator_code and after.area_code = before.area_code
        where
            total.status = 'break'
            and total.period_start > before.period_start
            and total.period_start <= after.period_start
    ),

    {#- Periods of the same kind, length and season, as fct_inequality has it. -#}
    comparable as (
        select before.indicator_code, before.area_code
        from before
        inner join
            after on before.indicator_code = after.indicator_code and before.area_code = after.area_code
        inner join
            {{ ref("dim_period").include(database=false) }} as period_before
            on before.period_id = period_before.period_id
        inner join
            {{ ref("dim_period").include(database=false) }} as period_after
            on after.period_id = period_after.period_id
            and period_before.period_type = period_after.period_type
            and abs(period_before.n_years - period_after.n_years) < 0.01
        where
            period_after.n_years >= 1
            or extract(month from before.period_start) = extract(month from after.period_start)
    ),

    {#- What a reader of both must know. -#}
    cautioned as (
        select after.indicator_code, after.area_code, max(caution.note) as caution
        from after
        inner join
            before on after.indicator_code = before.indicator_code and after.area_code = before.area_code
        inner join
            {{ ref("dim_series_break").include(database=false) }} as caution
            on after.indicator_code = caution.indicator_code
            and not caution.is_break
            and caution.first_day > before.period_start
            and caution.first_day <= after.period_start
        group by after.indicator_code, after.area_code
    ),

    measured as (
        select
            pair.indicator_code,
            pair.area_code,
            before.period_id as before_period_id,
            before.value as before_value,
            after.period_id as after_period_id,
            after.value as after_value,
            broken.indicator_code is not null as is_broken,
            comparable.indicator_code is null as is_other_period,
            cautioned.caution,
            'approximate_pool'
            in (coalesce(before.derived_by, ''), coalesce(after.derived_by, '')) as is_approximate,
            case
                when
                    broken.indicator_code is null
                    and comparable.indicator_code is not null
                    and 'approximate_pool'
                    not in (coalesce(before.derived_by, ''), coalesce(after.derived_by, ''))
                then after.value - before.value
            end as change,
            case
                when
                    broken.indicator_code is null
                    and comparable.indicator_code is not null
                    and 'approximate_pool'
                    not in (coalesce(before.derived_by, ''), coalesce(after.derived_by, ''))
                then {{ difference_limit("after", "before", "-") }}
            end as change_lci_95,
            case
                when
                    broken.indicator_code is null
                    and comparable.indicator_code is not null
                    and 'approximate_pool'
                    not in (coalesce(before.derived_by, ''), coalesce(after.derived_by, ''))
                then {{ difference_limit("after", "before", "+") }}
            end as change_uci_95
        from pair
        left join before on pair.indicator_code = before.indicator_code and pair.area_code = before.area_code
        left join after on pair.indicator_code = after.indicator_code and pair.area_code = after.area_code
        left join broken on pair.indicator_code = broken.indicator_code and pair.area_code = broken.area_code
        left join
            comparable
            on pair.indicator_code = comparable.indicator_code
            and pair.area_code = comparable.area_code
        left join
            cautioned
            on pair.indicator_code = cautioned.indicator_code
            and pair.area_code = cautioned.area_code
    ),

    judged as (
        select *, {{ difference_outcome("change_lci_95", "change_uci_95") }} as outcome_statistical
        from measured
    )

select
    judged.indicator_code,
    indicator.short_name as indicator_name,
    indicator.principle_no,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.unit,
    indicator.polarity,
    judged.area_code,
    area.area_name,
    before_period.label as before_period,
    judged.before_value,
    after_period.label as after_period,
    judged.after_value,
    judged.change,
    judged.change_lci_95,
    judged.change_uci_95,
    -- Of the two points: administrative counts have no interval and still have a direction.
    case
        when judged.change > 0
        then 'higher'
        when judged.change < 0
        then 'lower'
        when judged.change = 0
        then 'equal'
    end as direction,
    judged.outcome_statistical,
    case
        when judged.outcome_statistical = 'not_known'
        then 'not_known'
        when judged.outcome_statistical = 'similar'
        then 'no_significant_change'
        when indicator.polarity = 'none'
        then null
        when (judged.outcome_statistical = 'higher') = (indicator.polarity = 'higher_is_better')
        then 'better'
        else 'worse'
    end as answer,
    case
        when judged.before_value is null
        then 'no_figure_before'
        when judged.after_value is null
        then 'no_figure_after'
        when judged.is_broken
        then 'series_break'
        when judged.is_other_period
        then 'no_comparable_period'
        -- Of two approximate pools nobody knows how good their difference is.
        when judged.is_approximate
        then 'approximate_figures'
        when judged.change_lci_95 is null
        then 'no_interval'
    end as reason,
    judged.caution
from judged
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on judged.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area").include(database=false) }} as area on judged.area_code = area.area_code
left join
    {{ ref("dim_period").include(database=false) }} as before_period
    on judged.before_period_id = before_period.period_id
left join
    {{ ref("dim_period").include(database=false) }} as after_period
    on judged.after_period_id = after_period.period_id
