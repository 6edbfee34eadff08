with source as (select * from {{ source("raw", "ons_els_indicator_metadata") }})

select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    slug as source_id,
    label as source_name,
    nullif(trim(description), '') as source_definition,
    nullif(trim(unit), '') as source_unit,
    {{ whole_number_of("decimal_places") }} as source_decimals,
    nullif(trim(frequency), '') as source_frequency
from source
