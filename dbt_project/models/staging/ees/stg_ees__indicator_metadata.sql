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
    try_cast(decimal_places as int) as source_decimals
from source
