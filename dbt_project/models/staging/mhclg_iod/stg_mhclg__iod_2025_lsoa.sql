select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lsoa_code,
    lsoa_name,
    lad_code as area_code,
    lad_name as area_name,
    {{ whole_number_of("imd_rank") }} as imd_rank,
    {{ whole_number_of("imd_decile") }} as imd_decile
from {{ source("raw", "mhclg_iod_2025_lsoa") }}
