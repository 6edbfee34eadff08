select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    ltla_code as lower_code,
    ltla_name as lower_name,
    utla_code as upper_code,
    utla_name as upper_name,
    {{ whole_number_of("code_year") }} as code_year
from {{ source("raw", "geography_lower_upper") }}
