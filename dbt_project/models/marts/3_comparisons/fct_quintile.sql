{#- Where each of the nine councils stands among the councils of England of one tier. The other councils only take
    part in the ranking. Ties are figures that are equal as published. -#}
with
    -- The publisher's lookup brings the nine regions with the councils; without it dim_area has only a few
    -- councils, and half of these would not be half of England.
    lookup as (
        select count(case when area_type = 'region' then 1 end) = 9 as is_at_hand from {{ ref("dim_area") }}
    ),

    {#- A count grows with the size of the council; its order says nothing. -#}
    total as (
        select figure.*, indicator.polarity
        from {{ ref("int_council_figure") }} as figure
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on figure.indicator_code = indicator.indicator_code
            and figure.tier = case when indicator.native_level like 'upper%' then 'upper' else 'lower' end
        where indicator.aggregation_rule <> 'sum'
    ),

    ranked as (
        select
            total.*,
            case when lookup.is_at_hand then total.n_councils end as n_areas_expected,
            count(total.value) over same_figure as n_areas,
            -- Councils without a value come last and push no other one down.
            rank() over from_lowest as rank_from_lowest,
            rank() over from_highest as rank_from_highest
        from total
        cross join lookup
        window
            same_figure as (partition by total.indicator_code, total.period_id, total.sex, total.age),
            from_lowest as (
                partition by total.indicator_code, total.period_id, total.sex, total.age
                order by case when total.value is null then 1 else 0 end, total.value
            ),
            from_highest as (
                partition by total.indicator_code, total.period_id, total.sex, total.age
                order by case when total.value is null then 1 else 0 end, total.value desc
            )
    ),

    reasoned as (
        select
            *,
            case
                when value is null
                then 'no_figure'
                when n_areas < 5 or n_areas_expected is null or 2 * n_areas < n_areas_expected
                then 'too_few_areas'
            end as reason
        from ranked
        where in_cheshire_merseyside
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    tier,
    n_areas_expected,
    cast(n_areas as int) as n_areas,
    case when reason is null then cast(rank_from_lowest as int) end as rank,
    case when reason is null then {{ quantile_of_rank("rank_from_lowest", "n_areas", 5) }} end as quintile,
    {#- Ranked from the best end by itself: with ties, or a number of councils that five does not divide, it is not
        the quintile turned round. -#}
    case
        when reason is not null
        then null
        when polarity = 'lower_is_better'
        then {{ quantile_of_rank("rank_from_lowest", "n_areas", 5) }}
        when polarity = 'higher_is_better'
        then {{ quantile_of_rank("rank_from_highest", "n_areas", 5) }}
    end as quintile_judged,
    reason,
    vintage_id
from reasoned
