with
    source as (select * from {{ source("raw", "ons_population_estimates") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,

            area_code,
            -- Countries and regions stand in capitals there.
            area_name,
            case
                when sheet like '% Persons'
                then 'Persons'
                when sheet like '% Females'
                then 'Female'
                when sheet like '% Males'
                then 'Male'
            end as sex,
            source.key as age_published,

            nullif(regexp_extract(title, 'mid-(20[0-9][0-9])$', 1), '') as year_of_estimate,
            population as value_text,
            try_cast(population as double) as value,
            {{ marker_status("source.population") }} as marker
        from source
    )

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    -- Only the total is an indicator; single years of age are staged beside it.
    case when age_published = 'All ages' then age_published else 'Single year of age' end as measure,
    area_code,
    area_name,
    sex,
    case when age_published = 'All ages' then age_published else age_published || ' yrs' end as age,
    'Total' as breakdown_type,
    'Total' as breakdown_value,
    'mid-' || year_of_estimate as period_label,
    cast(null as string) as period_length,
    make_date(cast(year_of_estimate as int), 6, 30) as period_start,
    make_date(cast(year_of_estimate as int), 6, 30) as period_end,
    value_text,
    value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
    {{ figure_status("marker", "value") }} as status,
    cast(null as string) as status_note
from renamed
