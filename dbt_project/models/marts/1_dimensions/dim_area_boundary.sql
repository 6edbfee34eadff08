select boundary.area_code, boundary.code_year, boundary.geometry, boundary.vintage_id
from {{ ref("stg_ons_geography__boundaries") }} as boundary
inner join {{ ref("int_vintage_in_force") }} as vintage on boundary.vintage_id = vintage.vintage_id
inner join {{ ref("dim_area") }} as area on boundary.area_code = area.area_code
where boundary.geometry is not null
