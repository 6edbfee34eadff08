{#- The words of CW0301's three dimensions are known from programs that read it, "Any" and "At least 5 times per
    week"; the others are taken to be of the same form. A word that is not known makes a measure that nobody
    asks for, so that the indicator stays empty and no other figure takes its place. -#}
with
    worded as (
        select
            *,
            row_number as source_row,
            coalesce(lower(trim(mode)), '') as mode_words,
            lower(trim(purpose)) as purpose_words,
            replace(
                replace(lower(trim(frequency)), 'three times', '3 times'), 'five times', '5 times'
            ) as frequency_words,
            {{ whole_number_of("key") }} as year
        from {{ source("raw", "dft_walking_cycling") }}
    ),

    measured as (
        select
            *,
            case
                when
                    mode_words = ''
                    or mode_words like 'any%'
                    or (mode_words like '%walk%' and mode_words like '%cycl%')
                then ''
                else mode_words || ' only, '
            end || case
                when purpose_words like '%travel%'
                then 'travel'
                else coalesce(nullif(purpose_words, ''), 'no purpose')
            end
            || ', '
            || coalesce(nullif(frequency_words, ''), 'no frequency') as measure
        from worded
    )

    -- The survey's years run from mid-November; the table names them after the year in which they end.
    {{
        staged_figures(
            "measured",
            "measure",
            cell="share_of_adults",
            sex="'Persons'",
            age="'16+ yrs'",
            period_label="key",
            period_length="case when year is not null then '1y' end",
            period_start="make_date(year - 1, 11, 16)",
            period_end="make_date(year, 11, 15)",
        )
    }}
