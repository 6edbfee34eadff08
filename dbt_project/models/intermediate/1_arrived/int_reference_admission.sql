{{ config(materialized="view") }}
{#- What admission looks at in reference data: of each row of a vintage without a verdict its code, the council that
    it is about, and what the table says of it, in one shape. -#}
with
    said as (
        select
            vintage_id,
            dataset,
            source_row,
            district_code as code,
            district_code as council_code,
            region_code as said
        from {{ ref("stg_ons_geography__district_region") }}
        union all
        select
            vintage_id,
            dataset,
            source_row,
            lower_code as code,
            lower_code as council_code,
            upper_code as said
        from {{ ref("stg_ons_geography__lower_upper") }}
        union all
        select vintage_id, dataset, source_row, area_code as code, area_code as council_code, geometry as said
        from {{ ref("stg_ons_geography__boundaries") }}
        {% for edition in ["2019", "2025"] %}
            union all
            select
                vintage_id,
                dataset,
                source_row,
                area_code as code,
                area_code as council_code,
                case
                    when average_score is not null and share_of_lsoas_most_deprived_10 between 0 and 1
                    then cast(rank_of_average_score as string)
                end as said
            from {{ ref("stg_mhclg__iod_" ~ edition ~ "_districts") }}
        {% endfor %}
        union all
        select
            vintage_id,
            dataset,
            source_row,
            lsoa_code as code,
            area_code as council_code,
            case when imd_rank is not null then cast(imd_decile as string) end as said
        from {{ ref("stg_mhclg__iod_2025_lsoa") }}
    )

select said.vintage_id, said.dataset, said.source_row, said.code, said.council_code, said.said
from said
inner join {{ source("raw", "vintage") }} as vintage on said.vintage_id = vintage.vintage_id
where vintage.admission = 'pending'
