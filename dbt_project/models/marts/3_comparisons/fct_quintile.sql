{#- Where each of the nine councils stands among the councils of England of one tier. The other councils only take
    part in the ranking. Ties are figures that are equal as published. -#}
{% set upper_tier = "('E06', 'E08', 'E09', 'E10')" %}
{% set lower_tier = "('E06', 'E07', 'E08', 'E09')" %}

with
    council as (
        select area_code, in_cheshire_merseyside as is_shown, left(area_code, 3) as code_kind
        from {{ ref("dim_area") }}
        where area_type = 'council'
    ),

    {#- How many councils each tier has. The publisher's lookup brings the nine regions with the councils; without it
        dim_area has only a few councils, and half of these would not be half of England. -#}
    expected as (
        select
            case
                when count(case when area_type = 'region' then 1 end) = 9
                then
                    count(
                        case when area_type = 'council' and left(area_code, 3) in {{ upper_tier }} then 1 end
                    )
            end as n_upper,
            case
                when count(case when area_type = 'region' then 1 end) = 9
                then
                    count(
                        case when area_type = 'council' and left(area_code, 3) in {{ lower_tier }} then 1 end
                    )
            end as n_lower
        from {{ ref("dim_area") }}
    ),

    {#- A count grows with the size of the council; its order says nothing. -#}
    total as (
        select
            observation.indicator_code,
            observation.area_code,
            observation.period_id,
            observation.sex,
            observation.age,
            observation.breakdown_type,
            observation.breakdown_value,
            observation.value,
            observation.vintage_id,
            indicator.polarity,
            council.is_shown,
            council.code_kind,
            indicator.native_level like 'upper%' as is_upper
        from {{ ref("fct_observation") }} as observation
        inner join council on observation.area_code = council.area_code
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on observation.indicator_code = indicator.indicator_code
        where observation.breakdown_type = 'Total' and indicator.aggregation_rule <> 'sum'
    ),

    ranked as (
        select
            total.*,
            case when total.is_upper then expected.n_upper else expected.n_lower end as n_areas_expected,
            count(total.value) over same_figure as n_areas,
            -- Councils without a value come last and push no other one down.
            rank() over from_lowest as rank_from_lowest,
            rank() over from_highest as rank_from_highest
        from total
        cross join expected
        where
            (total.is_upper and total.code_kind in {{ upper_tier }})
            or (not total.is_upper and total.code_kind in {{ lower_tier }})
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
        where is_shown
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    case when is_upper then 'upper' else 'lower' end as tier,
    cast(n_areas_expected as int) as n_areas_expected,
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
