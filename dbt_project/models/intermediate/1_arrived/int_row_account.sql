{{ config(materialized="view") }}

with
    row_uses as (
        select
            vintage_id,
            source_row,
            max(source_rows) as source_rows,
            min(
                case
                    row_use
                    when 'kept'
                    then 1
                    when 'exact_duplicate'
                    then 2
                    when 'superseded'
                    then 8
                    when 'other_period_length'
                    then 3
                    when 'other_area'
                    then 4
                    when 'not_redistributed'
                    then 5
                    else 6
                end
            ) as best_use
        from {{ ref("int_staged") }}
        group by vintage_id, source_row
        -- Reference tables give no figures.
        {% for model in staging_models("reference") %}
            union all
            select vintage_id, source_row, 1 as source_rows, 7 as best_use
            from {{ ref(model) }}
        {% endfor %}
    )

select
    vintage.vintage_id,
    vintage.dataset,
    vintage.part,
    vintage.landed_rows,
    coalesce(sum(row_uses.source_rows), 0) as staged_rows,
    coalesce(sum(case when row_uses.best_use = 1 then row_uses.source_rows end), 0) as kept_rows,
    coalesce(sum(case when row_uses.best_use = 2 then row_uses.source_rows end), 0) as duplicate_rows,
    coalesce(
        sum(case when row_uses.best_use = 3 then row_uses.source_rows end), 0
    ) as other_period_length_rows,
    coalesce(sum(case when row_uses.best_use = 4 then row_uses.source_rows end), 0) as other_area_rows,
    coalesce(sum(case when row_uses.best_use = 5 then row_uses.source_rows end), 0) as not_redistributed_rows,
    coalesce(sum(case when row_uses.best_use = 6 then row_uses.source_rows end), 0) as other_measure_rows,
    coalesce(sum(case when row_uses.best_use = 7 then row_uses.source_rows end), 0) as reference_rows,
    coalesce(sum(case when row_uses.best_use = 8 then row_uses.source_rows end), 0) as superseded_rows
from {{ source("raw", "vintage") }} as vintage
left join row_uses on vintage.vintage_id = row_uses.vintage_id
group by vintage.vintage_id, vintage.dataset, vintage.part, vintage.landed_rows
