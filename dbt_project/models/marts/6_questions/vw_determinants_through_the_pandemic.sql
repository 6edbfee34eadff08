{{ config(materialized="view") }}
{#- Did the social determinants get worse through the pandemic? Before is the newest period that ended before March 2020
    and not before 2017; after is the first one that began in April 2021 or later. The newest one stands beside it: what
    had changed right after the pandemic may be gone since. -#}
with
    total as (
        select observation.*
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and {{ is_headline("observation", "indicator") }}
            -- Counts follow the size of the population, and pay follows prices.
            and indicator.value_type not in ('life_expectancy', 'slope_index', 'amount')
            and indicator.frequency not in ('weekly', 'daily')
            and not indicator.is_context
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
            ) as from_first,
            row_number() over (
                partition by indicator_code, area_code order by period_end desc, period_start desc, age
            ) as from_newest
        from total
        where period_start >= date '2021-04-01'
    ),

    before as (select * from before_any where recency = 1),

    after as (
        select 'first' as which, after_any.*
        from after_any
        where from_first = 1
        union all
        select 'newest' as which, after_any.*
        from after_any
        where from_newest = 1
    ),

    pair as (
        select total.indicator_code, total.area_code, after_which.which
        from total
        cross join
            (
                select 'first' as which
                union all
                select 'newest' as which
            ) as after_which
        group by total.indicator_code, total.area_code, after_which.which
    ),

    broken as (
        select after.indicator_code, after.area_code, after.which
        from after
        inner join
            before on after.indicator_code = before.indicator_code and after.area_code = before.area_code
        inner join
            {{ ref("dim_vintage").include(database=false) }} as before_vintage
            on before.vintage_id = before_vintage.vintage_id
        inner join
            {{ ref("dim_vintage").include(database=false) }} as after_vintage
            on after.vintage_id = after_vintage.vintage_id
        inner join
            {{ ref("dim_series_break").include(database=false) }} as break
            on after.indicator_code = break.indicator_code
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
        select after.indicator_code, after.area_code, after.which
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
        select after.indicator_code, after.area_code, after.which
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
        select after.indicator_code, after.area_code, after.which, max(caution.note) as caution
        from after
        inner join
            before on after.indicator_code = before.indicator_code and after.area_code = before.area_code
        inner join
            {{ ref("dim_series_break").include(database=false) }} as caution
            on after.indicator_code = caution.indicator_code
            and not caution.is_break
            and caution.first_day > before.period_start
            and caution.first_day <= after.period_start
        group by after.indicator_code, after.area_code, after.which
    ),

    paired as (
        select
            pair.indicator_code,
            pair.area_code,
            pair.which,
            before.period_id as before_period_id,
            before.value as before_value,
            after.period_id as after_period_id,
            after.value as after_value,
            broken.indicator_code is not null as is_broken,
            comparable.indicator_code is null as is_other_period,
            cautioned.caution,
            'approximate_pool'
            in (coalesce(before.derived_by, ''), coalesce(after.derived_by, '')) as is_approximate,
            after.value - before.value as difference,
            {{ difference_limit("after", "before", "-") }} as difference_lci_95,
            {{ difference_limit("after", "before", "+") }} as difference_uci_95
        from pair
        left join before on pair.indicator_code = before.indicator_code and pair.area_code = before.area_code
        left join
            after
            on pair.indicator_code = after.indicator_code
            and pair.area_code = after.area_code
            and pair.which = after.which
        {% for each in ["broken", "comparable", "cautioned"] %}
            left join
                {{ each }}
                on pair.indicator_code = {{ each }}.indicator_code
                and pair.area_code = {{ each }}.area_code
                and pair.which = {{ each }}.which
        {% endfor %}
    ),

    measured as (
        select
            paired.indicator_code,
            paired.area_code,
            paired.which,
            paired.before_period_id,
            paired.before_value,
            paired.after_period_id,
            paired.after_value,
            paired.is_broken,
            paired.is_other_period,
            paired.is_approximate,
            -- What was recorded otherwise may differ by that alone.
            nullif(concat_ws(' ', paired.caution, indicator.chance_note), '') as caution,
            {% for one in ["", "_lci_95", "_uci_95"] %}
                case
                    when not (paired.is_broken or paired.is_other_period or paired.is_approximate)
                    then paired.difference{{ one }}
                end as change{{ one }},
            {% endfor %}
            indicator.polarity
        from paired
        inner join
            {{ ref("dim_indicator").include(database=false) }} as indicator
            on paired.indicator_code = indicator.indicator_code
    ),

    judged as (
        select
            *,
            case
                when caution is not null
                then 'not_known'
                else {{ difference_outcome("change_lci_95", "change_uci_95") }}
            end as outcome_statistical
        from measured
    ),

    answered as (
        select
            *,
            -- Of the two points: administrative counts have no interval and still have a direction.
            case
                when change > 0 then 'higher' when change < 0 then 'lower' when change = 0 then 'equal'
            end as direction,
            case
                when outcome_statistical = 'not_known'
                then 'not_known'
                when outcome_statistical = 'similar'
                then 'no_significant_change'
                when polarity = 'none'
                then null
                when (outcome_statistical = 'higher') = (polarity = 'higher_is_better')
                then 'better'
                else 'worse'
            end as answer,
            case
                when before_value is null
                then 'no_figure_before'
                when after_value is null
                then 'no_figure_after'
                when is_broken
                then 'series_break'
                when is_other_period
                then 'no_comparable_period'
                -- Of two approximate pools nobody knows how good their difference is.
                when is_approximate
                then 'approximate_figures'
                when change_lci_95 is null
                then 'no_interval'
                when caution is not null
                then 'caution'
            end as reason
        from judged
    )

select
    first.indicator_code,
    indicator.short_name as indicator_name,
    indicator.principle_no,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.unit,
    indicator.polarity,
    first.area_code,
    area.area_name,
    before_period.label as before_period,
    first.before_value,
    after_period.label as after_period,
    first.after_value,
    first.change,
    first.change_lci_95,
    first.change_uci_95,
    first.direction,
    first.outcome_statistical,
    first.answer,
    first.reason,
    first.caution,
    newest_period.label as newest_period,
    newest.after_value as newest_value,
    newest.change as newest_change,
    newest.change_lci_95 as newest_change_lci_95,
    newest.change_uci_95 as newest_change_uci_95,
    newest.outcome_statistical as newest_outcome_statistical,
    newest.answer as newest_answer,
    newest.reason as newest_reason,
    newest.caution as newest_caution
from answered as first
inner join
    answered as newest
    on first.indicator_code = newest.indicator_code
    and first.area_code = newest.area_code
    and newest.which = 'newest'
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on first.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area").include(database=false) }} as area on first.area_code = area.area_code
left join
    {{ ref("dim_period").include(database=false) }} as before_period
    on first.before_period_id = before_period.period_id
left join
    {{ ref("dim_period").include(database=false) }} as after_period
    on first.after_period_id = after_period.period_id
left join
    {{ ref("dim_period").include(database=false) }} as newest_period
    on newest.after_period_id = newest_period.period_id
where first.which = 'first'
