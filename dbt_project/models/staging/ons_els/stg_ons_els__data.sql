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
            {{ date_of("split_part(period, '/', 1)") }} as period_start,
            split_part(period, '/', 2) as duration,
            {{ whole_number_of("regexp_extract(period, '/P([0-9]+)Y$', 1)") }} as duration_years,
            {{ whole_number_of("regexp_extract(period, '/P([0-9]+)M$', 1)") }} as duration_months,

            value as value_text,
            {{ number_of("source.value") }} as value,
            {{ number_of("source.lci_95") }} as lci_95,
            {{ number_of("source.uci_95") }} as uci_95,
            {{ unknown_among(["source.lci_95", "source.uci_95"]) }} as is_unknown_beside,
            {{ word_status("source.status") }} as word,
            {{ marker_status("source.value") }} as cell_marker
        from source
    ),

    marked as (select *, {{ either_status("word", "cell_marker") }} as marker from renamed),

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
        from marked
    )

    {{
        staged_figures(
            "dated",
            "sex, age, lci_95, uci_95, status_note",
            unknown_beside="is_unknown_beside",
            period_length="case when duration_years is not null then concat_ws('', duration_years, 'y') end",
        )
    }}
