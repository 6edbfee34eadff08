{{ config(materialized="view") }}
{#- The change of a year for figures that come each quarter. Two quarter ends of a stock are no trend. -#}
with
    total as (
        select observation.*, indicator.short_name, indicator.unit, indicator.polarity, indicator.decimals
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and {{ is_headline("observation", "indicator") }}
        where indicator.frequency = 'quarterly'
    ),

    changed as (
        select
            total.*,
            before.period_id as year_before_id,
            before.value as value_year_before,
            round(total.value - before.value, 9) as change
        from total
        left join
            total as before
            on total.indicator_code = before.indicator_code
            and total.area_code = before.area_code
            and total.age = before.age
            and before.period_start = cast(total.period_start - interval 12 month as date)
            and before.period_end = cast(total.period_end - interval 12 month as date)
    )

select
    changed.indicator_code,
    changed.short_name as indicator_name,
    changed.unit,
    changed.polarity,
    changed.decimals,
    changed.area_code,
    area.area_name,
    changed.age,
    changed.period_id,
    period.label as period,
    changed.value,
    changed.lci_95,
    changed.uci_95,
    changed.status,
    changed.status_note,
    year_before.label as period_year_before,
    changed.value_year_before,
    changed.change,
    round(100 * changed.change / nullif(changed.value_year_before, 0), 1) as change_per_cent,
    case
        when changed.change > 0
        then 'rose'
        when changed.change < 0
        then 'fell'
        when changed.change = 0
        then 'same'
    end as direction,
    case when changed.area_code <> 'E92000001' then england.change end as england_change,
    case when changed.area_code <> 'E92000001' then rest.change end as rest_of_england_change,
    changed.vintage_id
from changed
inner join
    {{ ref("dim_area").include(database=false) }} as area
    on changed.area_code = area.area_code
    and area.is_answered
inner join {{ ref("dim_period").include(database=false) }} as period on changed.period_id = period.period_id
left join
    {{ ref("dim_period").include(database=false) }} as year_before
    on changed.year_before_id = year_before.period_id
left join
    changed as england
    on england.area_code = 'E92000001'
    and changed.indicator_code = england.indicator_code
    and changed.period_id = england.period_id
    and changed.age = england.age
left join
    changed as rest
    on rest.area_code = {{ rest_of_england() }}
    and changed.indicator_code = rest.indicator_code
    and changed.period_id = rest.period_id
    and changed.age = rest.age
