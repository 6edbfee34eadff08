{#- Groups of councils that are one area together: Cheshire and Merseyside, and the ten statistical neighbours of each
    of its councils. -#}
select parent_code as group_code, area_code as member_code, 'subregion' as group_type
from {{ source("raw", "catalogue_area") }}
where area_type = 'council' and in_cheshire_merseyside
union all
select
    concat_ws('-', 'SN', area_code) as group_code,
    neighbour_code as member_code,
    'neighbour group' as group_type
from {{ source("raw", "catalogue_neighbour") }}
