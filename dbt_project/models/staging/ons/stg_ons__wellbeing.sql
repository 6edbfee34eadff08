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
            {{ number_of("observation") }} as value,
            {{ number_of("lower_limit") }} as lci_95,
            {{ number_of("upper_limit") }} as uci_95,
            {{ unknown_among(["lower_limit", "upper_limit"]) }} as is_unknown_beside,
            {{ word_status("source.data_marking") }} as word,
            {{ marker_status("source.observation") }} as cell_marker
        from source
    ),

    marked as (select *, {{ either_status("word", "cell_marker") }} as marker from renamed),

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
        from marked
    )

    {{
        staged_figures(
            "dated",
            "measure, lci_95, uci_95, status_note",
            unknown_beside="is_unknown_beside",
            sex=none,
            age=none,
            period_length="case when period_start is not null then '1y' end",
            period_end=years_end("period_start", "1"),
        )
    }}
