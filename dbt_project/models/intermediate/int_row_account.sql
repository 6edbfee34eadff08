{{ config(tags=["staged"], materialized="view") }}
{#- Reference tables give no figures; each of their staging models is named here once. -#}
{% set reference_models = [
    "stg_fingertips__indicator_metadata",
    "stg_ons_geography__district_region",
    "stg_ons_geography__lower_upper",
    "stg_ons_geography__boundaries",
    "stg_mhclg__iod_2019_districts",
    "stg_mhclg__iod_2025_districts",
    "stg_mhclg__iod_2025_lsoa",
] %}

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
        {% for model in reference_models %}
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
    coalesce(sum(case when row_uses.best_use = 7 then row_uses.source_rows end), 0) as reference_rows
from {{ source("raw", "vintage") }} as vintage
left join row_uses on vintage.vintage_id = row_uses.vintage_id
group by vintage.vintage_id, vintage.dataset, vintage.part, vintage.landed_rows
