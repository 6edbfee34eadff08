{{ config(materialized="view") }}
{#- Is life expectancy in Cheshire and Merseyside below England's, and falling? -#}
with
    total as (
        select observation.*
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and indicator.value_type = 'life_expectancy'
            and observation.age = coalesce(indicator.headline_age, observation.age)
        inner join
            {{ ref("dim_area").include(database=false) }} as area
            on observation.area_code = area.area_code
            and area.is_answered
        where observation.breakdown_type = 'Total' and observation.value is not null
    ),

    {#- Also where there is no figure, which is an answer, too. -#}
    asked as (
        select indicator.indicator_code, area.area_code, sex.sex
        from {{ ref("dim_indicator").include(database=false) }} as indicator
        cross join {{ ref("dim_area").include(database=false) }} as area
        cross join
            (
                select 'Female' as sex
                union all
                select 'Male' as sex
            ) as sex
        where indicator.value_type = 'life_expectancy' and area.is_answered
    ),

    recent as (
        select
            *,
            row_number() over (
                partition by indicator_code, area_code, sex order by period_end desc, period_start desc, age
            ) as recency
        from total
    ),

    latest as (select * from recent where recency = 1),

    {#- Earlier periods of the same length that share no year: others are not independent. -#}
    before as (
        select earlier.*
        from total as earlier
        inner join
            latest
            on earlier.indicator_code = latest.indicator_code
            and earlier.area_code = latest.area_code
            and earlier.sex = latest.sex
            and earlier.age = latest.age
            and earlier.period_end < latest.period_start
            -- Of two approximate pools nobody knows how good their difference is.
            and 'approximate_pool' not in (coalesce(earlier.derived_by, ''), coalesce(latest.derived_by, ''))
            and extract(year from earlier.period_end) - extract(year from earlier.period_start)
            = extract(year from latest.period_end) - extract(year from latest.period_start)
    ),

    recent_before as (
        select
            *,
            row_number() over (
                partition by indicator_code, area_code, sex order by period_end desc, period_start desc
            ) as recency
        from before
    ),

    earlier as (select * from recent_before where recency = 1),

    {#- What life expectancy was before the pandemic: one period for all areas, so that they can be read beside each
        other. The newest earlier one may lie in the pandemic itself, from where nearly everything rises. -#}
    baseline_end as (
        select indicator_code, max(period_end) as period_end
        from before
        where period_end < date '2020-01-01'
        group by indicator_code
    ),

    baseline as (
        select before.*
        from before
        inner join
            baseline_end
            on before.indicator_code = baseline_end.indicator_code
            and before.period_end = baseline_end.period_end
    ),

    measured as (
        select
            asked.indicator_code,
            asked.area_code,
            asked.sex,
            latest.period_id,
            latest.value,
            latest.lci_95,
            latest.uci_95,
            latest.is_derived,
            latest.derived_by,
            coalesce(latest.derived_by, '') = 'approximate_pool' as is_approximate,
            england.value as england_value,
            england.lci_95 as england_lci_95,
            england.uci_95 as england_uci_95,
            case
                when coalesce(latest.derived_by, '') <> 'approximate_pool' then latest.value - england.value
            end as difference,
            {% for side, sign in [("lci", "-"), ("uci", "+")] %}
                case
                    when coalesce(latest.derived_by, '') <> 'approximate_pool'
                    then {{ difference_limit("latest", "england", sign) }}
                end as difference_{{ side }}_95,
            {% endfor %}
            comparison.outcome_statistical,
            comparison.publisher_outcome,
            earlier.period_id as earlier_period_id,
            earlier.value as earlier_value,
            latest.value - earlier.value as change,
            {{ difference_limit("latest", "earlier", "-") }} as change_lci_95,
            {{ difference_limit("latest", "earlier", "+") }} as change_uci_95,
            baseline.period_id as baseline_period_id,
            baseline.value as baseline_value,
            latest.value - baseline.value as baseline_change,
            {{ difference_limit("latest", "baseline", "-") }} as baseline_change_lci_95,
            {{ difference_limit("latest", "baseline", "+") }} as baseline_change_uci_95,
            trend.outcome as trend,
            trend.reason as trend_reason
        from asked
        left join
            latest
            on asked.indicator_code = latest.indicator_code
            and asked.area_code = latest.area_code
            and asked.sex = latest.sex
        left join
            total as england
            on latest.indicator_code = england.indicator_code
            and england.area_code = 'E92000001'
            and latest.sex = england.sex
            and latest.age = england.age
            and latest.period_id = england.period_id
        left join
            earlier
            on latest.indicator_code = earlier.indicator_code
            and latest.area_code = earlier.area_code
            and latest.sex = earlier.sex
        left join
            baseline
            on latest.indicator_code = baseline.indicator_code
            and latest.area_code = baseline.area_code
            and latest.sex = baseline.sex
        left join
            {{ ref("fct_comparison").include(database=false) }} as comparison
            on latest.indicator_code = comparison.indicator_code
            and latest.area_code = comparison.area_code
            and latest.period_id = comparison.period_id
            and latest.sex = comparison.sex
            and latest.age = comparison.age
            and latest.breakdown_type = comparison.breakdown_type
            and comparison.benchmark_area_code = 'E92000001'
        left join
            {{ ref("fct_trend").include(database=false) }} as trend
            on latest.indicator_code = trend.indicator_code
            and latest.area_code = trend.area_code
            and latest.sex = trend.sex
            and latest.age = trend.age
            and latest.breakdown_type = trend.breakdown_type
    )

select
    measured.indicator_code,
    indicator.short_name as indicator_name,
    measured.area_code,
    area.area_name,
    measured.sex,
    period.label as period,
    measured.value,
    measured.lci_95,
    measured.uci_95,
    measured.is_derived,
    measured.derived_by,
    measured.england_value,
    measured.difference,
    measured.difference_lci_95,
    measured.difference_uci_95,
    case
        when measured.area_code = 'E92000001'
        then null
        when measured.outcome_statistical in ('lower', 'similar', 'higher')
        then measured.outcome_statistical
        else coalesce({{ side_of_verdict("measured.publisher_outcome", "indicator.polarity") }}, 'not_known')
    end as compared_with_england,
    measured.publisher_outcome,
    {{ outcome_by("measured.outcome_statistical", "measured.publisher_outcome") }} as outcome_by,
    earlier_period.label as earlier_period,
    measured.earlier_period_id,
    measured.earlier_value,
    measured.change,
    measured.change_lci_95,
    measured.change_uci_95,
    {{ fell_or_rose("measured.change_lci_95", "measured.change_uci_95") }} as direction,
    baseline_period.label as baseline_period,
    measured.baseline_value,
    measured.baseline_change,
    measured.baseline_change_lci_95,
    measured.baseline_change_uci_95,
    {{ fell_or_rose("measured.baseline_change_lci_95", "measured.baseline_change_uci_95") }}
    as baseline_direction,
    measured.trend,
    measured.trend_reason,
    case
        when measured.value is null
        then concat_ws(' ', 'There is no figure:', coalesce(coverage.reason, 'not published for this sex.'))
        when measured.is_approximate
        then
            'The figure is an approximate pool of the councils, and is compared neither with England nor with an earlier one.'
        when
            measured.lci_95 is null
            and measured.area_code <> 'E92000001'
            and measured.publisher_outcome is not null
        then
            'The figure at hand has no limits: the verdict beside England is that of the publisher, and whether a change is more than chance cannot be told.'
        when measured.lci_95 is null
        then 'The figure at hand has no limits, so that nothing can be said of chance.'
        when measured.area_code <> 'E92000001' and measured.england_value is null
        then 'There is no figure of England for the period.'
        when measured.earlier_value is null
        then 'There is no earlier period that shares no year with this one.'
        when measured.change_lci_95 is null
        then 'The earlier figure has no limits.'
        when measured.baseline_value is null
        then 'There is no figure of the period before the pandemic that the other areas have.'
    end as caution
from measured
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on measured.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area").include(database=false) }} as area on measured.area_code = area.area_code
left join {{ ref("dim_period").include(database=false) }} as period on measured.period_id = period.period_id
left join
    {{ ref("coverage").include(database=false) }} as coverage
    on measured.indicator_code = coverage.indicator_code
    and measured.area_code = coverage.area_code
left join
    {{ ref("dim_period").include(database=false) }} as earlier_period
    on measured.earlier_period_id = earlier_period.period_id
left join
    {{ ref("dim_period").include(database=false) }} as baseline_period
    on measured.baseline_period_id = baseline_period.period_id
