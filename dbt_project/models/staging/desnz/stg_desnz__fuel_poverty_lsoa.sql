with
    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            area_code,
            area_name,
            {{ fuel_poverty_year("title") }} as period_label,
            share_in_fuel_poverty,
            try_cast(households_in_fuel_poverty as double) as numerator,
            try_cast(households as double) as denominator
        from {{ source("raw", "desnz_fuel_poverty_lsoa") }}
    ),

    dated as (select *, try_cast(period_label as int) as year from renamed)

    {{
        staged_figures(
            "dated",
            "numerator, denominator",
            cell="share_in_fuel_poverty",
            sex="'Persons'",
            age="'All ages'",
            period_length="case when year is not null then '1y' end",
            period_start="make_date(year, 1, 1)",
            period_end="make_date(year, 12, 31)",
        )
    }}
