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
            {{ age_words("age_published") }} as age,
            'mid-' || year_of_estimate as period_label,
            make_date({{ digits_of("year_of_estimate") }}, 6, 30) as day_of_estimate
        from renamed
    )

    -- Only the total is an indicator; single years of age are staged beside it.
    {{
        staged_figures(
            "dated",
            "sex, age",
            cell="population",
            measure="case when age = 'All ages' then age else 'Single year of age' end",
            period_start="day_of_estimate",
            period_end="day_of_estimate",
        )
    }}
