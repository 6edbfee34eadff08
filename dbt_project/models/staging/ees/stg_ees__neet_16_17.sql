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
            {{ age_words("age") }} = '16-17 yrs' as is_both_ages,
            age,
            time_period,
            neet_not_known_percent,
            neet_percent,
            avgneetnk as neet_not_known_count,
            avgneet as neet_count,
            cohort_count
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
                {{ value_of(measure) }},
                {{ number_of(numerator) }} as numerator,
                {{ number_of("cohort_count") }} as denominator,
                {{ unknown_among([numerator, "cohort_count"]) }} as is_unknown_beside
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
                {{ digits_of("nullif(regexp_extract(trim(time_period), '^([0-9]{4})$', 1), '')") }} - 1, 12, 1
            ) as period_start
        from measured
    ),

    described as (
        select
            *,
            case
                when is_total and is_both_ages then measure_name else measure_name || ' of other groups'
            end as measure,
            case when topic in ('sex', 'gender') then category else 'Persons' end as sex
        from dated
    )

    {{
        staged_figures(
            "described",
            "measure, sex, age, denominator",
            unknown_beside="is_unknown_beside",
            breakdown_type="case when is_total then 'Total' else topic end",
            breakdown_value="case when is_total then 'Total' else category end",
            period_label="time_period",
            period_length="'3m'",
            period_end=months_end("period_start", "3"),
            numerator="case when value is not null then numerator end",
        )
    }}
