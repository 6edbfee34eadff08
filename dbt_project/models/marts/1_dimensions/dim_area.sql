{#- The areas that are answered for come from the catalogue and are there whatever happens to the lookups; all other
    councils of England come from the lookups in force, and codes that ended from the catalogue's changes. -#}
with
    district as (
        select lookup.*
        from {{ ref("stg_ons_geography__district_region") }} as lookup
        inner join {{ ref("int_vintage_in_force") }} as vintage on lookup.vintage_id = vintage.vintage_id
    ),

    tier as (
        select lookup.*
        from {{ ref("stg_ons_geography__lower_upper") }} as lookup
        inner join {{ ref("int_vintage_in_force") }} as vintage on lookup.vintage_id = vintage.vintage_id
        inner join district on lookup.lower_code = district.district_code
    ),

    began as (
        select new_code as area_code, min(new_name) as area_name, min(changed_on) as valid_from
        from {{ source("raw", "catalogue_area_change") }}
        group by new_code
    ),

    ended as (
        select
            old_code as area_code,
            min(old_name) as area_name,
            min(old_valid_from) as valid_from,
            max(changed_on) as changed_on
        from {{ source("raw", "catalogue_area_change") }}
        group by old_code
    ),

    {#- A code that figures name and no lookup knows yet, such as that of a council just made, is still an area. -#}
    met as (
        select area_code, min(area_name) as area_name
        from {{ ref("int_staged") }}
        where row_use = 'kept'
        group by area_code
    ),

    named as (
        select district_code as area_code, district_name as area_name
        from district
        union all
        select upper_code as area_code, upper_name as area_name
        from tier
        union all
        select area_code, area_name
        from began
        union all
        select area_code, area_name
        from ended
    ),

    known as (select area_code, min(area_name) as area_name from named group by area_code),

    council as (
        select *
        from known
        union all
        select met.area_code, coalesce(met.area_name, met.area_code) as area_name
        from met
        left join known on met.area_code = known.area_code
        where known.area_code is null and met.area_code <> {{ rest_of_england() }}
    ),

    region as (
        select region_code as area_code, min(region_name) as area_name from district group by region_code
    ),

    together as (
        select
            area_code,
            area_name,
            area_type,
            parent_code,
            in_cheshire_merseyside,
            valid_from,
            valid_to,
            area_type <> 'organisation' as is_answered,
            dfe_code,
            ods_code
        from {{ source("raw", "catalogue_area") }}
        union all
        select
            council.area_code,
            council.area_name,
            case when ended.area_code is null then 'council' else 'former council' end as area_type,
            region.region_code as parent_code,
            false as in_cheshire_merseyside,
            coalesce(began.valid_from, ended.valid_from) as valid_from,
            cast(ended.changed_on - interval 1 day as date) as valid_to,
            false as is_answered,
            cast(null as string) as dfe_code,
            cast(null as string) as ods_code
        from council
        left join began on council.area_code = began.area_code
        left join ended on council.area_code = ended.area_code
        left join {{ ref("int_area_region") }} as region on council.area_code = region.area_code
        left join {{ source("raw", "catalogue_area") }} as answered on council.area_code = answered.area_code
        where answered.area_code is null
        union all
        select
            region.area_code,
            region.area_name,
            'region' as area_type,
            'E92000001' as parent_code,
            false as in_cheshire_merseyside,
            cast(null as date) as valid_from,
            cast(null as date) as valid_to,
            false as is_answered,
            cast(null as string) as dfe_code,
            cast(null as string) as ods_code
        from region
        left join {{ source("raw", "catalogue_area") }} as answered on region.area_code = answered.area_code
        where answered.area_code is null
        union all
        select
            concat_ws('-', 'SN', area_code) as area_code,
            concat_ws(' ', 'Statistical neighbours of', area_name) as area_name,
            'neighbour group' as area_type,
            'E92000001' as parent_code,
            false as in_cheshire_merseyside,
            cast(null as date) as valid_from,
            cast(null as date) as valid_to,
            false as is_answered,
            cast(null as string) as dfe_code,
            cast(null as string) as ods_code
        from {{ source("raw", "catalogue_area") }}
        where area_code in (select area_code from {{ source("raw", "catalogue_neighbour") }})
        union all
        select
            area_code,
            'Rest of England' as area_name,
            'benchmark' as area_type,
            'E92000001' as parent_code,
            false as in_cheshire_merseyside,
            cast(null as date) as valid_from,
            cast(null as date) as valid_to,
            false as is_answered,
            cast(null as string) as dfe_code,
            cast(null as string) as ods_code
        from met
        where area_code = {{ rest_of_england() }}
        union all
        select
            {{ england_without("area_code") }} as area_code,
            concat_ws(' ', 'England without', area_name) as area_name,
            'benchmark' as area_type,
            'E92000001' as parent_code,
            false as in_cheshire_merseyside,
            cast(null as date) as valid_from,
            cast(null as date) as valid_to,
            false as is_answered,
            cast(null as string) as dfe_code,
            cast(null as string) as ods_code
        from {{ source("raw", "catalogue_area") }}
        where area_type = 'subregion'
    )

select
    together.area_code,
    together.area_name,
    together.area_type,
    together.parent_code,
    together.in_cheshire_merseyside,
    together.valid_from,
    together.valid_to,
    together.is_answered,
    case
        when together.area_type <> 'council'
        then null
        -- Only districts (E07) have a county above them.
        when left(together.area_code, 3) = 'E07'
        then tier.upper_code
        else together.area_code
    end as upper_tier_code,
    together.dfe_code,
    together.ods_code,
    cast(row_number() over (order by together.area_code) as int) as area_key
from together
left join tier on together.area_code = tier.lower_code
