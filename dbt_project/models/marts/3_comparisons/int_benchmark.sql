{#- With what each area is compared. England for every answered area and every other council, whose
    code may have ended: publishers go on with it, and older periods are those of councils that ended; for answered areas
    the areas that they are part of, and England without London where a publisher has it; for the nine councils the group of
    their statistical neighbours; for these and for Cheshire and Merseyside England without all nine, which they are no
    part of. The North West is partly in it and partly not. -#}
with
    area as (
        select area_code, area_type, parent_code, is_answered
        from {{ ref("dim_area") }}
        where
            is_answered
            or (
                area_type in ('council', 'former council')
                and left(area_code, 3) in ('E06', 'E07', 'E08', 'E09', 'E10')
            )
    ),

    -- Council, Cheshire and Merseyside, North West, England: no way up is longer than three steps.
    parent as (
        select area.area_code, area.parent_code as benchmark_area_code from area where area.is_answered
    ),

    grandparent as (
        select parent.area_code, above.parent_code as benchmark_area_code
        from parent
        inner join area as above on parent.benchmark_area_code = above.area_code
    ),

    neighbours as (
        select distinct group_code
        from {{ ref("int_area_group_member") }}
        where group_type = 'neighbour group'
    ),

    -- The group itself and its members.
    without as (
        select group_code as area_code, {{ england_without("group_code") }} as benchmark_area_code
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
        union
        select member_code as area_code, {{ england_without("group_code") }} as benchmark_area_code
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
    ),

    paired as (
        select area.area_code, country.area_code as benchmark_area_code
        from area
        inner join area as country on country.area_type = 'country' and area.area_type <> 'country'
        union
        select area_code, benchmark_area_code
        from parent
        union
        select area_code, benchmark_area_code
        from grandparent
        union
        select area.area_code, rest.area_code as benchmark_area_code
        from area
        inner join
            {{ ref("dim_area") }} as rest
            on rest.area_code = {{ rest_of_england() }}
            and area.is_answered
            and area.area_type <> 'country'
        union
        select area.area_code, without.benchmark_area_code
        from area
        inner join without on area.area_code = without.area_code
        union
        select area.area_code, neighbours.group_code as benchmark_area_code
        from area
        inner join neighbours on concat_ws('-', 'SN', area.area_code) = neighbours.group_code
    )

select
    paired.area_code,
    paired.benchmark_area_code,
    -- Neighbours are other councils; every other benchmark but one is an area that the area lies in.
    member.member_code is not null
    or (neighbours.group_code is null and without.area_code is null) as includes_area
from paired
left join neighbours on paired.benchmark_area_code = neighbours.group_code
left join
    without
    on paired.area_code = without.area_code
    and paired.benchmark_area_code = without.benchmark_area_code
left join
    {{ ref("int_area_group_member") }} as member
    on paired.benchmark_area_code = member.group_code
    and paired.area_code = member.member_code
where paired.benchmark_area_code is not null
