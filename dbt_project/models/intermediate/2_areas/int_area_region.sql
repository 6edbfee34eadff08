{#- Lookups know the codes of their own year. A code that ended, or came later, is in the region of those that it
    became or came from; a code can have changed twice, such as Taunton Deane's, and in either direction. -#}
{% set steps = 3 %}

with
    district as (
        select lookup.district_code, lookup.region_code
        from {{ ref("stg_ons_geography__district_region") }} as lookup
        inner join {{ ref("int_vintage_in_force") }} as vintage on lookup.vintage_id = vintage.vintage_id
    ),

    tier as (
        select lookup.lower_code, lookup.upper_code
        from {{ ref("stg_ons_geography__lower_upper") }} as lookup
        inner join {{ ref("int_vintage_in_force") }} as vintage on lookup.vintage_id = vintage.vintage_id
    ),

    change as (select old_code, new_code from {{ source("raw", "catalogue_area_change") }}),

    region_after_0 as (
        select district_code as area_code, region_code
        from district
        union
        select tier.upper_code as area_code, min(district.region_code) as region_code
        from tier
        inner join district on tier.lower_code = district.district_code
        left join district as itself on tier.upper_code = itself.district_code
        where itself.district_code is null
        group by tier.upper_code
    )
    {%- for step in range(steps) %}
        ,

        region_after_{{ step + 1 }} as (
            select area_code, min(region_code) as region_code
            from
                (
                    select area_code, region_code
                    from region_after_{{ step }}
                    union all
                    select change.old_code as area_code, known.region_code
                    from change
                    inner join region_after_{{ step }} as known on change.new_code = known.area_code
                    union all
                    select change.new_code as area_code, known.region_code
                    from change
                    inner join region_after_{{ step }} as known on change.old_code = known.area_code
                ) as carried
            group by area_code
        )
    {%- endfor %}

select area_code, region_code
from region_after_{{ steps }}
