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
            observation.value,
            dense_rank() over (
                partition by observation.indicator_code
                order by observation.period_end desc, observation.period_start desc
            ) as recency
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and observation.sex = indicator.headline_sex
            and observation.age = coalesce(indicator.headline_age, observation.age)
        where observation.breakdown_type = 'Total' and observation.value is not null
    ),

    newest as (select * from total where recency = 1)

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
    {% endfor %}
from {{ ref("dim_indicator").include(database=false) }} as indicator
left join newest on indicator.indicator_code = newest.indicator_code
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
