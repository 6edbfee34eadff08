select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lad_code as district_code,
    lad_name as district_name,
    rgn_code as region_code,
    rgn_name as region_name,
    {{ whole_number_of("code_year") }} as code_year
from {{ source("raw", "geography_district_region") }}
