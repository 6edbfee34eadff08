with
    source as (select * from {{ source("raw", "fingertips_indicator_data") }}),

    -- A dataset may give several indicators; its labels are the same for all of them.
    dataset as (
        select distinct dataset, period_month, period_day from {{ source("raw", "catalogue_dataset") }}
    ),

    renamed as (
        select
            source.vintage_id,
            source.dataset,
            source.part,
            source.row_number as source_row,

            source.area_code,
            source.area_name,
            case when source.sex = 'Not applicable' then 'Persons' else source.sex end as sex,
            source.age,
            nullif(trim(source.category_type), '') as category_type,
            nullif(trim(source.category), '') as category,

            source.time_period as period_label,
            nullif(trim(source.time_period_range), '') as period_length,
            {{ label_years("source.time_period") }} as period_years,
            {{ label_start("source.time_period", "dataset.period_month", "dataset.period_day") }}
            as period_start,

            {{ value_of("source.value") }},
            {{ number_of("source.count") }} as numerator,
            {{ number_of("source.denominator") }} as denominator,
            {{ number_of("source.lower_ci_95_0_limit") }} as lci_95,
            {{ number_of("source.upper_ci_95_0_limit") }} as uci_95,
            {{ number_of("source.lower_ci_99_8_limit") }} as lci_998,
            {{ number_of("source.upper_ci_99_8_limit") }} as uci_998,
            {{
                unknown_among(
                    [
                        "source.count",
                        "source.denominator",
                        "source.lower_ci_95_0_limit",
                        "source.upper_ci_95_0_limit",
                        "source.lower_ci_99_8_limit",
                        "source.upper_ci_99_8_limit",
                    ]
                )
            }} as is_unknown_beside,
            source.value_note,
            {{ publisher_outcome("source.compared_to_england_value_or_percentiles") }} as publisher_outcome,

            -- A page is a kind of area, the newest first. The kinds before have the same figures for other
            -- boundaries.
            coalesce(source.page > min(source.page) over same_figure, false) as is_superseded
        from source
        inner join dataset on source.dataset = dataset.dataset
        window
            same_figure as (
                partition by
                    source.vintage_id,
                    source.area_code,
                    source.sex,
                    source.age,
                    source.category_type,
                    source.category,
                    source.time_period,
                    source.time_period_range
            )
    ),

    judged as (
        select
            *,
            case
                -- A note explains an empty cell; it does not make a number of what is none.
                when marker = 'unknown_marker'
                then marker
                when value_note ilike '%suppressed%' or value_note ilike '%disclosure%'
                then 'suppressed'
                when
                    value_note ilike '%not presented%'
                    or value_note ilike '%data quality%'
                    or value_note ilike '%not published%'
                then {{ figure_status("marker", "value", absent="'not_published'") }}
                when marker is null and value is not null and value_note ilike '%is estimated%'
                then 'estimated'
                else {{ figure_status("marker", "value") }}
            end as status
        from renamed
    )

    -- A label that is not understood has no length; it must not pass for a length that is not wanted.
    {{
        staged_figures(
            "judged",
            "sex, age, numerator, denominator, lci_95, uci_95, lci_998, uci_998, status, publisher_outcome, is_superseded",
            unknown_beside="is_unknown_beside",
            breakdown_type="coalesce(category_type, 'Total')",
            breakdown_value="case when category_type is null then 'Total' else category end",
            period_length="coalesce(period_length, cast(period_years as string) || 'y')",
            period_end=years_end("period_start", "period_years"),
            status_note="value_note",
        )
    }}
