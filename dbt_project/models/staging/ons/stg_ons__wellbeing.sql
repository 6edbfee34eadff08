with
    source as (select * from {{ source("raw", "ons_wellbeing") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,

            administrative_geography_code as area_code,
            geography as area_name,
            lower(measure_of_wellbeing) || ': ' || lower(wellbeing_estimate_code) as measure,

            source.time as period_label,
            -- Published as 2022-23, which elsewhere is 2022/23.
            concat_ws('/', left(source.time, 4), right(source.time, 2)) as year_label,

            observation as value_text,
            try_cast(observation as double) as value,
            try_cast(lower_limit as double) as lci_95,
            try_cast(upper_limit as double) as uci_95,
            coalesce(
                {{ marker_status("source.data_marking") }}, {{ marker_status("source.observation") }}
            ) as marker
        from source
    ),

    dated as (
        select
            *,
            case
                when regexp_extract(period_label, '^([0-9]{4}[-/][0-9]{2})$', 1) <> ''
                then {{ label_start("year_label", 4, 1) }}
            end as period_start,
            case
                when marker = 'unreliable' then 'The publisher marks this estimate as of low reliability.'
            end as status_note
        from renamed
    )

    {{
        staged_figures(
            "dated",
            "measure, lci_95, uci_95, status_note",
            sex=none,
            age=none,
            period_length="case when period_start is not null then '1y' end",
            period_end=years_end("period_start", "1"),
        )
    }}
