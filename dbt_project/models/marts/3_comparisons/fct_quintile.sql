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
        select figure.*, indicator.polarity, {{ is_headline("figure", "indicator") }} as is_headline
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

    {#- What a chart of a spine shows: the councils of England at the ends, the quarters and the middle. -#}
    spine as (
        select
            indicator_code,
            period_id,
            sex,
            age,
            min(value) as lowest,
            percentile_cont(0.25) within group (order by value) as lower_quartile,
            percentile_cont(0.5) within group (order by value) as median,
            percentile_cont(0.75) within group (order by value) as upper_quartile,
            max(value) as highest
        from total
        where value is not null
        group by indicator_code, period_id, sex, age
    ),

    {#- Which ranks the limits leave open: behind all councils that are wholly below, before all that are wholly above. -#}
    ranks_left as (
        select
            own.indicator_code,
            own.period_id,
            own.sex,
            own.age,
            own.area_code,
            1 + count(case when other.uci_95 < own.lci_95 then 1 end) as rank_from,
            count(*) - count(case when other.lci_95 > own.uci_95 then 1 end) as rank_to
        from total as own
        inner join
            total as other
            on own.indicator_code = other.indicator_code
            and own.period_id = other.period_id
            and own.sex = other.sex
            and own.age = other.age
        where
            own.in_cheshire_merseyside
            and own.lci_95 is not null
            and own.uci_95 is not null
            and own.value is not null
            and other.value is not null
        group by own.indicator_code, own.period_id, own.sex, own.age, own.area_code
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
    reasoned.indicator_code,
    reasoned.area_code,
    reasoned.period_id,
    reasoned.sex,
    reasoned.age,
    reasoned.breakdown_type,
    reasoned.breakdown_value,
    reasoned.tier,
    reasoned.n_areas_expected,
    cast(reasoned.n_areas as int) as n_areas,
    case when reasoned.reason is null then cast(reasoned.rank_from_lowest as int) end as rank,
    case
        when reasoned.reason is null then {{ quantile_of_rank("rank_from_lowest", "n_areas", 5) }}
    end as quintile,
    {#- Ranked from the best end by itself: with ties, or a number of councils that five does not divide, it is not
        the quintile turned round. -#}
    case
        when reasoned.reason is not null
        then null
        when polarity = 'lower_is_better'
        then {{ quantile_of_rank("rank_from_lowest", "n_areas", 5) }}
        when polarity = 'higher_is_better'
        then {{ quantile_of_rank("rank_from_highest", "n_areas", 5) }}
    end as quintile_judged,
    reasoned.reason,
    reasoned.vintage_id,
    {% for place in ["lowest", "lower_quartile", "median", "upper_quartile", "highest"] -%}
        case when reasoned.reason is null then spine.{{ place }} end as {{ place }},
    {% endfor %}
    case when reasoned.reason is null then cast(ranks_left.rank_from as int) end as rank_from,
    case when reasoned.reason is null then cast(ranks_left.rank_to as int) end as rank_to,
    {{ observation_key("reasoned") }} as observation_key,
    reasoned.is_headline
from reasoned
left join
    spine
    on reasoned.indicator_code = spine.indicator_code
    and reasoned.period_id = spine.period_id
    and reasoned.sex = spine.sex
    and reasoned.age = spine.age
left join
    ranks_left
    on reasoned.indicator_code = ranks_left.indicator_code
    and reasoned.period_id = ranks_left.period_id
    and reasoned.sex = ranks_left.sex
    and reasoned.age = ranks_left.age
    and reasoned.area_code = ranks_left.area_code
