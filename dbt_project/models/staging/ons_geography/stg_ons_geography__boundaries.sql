select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lad_code as area_code,
    lad_name as area_name,
    try_cast(code_year as int) as code_year,
    geometry
from {{ source("raw", "geography_boundaries") }}
