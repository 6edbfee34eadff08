with source as (select * from {{ source("raw", "fingertips_indicator_metadata") }})

select
    vintage_id,
    dataset,
    part,
    row_number as source_row,
    indicator_id as source_id,
    indicator as source_name,
    nullif(trim(definition), '') as source_definition,
    nullif(trim(methodology), '') as source_methodology,
    nullif(trim(caveats), '') as source_caveats,
    nullif(trim(disclosure_control), '') as source_disclosure_control,
    nullif(trim(rounding), '') as source_rounding,
    nullif(trim(unit), '') as source_unit,
    nullif(trim(value_type), '') as source_value_type,
    nullif(trim(year_type), '') as source_year_type,
    nullif(trim(polarity), '') as source_polarity,
    nullif(trim(frequency), '') as source_frequency,
    nullif(trim(notes), '') as source_notes,
    nullif(trim(copyright), '') as source_copyright,
    nullif(trim(data_re_use), '') as source_data_reuse
from source
