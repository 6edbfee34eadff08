with
    source as (select * from {{ source("raw", "ukhsa_series") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,

            geography_code as area_code,
            geography as area_name,
            source.sex,
            source.age,
            stratum,

            source.date as period_label,
            {{ date_of("source.date") }} as period_start,
            metric ilike '%ByWeek' as is_weekly,

            {{ value_of("metric_value") }},
            lower(trim(in_reporting_delay_period)) as in_reporting_delay_period
        from source
    ),

    published as (select *, {{ figure_status("marker", "value") }} as status_published from renamed),

    judged as (
        select
            *,
            -- A weekly figure is dated by the Monday of its week.
            case
                when is_weekly then cast(period_start + interval 6 day as date) else period_start
            end as period_end,
            case
                when coalesce(in_reporting_delay_period, '') not in ('', 'true', 'false')
                then 'unknown_marker'
                when status_published = 'normal' and in_reporting_delay_period = 'true'
                then 'provisional'
                else status_published
            end as status,
            case
                when in_reporting_delay_period = 'true'
                then 'The publisher says that reports for these days are still coming in.'
            end as status_note
        from published
    )

    {{
        staged_figures(
            "judged",
            "sex, age, status, status_note",
            breakdown_type="case when stratum = 'default' then 'Total' else 'Stratum' end",
            breakdown_value="case when stratum = 'default' then 'Total' else stratum end",
            period_length="case when is_weekly then '7d' else '1d' end",
        )
    }}
