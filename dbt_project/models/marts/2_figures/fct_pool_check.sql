{#- How good a pool is: the same one over the councils of England beside the figure that the publisher gives for England.
    Where it gives none, over those of the North West beside its figure. -#}
{% set key = ["indicator_code", "period_id", "sex", "age"] %}

with
    member as (select * from {{ ref("int_pool_member") }}),

    within as (
        {% for tier, kinds in tiers().items() %}
            select member.*, 'E92000001' as benchmark_area_code, '{{ tier }}' as tier
            from member
            where left(member.area_code, 3) in ('{{ kinds | join("', '") }}')
            union all
            select member.*, region.region_code as benchmark_area_code, '{{ tier }}' as tier
            from member
            inner join {{ ref("int_area_region") }} as region on member.area_code = region.area_code
            where
                left(member.area_code, 3) in ('{{ kinds | join("', '") }}')
                and region.region_code = 'E12000002'
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    -- Districts and counties lie on the same ground: the tier that has more of it.
    pooled as (
        select
            {{ key | join(", ") }},
            benchmark_area_code,
            tier,
            cast(count(*) as int) as n_councils,
            round(sum(weight), 6) as people,
            {{ pooled_value("value", "weight") }} as pooled_value
        from within
        where value is not null and weight > 0
        group by {{ key | join(", ") }}, benchmark_area_code, tier
    ),

    beside as (
        select
            {% for column in key %} whole.{{ column }}, {% endfor %}
            whole.area_code as benchmark_area_code,
            whole.value as published_value,
            whole.pooled_by,
            whole.weight_day,
            pooled.pooled_value,
            pooled.n_councils,
            pooled.people / whole.weight as share_of_people,
            row_number() over (
                partition by
                    {% for column in key %} whole.{{ column }}{% if not loop.last %}, {% endif %} {% endfor %}
                order by
                    case when whole.value is null then 1 else 0 end,
                    whole.area_code desc,
                    pooled.people desc,
                    pooled.tier desc
            ) as preference
        from member as whole
        inner join
            pooled on whole.area_code = pooled.benchmark_area_code
            {% for column in key %} and whole.{{ column }} = pooled.{{ column }} {% endfor %}
    ),

    measured as (
        select
            beside.*,
            round(beside.pooled_value - beside.published_value, 9) as difference,
            {{ pool_tolerance("card.decimals") }} as tolerance
        from beside
        inner join
            {{ source("raw", "catalogue_indicator") }} as card on beside.indicator_code = card.indicator_code
        where beside.preference = 1
    )

select
    {{ key | join(", ") }},
    benchmark_area_code,
    pooled_value,
    published_value,
    difference,
    tolerance,
    n_councils,
    share_of_people,
    pooled_by as weights,
    weight_day as weights_day,
    case
        when published_value is null or coalesce(share_of_people, 0) < {{ least_share_of_people() }}
        then 'not_measured'
        -- Twelve digits: a computer's rounding is no difference.
        when abs(difference) > tolerance + 1e-9
        then 'too_coarse'
        else 'good_enough'
    end as outcome
from measured
