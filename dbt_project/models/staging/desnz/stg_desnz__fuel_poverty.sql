with
    dated as ({{ fuel_poverty_rows(source("raw", "desnz_fuel_poverty")) }})

    {{
        staged_figures(
            "dated",
            "numerator, denominator",
            cell="share_in_fuel_poverty",
            unknown_beside="is_unknown_beside",
            sex="'Persons'",
            age="'All ages'",
            period_length="case when year is not null then '1y' end",
            period_start="make_date(year, 1, 1)",
            period_end="make_date(year, 12, 31)",
        )
    }}
