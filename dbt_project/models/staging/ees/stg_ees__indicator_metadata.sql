with source as (select * from {{ source("raw", "ees_indicator_metadata") }})

select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    -- Named after the dataset of the figures that it is about.
    replace(dataset, '_metadata', '') as source_id,
    measure as source_measure,
    label as source_name,
    nullif(trim(unit), '') as source_unit,
    {{ whole_number_of("decimal_places") }} as source_decimals
from source
