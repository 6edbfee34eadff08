with
    source as (select * from {{ source("raw", "ees_early_years") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            {{ ees_area_code("source") }} as area_code,
            {{ ees_area_name("source") }} as area_name,
            sex,
            trim(breakdown_topic) as topic,
            trim(breakdown) as category,
            time_period,
            time_identifier,
            {{ ees_year_label("time_period") }} as year_label,
            {{ value_of("gld_children_percent") }},
            {{ number_of("gld_children_count") }} as numerator,
            {{ number_of("children_count") }} as denominator,
            {{ unknown_among(["gld_children_count", "children_count"]) }} as is_unknown_beside
        from source
    ),

    grouped as (
        select
            *,
            lower(topic) = 'total' as is_total,
            {{ ees_is_free_school_meals("topic") }} as is_free_school_meals,
            {{ ees_year_start("year_label", "time_identifier") }} as period_start,
            -- Nobody was assessed in the two summers of the pandemic.
            time_period in ('201920', '202021') as is_missing_year
        from renamed
    ),

    described as (
        select
            *,
            case
                when is_total or is_free_school_meals
                then 'gld_children_percent'
                else 'gld_children_percent of other groups'
            end as measure,
            case
                when is_total then 'Total' when is_free_school_meals then 'Free school meals' else topic
            end as breakdown_type,
            case
                when is_total
                then 'Total'
                when is_free_school_meals
                then {{ ees_eligible("category") }}
                else category
            end as breakdown_value,
            case
                when value is not null and time_period = '202122'
                then 'break'
                when is_missing_year and value is null and coalesce(marker, '') <> 'unknown_marker'
                then 'not_published'
                else {{ figure_status("marker", "value") }}
            end as status,
            case
                when time_period = '202122'
                then 'The framework and its early learning goals changed; earlier years are not comparable.'
                when is_missing_year
                then 'Assessments were cancelled because of the pandemic.'
            end as status_note
        from grouped
    )

    {{
        staged_figures(
            "described",
            "measure, sex, breakdown_type, breakdown_value, denominator, status, status_note",
            age="'5 yrs'",
            period_label="time_period",
            period_length="'1y'",
            period_end=years_end("period_start", "1"),
            numerator="case when value is not null then numerator end",
            unknown_beside="is_unknown_beside",
        )
    }}
