{{ config(materialized="view") }}
{#- Everything that a reader needs beside a figure, without a join. A break is one that was declared for a day after the
    last period with a value and not after this one, or that the publisher says: empty periods between hide none. -#}
{% set benchmarks = {
    "england_value": "E92000001",
    "north_west_value": "E12000002",
    "subregion_value": "E54000008",
} %}
{% set same = observation_key_columns() | reject("equalto", "area_code") | list %}

with
    figure as (select * from {{ ref("fct_observation").include(database=false) }}),

    beside as (
        select
            {% for column in same %} {{ column }}, {% endfor %}
            {% for name, code in benchmarks.items() %}
                max(case when area_code = '{{ code }}' then value end) as {{ name }}{{ "," if not loop.last }}
            {% endfor %}
        from figure
        where
            area_code
            in ({% for code in benchmarks.values() %}'{{ code }}'{{ "," if not loop.last }}{% endfor %})
        group by {{ same | join(", ") }}
    ),

    declared as ({{ declared_breaks("figure", ref("dim_series_break").include(database=false)) }}),

    placed as (
        select
            figure.*,
            coalesce(declared.n_breaks, 0) as n_breaks,
            lag(coalesce(declared.n_breaks, 0)) over in_order as n_breaks_before,
            max(case when figure.value is not null then figure.period_end end) over whole_series as newest_end
        from figure
        left join
            declared
            on figure.indicator_code = declared.indicator_code
            and figure.period_end = declared.period_end
        window
            whole_series as (
                partition by
                    {% for column in series_columns() %}
                        figure.{{ column }}{{ "," if not loop.last }}
                    {% endfor %}
            ),
            in_order as (
                partition by
                    {% for column in series_columns() %}
                        figure.{{ column }}{{ "," if not loop.last }}
                    {% endfor %},
                    case when figure.value is null then 0 else 1 end
                order by figure.period_end, figure.period_start
            )
    ),

    word as (select * from {{ ref("dim_code").include(database=false) }})

select
    placed.observation_key,
    placed.indicator_code,
    indicator.name as indicator_name,
    indicator.short_name,
    indicator.beacon_no,
    indicator.principle,
    indicator.is_proxy,
    indicator.proxy_for,
    coalesce(unit_word.words, indicator.unit) as unit,
    indicator.polarity,
    indicator.decimals,
    placed.area_code,
    area.area_name,
    area.area_type,
    area.is_answered,
    placed.period_id,
    period.label as period_label,
    placed.period_start,
    placed.period_end,
    period.sort_order,
    placed.sex,
    placed.age,
    placed.breakdown_type,
    placed.breakdown_value,
    placed.is_headline,
    placed.value is not null and placed.period_end = placed.newest_end as is_newest,
    placed.value,
    placed.lci_95,
    placed.uci_95,
    placed.numerator,
    placed.denominator,
    placed.status,
    status_word.words as status_in_words,
    placed.status_note,
    placed.is_derived,
    placed.derived_by,
    beside.england_value,
    beside.north_west_value,
    beside.subregion_value,
    -- A count grows with the size of the area.
    case when indicator.aggregation_rule <> 'sum' then comparison.difference end as difference_from_england,
    comparison.outcome_statistical,
    comparison.outcome_judged,
    comparison.reason as not_compared_reason,
    reason_word.words as not_compared_in_words,
    trend.outcome as trend,
    trend.outcome_judged as trend_judged,
    placed.value is not null
    and (
        placed.status = 'break' or coalesce(placed.n_breaks > placed.n_breaks_before, false)
    ) as break_before,
    concat_ws(', ', indicator.publisher, indicator.licence) as source,
    placed.indicator_key,
    placed.area_key,
    placed.period_key,
    placed.vintage_id
from placed
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on placed.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area").include(database=false) }} as area on placed.area_code = area.area_code
inner join {{ ref("dim_period").include(database=false) }} as period on placed.period_id = period.period_id
left join word as status_word on status_word.code_type = 'status' and placed.status = status_word.code
left join word as unit_word on unit_word.code_type = 'unit' and indicator.unit = unit_word.code
left join beside on {{ same_in_both(same, "placed", "beside") }}
left join
    {{ ref("fct_comparison").include(database=false) }} as comparison
    on placed.observation_key = comparison.observation_key
    and comparison.benchmark_area_code = 'E92000001'
left join word as reason_word on reason_word.code_type = 'reason' and comparison.reason = reason_word.code
left join
    {{ ref("fct_trend").include(database=false) }} as trend on placed.observation_key = trend.observation_key
