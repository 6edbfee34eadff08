{{ config(tags=["staged"]) }}
select *
from {{ ref("int_row_account") }}
where
    landed_rows <> staged_rows
    or staged_rows
    <> kept_rows
    + duplicate_rows
    + other_area_rows
    + other_period_length_rows
    + not_redistributed_rows
    + other_measure_rows
    + reference_rows
    + superseded_rows
