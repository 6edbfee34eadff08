with
    source as (select * from {{ source("raw", "ees_neet_16_17") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            {{ ees_area_code("source") }} as area_code,
            {{ ees_area_name("source") }} as area_name,
            -- The dashboard's file has totals only and does not say so.
            coalesce(lower(trim(characteristic_grouping)), 'total') as topic,
            trim(characteristic) as category,
            lower(trim(age)) in ('16-17', '16 to 17') as is_both_ages,
            age,
            time_period,
            neet_not_known_percent,
            neet_percent,
            try_cast(avgneetnk as double) as neet_not_known_count,
            try_cast(avgneet as double) as neet_count,
            try_cast(cohort_count as double) as cohort_count
        from source
    ),

    measured as (
        {% for measure, numerator in [
            ("neet_not_known_percent", "neet_not_known_count"),
            ("neet_percent", "neet_count"),
        ] %}
            select
                *,
                '{{ measure }}' as measure_name,
                {{ measure }} as value_text,
                try_cast({{ measure }} as double) as value,
                {{ numerator }} as numerator,
                {{ marker_status(measure) }} as marker
            from renamed
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    dated as (
        select
            *,
            topic in ('total', 'sex', 'gender') as is_total,
            -- The average of December to February carries the year of that January.
            make_date(
                try_cast(nullif(regexp_extract(trim(time_period), '^([0-9]{4})$', 1), '') as int) - 1, 12, 1
            ) as period_start
        from measured
    )

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    case
        when is_total and is_both_ages then measure_name else measure_name || ' of other groups'
    end as measure,
    area_code,
    area_name,
    case when topic in ('sex', 'gender') then {{ ees_sex("category") }} else 'Persons' end as sex,
    case when is_both_ages then '16-17 yrs' else age || ' yrs' end as age,
    case when is_total then 'Total' else topic end as breakdown_type,
    case when is_total then 'Total' else category end as breakdown_value,
    time_period as period_label,
    '3m' as period_length,
    period_start,
    {{ months_end("period_start", "3") }} as period_end,
    value_text,
    value,
    case when value is not null then numerator end as numerator,
    cohort_count as denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
    {{ figure_status("marker", "value") }} as status,
    cast(null as string) as status_note
from dated
