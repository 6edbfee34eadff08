{#- Which codes are one council. A code can have changed more than once. -#}
{% set steps = 3 %}

with
    same_council as (
        select old_code, new_code
        from {{ source("raw", "catalogue_area_change") }}
        where {{ keeps_its_area() }}
    ),

    code as (
        {% for tier, kinds in tiers().items() %}
            select
                '{{ tier }}' as tier,
                area_code,
                in_cheshire_merseyside,
                coalesce(valid_from, date '1900-01-01') as valid_from,
                coalesce(valid_to, date '9999-12-31') as valid_to
            from {{ ref("dim_area") }}
            where
                area_type in ('council', 'former council')
                and left(area_code, 3) in ('{{ kinds | join("', '") }}')
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    known_after_0 as (select tier, area_code, area_code as council_code from code)
    {%- for step in range(steps) %}
        ,

        known_after_{{ step + 1 }} as (
            select known.tier, known.area_code, coalesce(newer.area_code, known.council_code) as council_code
            from known_after_{{ step }} as known
            left join same_council on known.council_code = same_council.old_code
            left join code as newer on same_council.new_code = newer.area_code and known.tier = newer.tier
        )
    {%- endfor %}

select
    known.tier,
    known.area_code,
    known.council_code,
    code.in_cheshire_merseyside,
    min(code.valid_from) over council as first_day,
    max(code.valid_to) over council as last_day
from known_after_{{ steps }} as known
inner join code on known.tier = code.tier and known.area_code = code.area_code
window council as (partition by known.tier, known.council_code)
