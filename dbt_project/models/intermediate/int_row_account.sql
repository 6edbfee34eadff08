{{ config(tags=["staged"], materialized="view") }}

select
    vintage.vintage_id,
    vintage.dataset,
    vintage.part,
    vintage.landed_rows,
    count(staged.source_row) as staged_rows,
    count(case when staged.row_use = 'kept' then 1 end) as kept_rows,
    count(case when staged.row_use = 'exact_duplicate' then 1 end) as duplicate_rows,
    count(case when staged.row_use = 'other_area' then 1 end) as other_area_rows,
    count(case when staged.row_use = 'other_period_length' then 1 end) as other_period_length_rows
from {{ source("raw", "vintage") }} as vintage
left join {{ ref("int_staged") }} as staged on vintage.vintage_id = staged.vintage_id
group by vintage.vintage_id, vintage.dataset, vintage.part, vintage.landed_rows
