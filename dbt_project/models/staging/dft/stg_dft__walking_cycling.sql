{#- The words of CW0301's three dimensions are known from programs that read it, "Any" and "At least 5 times per
    week"; the others are taken to be of the same form. A word that is not known makes a measure that nobody
    asks for, so that the indicator stays empty and no other figure takes its place. -#}
with
    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            area_code,
            area_name,
            lower(trim(mode)) as mode,
            lower(trim(purpose)) as purpose,
            replace(
                replace(lower(trim(frequency)), 'three times', '3 times'), 'five times', '5 times'
            ) as frequency,
            key as period_label,
            try_cast(key as int) as year,
            {{ value_of("share_of_adults") }}
        from {{ source("raw", "dft_walking_cycling") }}
    ),

    named as (
        select
            *,
            case
                when
                    coalesce(mode, '') = '' or mode like 'any%' or (mode like '%walk%' and mode like '%cycl%')
                then ''
                else mode || ' only, '
            end as mode_text,
            case
                when purpose like '%travel%' then 'travel' else coalesce(nullif(purpose, ''), 'no purpose')
            end as purpose_text
        from renamed
    )

    -- The survey's years run from mid-November; the table names them after the year in which they end.
    {{
        staged_figures(
            "named",
            measure="mode_text || purpose_text || ', ' || coalesce(nullif(frequency, ''), 'no frequency')",
            sex="'Persons'",
            age="'16+ yrs'",
            period_length="case when year is not null then '1y' end",
            period_start="make_date(year - 1, 11, 16)",
            period_end="make_date(year, 11, 15)",
        )
    }}
