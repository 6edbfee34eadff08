select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lsoa_code,
    lsoa_name,
    lad_code as area_code,
    lad_name as area_name,
    cast(try_cast(imd_rank as double) as int) as imd_rank,
    cast(try_cast(imd_decile as double) as int) as imd_decile
from {{ source("raw", "mhclg_iod_2025_lsoa") }}
