{#- The sub-regional tables of districts and of small areas have the same columns under the same title. -#}
{% macro staged_fuel_poverty(table) %}
    with
        source as (select * from {{ source("raw", table) }}),

        -- The year of the figures stands in the title: "Table 2: Fuel poor households ..., 2020 [Notes 3 and
        -- 4]". The
        -- year of the edition, which may stand beside it, is two years later: "2026 (2024 data)".
        renamed as (
            select
                vintage_id,
                dataset,
                part,
                row_number as source_row,
                area_code,
                area_name,
                coalesce(
                    nullif(regexp_extract(title, '(20[0-9]{2}) data', 1), ''),
                    nullif(regexp_extract(title, ', *(20[0-9]{2})', 1), '')
                ) as period_label,
                share_in_fuel_poverty as value_text,
                {{ marker_status("source.share_in_fuel_poverty") }} as marker,
                try_cast(share_in_fuel_poverty as double) as value,
                try_cast(households_in_fuel_poverty as double) as numerator,
                try_cast(households as double) as denominator
            from source
        ),

        dated as (select *, try_cast(period_label as int) as year from renamed)

    select
        vintage_id,
        dataset,
        part,
        source_row,
        1 as source_rows,
        cast(null as string) as measure,
        area_code,
        area_name,
        'Persons' as sex,
        'All ages' as age,
        'Total' as breakdown_type,
        'Total' as breakdown_value,
        period_label,
        case when year is not null then '1y' end as period_length,
        case when year is not null then make_date(year, 1, 1) end as period_start,
        case when year is not null then make_date(year, 12, 31) end as period_end,
        value_text,
        value,
        numerator,
        denominator,
        cast(null as double) as lci_95,
        cast(null as double) as uci_95,
        cast(null as double) as lci_998,
        cast(null as double) as uci_998,
        {{ figure_status("marker", "value") }} as status,
        cast(null as string) as status_note
    from dated
{% endmacro %}
