with
    read as (
        select
            *,
            {{ whole_number_of("week_number") }} as week_read,
            {{ number_of("mean_of_deaths") }} as mean_read
        from {{ source("raw", "ons_mean_weekly_deaths") }}
    ),

    -- A row is of one place of death; the mean is of all of them.
    summed as (
        select
            vintage_id,
            dataset,
            part,
            min(row_number) as source_row,
            count(*) as source_rows,
            area_code,
            max(area_name) as area_name,
            week_read,
            sum(mean_read) as mean_read,
            count(*) > count(mean_read) as has_no_number,
            count(*) > count(distinct place_of_death) as has_a_place_twice
        from read
        group by vintage_id, dataset, part, area_code, week_read
    ),

    -- The mean stands beside the week of its number in 2020. Of the five years only 2015 has a week 53.
    dated as (
        select
            *,
            case when week_read = 53 then 'week 53 of one year' else 'mean of five years' end as measure,
            {{ ons_week_end("2020", "week_read") }} as period_end,
            case when not has_no_number then mean_read end as value,
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
            period_label="'week ' || cast(week_read as string)",
            period_start="cast(period_end - interval 6 day as date)",
            value_text="cast(value as string)",
        )
    }}
