{{ config(materialized="view") }}
with
    total as (
        select
            observation.*,
            row_number() over (
                partition by observation.indicator_code, observation.area_code, observation.sex
                order by
                    case when observation.value is null then 1 else 0 end,
                    observation.period_end desc,
                    observation.period_start desc,
                    observation.age
            ) as recency,
            row_number() over (
                partition by observation.indicator_code, observation.area_code, observation.sex
                order by observation.period_end desc, observation.period_start desc, observation.age
            ) as newest
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
        where
            observation.breakdown_type = 'Total'
            and observation.age = coalesce(indicator.headline_age, observation.age)
    ),

    newer as (
        select total.indicator_code, total.area_code, total.sex, total.period_id, period.label, total.status
        from total
        inner join
            {{ ref("dim_period").include(database=false) }} as period on total.period_id = period.period_id
        where total.newest = 1
    ),

    -- The newest period of the indicator for which any area that is answered for has a value.
    of_indicator as (
        select total.indicator_code, total.period_id, total.period_end
        from
            (
                select
                    total.indicator_code,
                    total.period_id,
                    total.period_end,
                    row_number() over (
                        partition by total.indicator_code
                        order by
                            total.period_end desc, total.period_start desc, total.period_id, total.area_code
                    ) as place
                from total
                inner join
                    {{ ref("dim_area").include(database=false) }} as area on total.area_code = area.area_code
                where area.is_answered and total.value is not null
            ) as total
        where total.place = 1
    )

select
    total.indicator_code,
    indicator.short_name as indicator_name,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.unit,
    indicator.polarity,
    indicator.decimals,
    total.area_code,
    area.area_name,
    total.sex,
    total.age,
    total.period_id,
    period.label as period,
    total.value,
    total.lci_95,
    total.uci_95,
    total.status,
    total.status_note,
    total.is_derived,
    newer.label as newest_period,
    newer.status as newest_period_status,
    -- A figure without a value is compared with nothing, and England's stands beside it all the same.
    case
        when total.area_code <> 'E92000001' then coalesce(comparison.benchmark_value, england.value)
    end as england_value,
    comparison.outcome_statistical,
    comparison.outcome_judged,
    comparison.publisher_outcome,
    trend.outcome as trend,
    trend.outcome_judged as trend_judged,
    total.vintage_id,
    -- A count grows with the size of the area.
    case when indicator.aggregation_rule <> 'sum' then comparison.difference end as difference_from_england,
    comparison.reason as not_compared_reason,
    total.value is not null and total.period_end >= of_indicator.period_end as is_newest_period,
    newest_period.label as indicator_newest_period,
    coverage.state as coverage_state,
    coverage.reason as coverage_reason
from total
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on total.indicator_code = indicator.indicator_code
inner join
    {{ ref("dim_area").include(database=false) }} as area
    on total.area_code = area.area_code
    -- Other councils and groups of neighbours are there to be compared with.
    and (area.is_answered or area.area_type = 'organisation')
inner join {{ ref("dim_period").include(database=false) }} as period on total.period_id = period.period_id
left join
    newer
    on total.indicator_code = newer.indicator_code
    and total.area_code = newer.area_code
    and total.sex = newer.sex
    and total.period_id <> newer.period_id
left join of_indicator on total.indicator_code = of_indicator.indicator_code
left join
    {{ ref("dim_period").include(database=false) }} as newest_period
    on of_indicator.period_id = newest_period.period_id
left join
    {{ ref("coverage").include(database=false) }} as coverage
    on total.indicator_code = coverage.indicator_code
    and total.area_code = coverage.area_code
left join
    {{ ref("fct_comparison").include(database=false) }} as comparison
    on total.indicator_code = comparison.indicator_code
    and total.area_code = comparison.area_code
    and total.period_id = comparison.period_id
    and total.sex = comparison.sex
    and total.age = comparison.age
    and comparison.breakdown_type = 'Total'
    and comparison.benchmark_area_code = 'E92000001'
left join
    total as england
    on england.area_code = 'E92000001'
    and total.indicator_code = england.indicator_code
    and total.period_id = england.period_id
    and total.sex = england.sex
    and total.age = england.age
left join
    {{ ref("fct_trend").include(database=false) }} as trend
    on total.indicator_code = trend.indicator_code
    and total.area_code = trend.area_code
    and total.sex = trend.sex
    and total.age = trend.age
    and trend.breakdown_type = 'Total'
where total.recency = 1
