with
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
            key as age_published,

            nullif(regexp_extract(title, 'mid-(20[0-9][0-9])$', 1), '') as year_of_estimate,
            population
        from {{ source("raw", "ons_population_estimates") }}
    ),

    dated as (
        select
            *,
            'mid-' || year_of_estimate as period_label,
            make_date(cast(year_of_estimate as int), 6, 30) as day_of_estimate
        from renamed
    )

    -- Only the total is an indicator; single years of age are staged beside it.
    {{
        staged_figures(
            "dated",
            "sex",
            cell="population",
            measure="case when age_published = 'All ages' then age_published else 'Single year of age' end",
            age="case when age_published = 'All ages' then age_published else age_published || ' yrs' end",
            period_start="day_of_estimate",
            period_end="day_of_estimate",
        )
    }}
