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
            sex,
            age,
            stratum,

            source.date as period_label,
            try_cast(source.date as date) as period_start,
            metric ilike '%ByWeek' as is_weekly,

            metric_value as value_text,
            try_cast(metric_value as double) as value,
            {{ marker_status("metric_value") }} as marker,
            in_reporting_delay_period
        from source
    ),

    judged as (select *, {{ figure_status("marker", "value") }} as status from renamed)

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    cast(null as string) as measure,
    area_code,
    area_name,
    case sex when 'all' then 'Persons' when 'm' then 'Male' when 'f' then 'Female' end as sex,
    case
        when age = 'all'
        then 'All ages'
        when regexp_extract(age, '^([0-9]+_[0-9]+)$', 1) <> ''
        then concat_ws('-', split_part(age, '_', 1), split_part(age, '_', 2)) || ' yrs'
        else age
    end as age,
    case when stratum = 'default' then 'Total' else 'Stratum' end as breakdown_type,
    case when stratum = 'default' then 'Total' else stratum end as breakdown_value,
    period_label,
    case when is_weekly then '7d' else '1d' end as period_length,
    period_start,
    -- A weekly figure is dated by the Monday of its week.
    case when is_weekly then cast(period_start + interval 6 day as date) else period_start end as period_end,
    value_text,
    value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
    case
        when status = 'normal' and in_reporting_delay_period = 'true' then 'provisional' else status
    end as status,
    case
        when in_reporting_delay_period = 'true'
        then 'The publisher says that reports for these days are still coming in.'
    end as status_note
from judged
