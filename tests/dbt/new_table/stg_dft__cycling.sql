{{
    staged_figures(
        source("raw", "dft_cycling"),
        cell="share_of_adults",
        source_row="row_number",
        measure="lower(trim(purpose))",
        sex="'Persons'",
        age="'16+ yrs'",
        period_label="key",
        period_start="make_date(" ~ whole_number_of("key") ~ " - 1, 11, 16)",
        period_end="make_date(" ~ whole_number_of("key") ~ ", 11, 15)",
    )
}}
