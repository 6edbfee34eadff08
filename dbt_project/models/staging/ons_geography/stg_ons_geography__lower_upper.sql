select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    ltla_code as lower_code,
    ltla_name as lower_name,
    utla_code as upper_code,
    utla_name as upper_name,
    try_cast(code_year as int) as code_year
from {{ source("raw", "geography_lower_upper") }}
