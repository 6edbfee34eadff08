with
    read as (
        select
            *,
            concat_ws(', ', cause_of_death_code, registration_or_occurrence_code) as measure,
            {{ whole_number_of("calendar_years_code") }} as year_of_week,
            {{ whole_number_of("nullif(regexp_extract(week_number_code, '^week-([0-9]{1,2})$', 1), '')") }}
            as week_number,
            {{ number_of("observation") }} as deaths
        from {{ source("raw", "ons_weekly_deaths") }}
    ),

    -- A row is of one place of death; the figure is of all of them.
    summed as (
        select
            vintage_id,
            dataset,
            part,
            min(row_number) as source_row,
            count(*) as source_rows,
            measure,
            administrative_geography_code as area_code,
            max(geography) as area_name,
            min(calendar_years_code) as calendar_years_code,
            min(week_number_code) as week_number_code,
            year_of_week,
            week_number,
            sum(deaths) as deaths,
            -- A place without a number leaves the sum unknown, and one that comes twice makes it too large.
            count(*) > count(deaths) as has_no_number,
            count(*) > count(distinct place_of_death_code) as has_a_place_twice
        from read
        group by vintage_id, dataset, part, measure, administrative_geography_code, year_of_week, week_number
    ),

    dated as (
        select
            *,
            {{ ons_week_end("year_of_week", "week_number") }} as period_end,
            case when not has_no_number then deaths end as value,
            case
                when has_a_place_twice then 'unknown_marker' when has_no_number then 'not_available'
            end as marker
        from summed
    )

    {{
        staged_figures(
            "dated",
            "source_rows, measure, period_end",
            sex=none,
            age=none,
            period_label="concat_ws(', ', calendar_years_code, week_number_code)",
            period_start="cast(period_end - interval 6 day as date)",
            value_text="cast(value as string)",
        )
    }}
