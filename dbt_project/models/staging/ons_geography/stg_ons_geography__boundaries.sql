select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lad_code as area_code,
    lad_name as area_name,
    {{ whole_number_of("code_year") }} as code_year,
    geometry
from {{ source("raw", "geography_boundaries") }}
