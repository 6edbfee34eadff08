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
            {{ ees_sex("sex") }} as sex,
            trim(breakdown_topic) as topic,
            trim(breakdown) as category,
            time_period,
            {{ ees_year_label("time_period") }} as year_label,
            gld_children_percent as value_text,
            try_cast(gld_children_percent as double) as value,
            try_cast(gld_children_count as double) as numerator,
            try_cast(children_count as double) as denominator,
            {{ marker_status("gld_children_percent") }} as marker
        from source
    ),

    grouped as (
        select
            *,
            lower(topic) = 'total' as is_total,
            {{ ees_is_free_school_meals("topic") }} as is_free_school_meals,
            {{ label_start("year_label", "9", "1") }} as period_start,
            -- Nobody was assessed in the two summers of the pandemic.
            time_period in ('201920', '202021') as is_missing_year
        from renamed
    )

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    case
        when is_total or is_free_school_meals
        then 'gld_children_percent'
        else 'gld_children_percent of other groups'
    end as measure,
    area_code,
    area_name,
    sex,
    '5 yrs' as age,
    case
        when is_total then 'Total' when is_free_school_meals then 'Free school meals' else topic
    end as breakdown_type,
    case
        when is_total then 'Total' when is_free_school_meals then {{ ees_eligible("category") }} else category
    end as breakdown_value,
    time_period as period_label,
    '1y' as period_length,
    period_start,
    {{ years_end("period_start", "1") }} as period_end,
    value_text,
    value,
    case when value is not null then numerator end as numerator,
    denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
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
