with
    source as (select * from {{ source("raw", "ons_els_data") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,

            areacd as area_code,
            areanm as area_name,
            sex,
            age,

            period as period_label,
            try_cast(split_part(period, '/', 1) as date) as period_start,
            split_part(period, '/', 2) as duration,
            try_cast(nullif(regexp_extract(period, '/P([0-9]+)Y$', 1), '') as int) as duration_years,
            try_cast(nullif(regexp_extract(period, '/P([0-9]+)M$', 1), '') as int) as duration_months,

            value as value_text,
            try_cast(value as double) as value,
            try_cast(lci_95 as double) as lci_95,
            try_cast(uci_95 as double) as uci_95,
            coalesce({{ marker_status("source.status") }}, {{ marker_status("source.value") }}) as marker
        from source
    ),

    dated as (
        select
            *,
            case
                when duration = ''
                then period_start
                when duration_years is not null
                then {{ years_end("period_start", "duration_years") }}
                when duration_months is not null
                then {{ months_end("period_start", "duration_months") }}
            end as period_end,
            case
                when marker = 'unreliable' then 'The publisher marks this estimate as of low reliability.'
            end as status_note
        from renamed
    )

    {{
        staged_figures(
            "dated",
            "sex, age, lci_95, uci_95, status_note",
            period_length="case when duration_years is not null then concat_ws('', duration_years, 'y') end",
        )
    }}
