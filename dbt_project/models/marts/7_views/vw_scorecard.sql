{{ config(materialized="view") }}
{#- Columns in the order of the contract: the nine councils, then Cheshire and Merseyside, North West, England. -#}
{% set areas = {
    "halton": "E06000006",
    "warrington": "E06000007",
    "cheshire_east": "E06000049",
    "cheshire_west_and_chester": "E06000050",
    "knowsley": "E08000011",
    "liverpool": "E08000012",
    "st_helens": "E08000013",
    "sefton": "E08000014",
    "wirral": "E08000015",
    "cheshire_and_merseyside": "E54000008",
    "north_west": "E12000002",
    "england": "E92000001",
} %}

with
    total as (
        select
            observation.indicator_code,
            observation.area_code,
            observation.period_id,
            observation.period_end,
            observation.value,
            dense_rank() over (
                partition by observation.indicator_code
                order by observation.period_end desc, observation.period_start desc
            ) as recency
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and {{ is_headline("observation", "indicator") }}
        where observation.value is not null
    ),

    newest as (select * from total where recency = 1),

    -- A newer period that came without a value for any area.
    blank as (
        select newer.indicator_code, max(newer.period_end) as period_end
        from {{ ref("fct_observation").include(database=false) }} as newer
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on newer.indicator_code = indicator.indicator_code
            and {{ is_headline("newer", "indicator") }}
        inner join {{ ref("dim_area").include(database=false) }} as area on newer.area_code = area.area_code
        where newer.value is null and area.is_answered
        group by newer.indicator_code
    ),

    reached as (select indicator_code, max(period_end) as period_end from newest group by indicator_code),

    state as (
        select indicator_code, concat_ws(': ', state, reason) as said, count(*) as n_areas
        from {{ ref("coverage").include(database=false) }}
        group by indicator_code, state, reason
    ),

    covered as (
        select indicator_code, {{ listed("concat_ws(' ', said, cast(n_areas as string))", "; ") }} as said
        from state
        group by indicator_code
    ),

    reason as (
        select comparison.indicator_code, comparison.reason, count(*) as n_areas
        from {{ ref("fct_comparison").include(database=false) }} as comparison
        inner join
            newest
            on comparison.indicator_code = newest.indicator_code
            and comparison.area_code = newest.area_code
            and comparison.period_id = newest.period_id
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on comparison.indicator_code = indicator.indicator_code
            and {{ is_headline("comparison", "indicator") }}
        inner join
            {{ ref("dim_area").include(database=false) }} as area on comparison.area_code = area.area_code
        where
            comparison.benchmark_area_code = 'E92000001'
            and comparison.reason is not null
            and area.is_answered
        group by comparison.indicator_code, comparison.reason
    ),

    not_compared as (
        select indicator_code, {{ listed("concat_ws(' ', reason, cast(n_areas as string))", "; ") }} as said
        from reason
        group by indicator_code
    )

select
    indicator.indicator_code,
    indicator.beacon_no,
    indicator.short_name as indicator_name,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.unit,
    indicator.polarity,
    indicator.headline_sex as sex,
    max(period.label) as period,
    {% for name, code in areas.items() -%}
        max(case when newest.area_code = '{{ code }}' then newest.value end) as {{ name }}
        {%- if not loop.last %},{% endif %}
    {% endfor %},
    max(covered.said) as coverage,
    max(
        case
            when reached.period_end is null then 0 when blank.period_end > reached.period_end then 0 else 1
        end
    )
    = 1 as is_newest_period,
    max(not_compared.said) as not_compared_reasons
from {{ ref("dim_indicator").include(database=false) }} as indicator
left join newest on indicator.indicator_code = newest.indicator_code
left join covered on indicator.indicator_code = covered.indicator_code
left join blank on indicator.indicator_code = blank.indicator_code
left join reached on indicator.indicator_code = reached.indicator_code
left join not_compared on indicator.indicator_code = not_compared.indicator_code
left join {{ ref("dim_period").include(database=false) }} as period on newest.period_id = period.period_id
group by
    indicator.indicator_code,
    indicator.beacon_no,
    indicator.short_name,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.unit,
    indicator.polarity,
    indicator.headline_sex
