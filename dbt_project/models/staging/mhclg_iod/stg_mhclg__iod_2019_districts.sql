select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lad_code as area_code,
    lad_name as area_name,
    try_cast(average_score as double) as average_score,
    cast(try_cast(rank_of_average_score as double) as int) as rank_of_average_score,
    try_cast(proportion_most_deprived_10 as double) as share_of_lsoas_most_deprived_10
from {{ source("raw", "mhclg_iod_2019_districts") }}
