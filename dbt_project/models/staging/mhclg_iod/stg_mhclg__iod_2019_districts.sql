select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    lad_code as area_code,
    lad_name as area_name,
    {{ number_of("average_score") }} as average_score,
    {{ whole_number_of("rank_of_average_score") }} as rank_of_average_score,
    {{ number_of("proportion_most_deprived_10") }} as share_of_lsoas_most_deprived_10
from {{ source("raw", "mhclg_iod_2019_districts") }}
