with
    source as (select * from {{ source("raw", "ees_key_stage_4") }}),

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
            -- How the totals of all state-funded schools are called could be seen for some releases
            -- only; rows of any other kind of school are no figures of ours.
            coalesce(lower(trim(establishment_type_group)), 'total') in (
                'total',
                'all state-funded',
                'all state-funded schools',
                'state-funded schools',
                'state-funded schools (la)'
            ) as is_all_schools,
            lower(trim(version)) as version,
            time_period,
            time_identifier,
            {{ ees_year_label("time_period") }} as year_label,
            attainment8_average,
            progress8_average,
            progress8_lower_95_ci,
            progress8_upper_95_ci,
            pupil_count,
            progress8_pupil_count
        from source
    ),

    grouped as (
        select
            *,
            -- A figure of boys is a total of boys: its topic says `Sex`, and so does its column.
            lower(topic) in ('total', 'sex', 'gender') as is_total,
            {{ ees_is_free_school_meals("topic") }}
            and lower(topic) not like '% and %' as is_free_school_meals,
            lower(topic) like '%disadvantage%' and lower(topic) not like '% and %' as is_disadvantage,
            {{ ees_year_start("year_label", "time_identifier") }} as period_start
        from renamed
    ),

    measured as (
        {% for measure, pupils, lower_limit, upper_limit in [
            ("attainment8_average", "pupil_count", "cast(null as string)", "cast(null as string)"),
            (
                "progress8_average",
                "progress8_pupil_count",
                "progress8_lower_95_ci",
                "progress8_upper_95_ci",
            ),
        ] %}
            select
                *,
                '{{ measure }}' as measure_name,
                {{ value_of(measure) }},
                {{ number_of(pupils) }} as denominator,
                {{ number_of(lower_limit) }} as lci_95,
                {{ number_of(upper_limit) }} as uci_95,
                {{ unknown_among([pupils, lower_limit, upper_limit]) }} as is_unknown_beside,
                {% if measure == "progress8_average" %}
                    time_period in ('201920', '202021', '202425', '202526')
                {% else %} false
                {% endif %} as is_missing_year
            from grouped
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    described as (
        select
            *,
            case
                when is_all_schools and (is_total or is_free_school_meals or is_disadvantage)
                then measure_name
                else measure_name || ' of other groups'
            end as measure,
            case
                when is_total
                then 'Total'
                when is_free_school_meals
                then 'Free school meals'
                when is_disadvantage
                then 'Disadvantage'
                else topic
            end as breakdown_type,
            case
                when is_total
                then 'Total'
                when is_free_school_meals
                then {{ ees_eligible("category") }}
                when is_disadvantage and (lower(category) like 'not %' or lower(category) like '%all other%')
                then 'Not disadvantaged'
                when is_disadvantage and lower(category) like 'disadvantaged%'
                then 'Disadvantaged'
                else category
            end as breakdown_value,
            case
                when coalesce(version, '') not in ('', 'provisional', 'p', 'revised', 'r', 'final', 'f')
                then 'unknown_marker'
                when is_missing_year and value is null and coalesce(marker, '') <> 'unknown_marker'
                then 'not_published'
                when marker is null and value is not null and version in ('provisional', 'p')
                then 'provisional'
                else {{ figure_status("marker", "value") }}
            end as status,
            case
                when is_missing_year and time_period in ('201920', '202021')
                then 'Progress 8 was not published: there were no examinations.'
                when is_missing_year
                then 'Progress 8 was not published: these pupils took no key stage 2 assessments.'
                when time_period in ('201920', '202021')
                then 'Grades were not set by examinations; not comparable with other years.'
            end as status_note
        from measured
    )

    -- No numerators: the averages are over pupils, and the sums of points are not a count of anybody. The
    -- denominator is
    -- the pupils whom the average is over, where the release says how many.
    {{
        staged_figures(
            "described",
            "measure, sex, breakdown_type, breakdown_value, denominator, lci_95, uci_95, status, status_note",
            age="'15-16 yrs'",
            unknown_beside="is_unknown_beside",
            period_label="time_period",
            period_length="'1y'",
            period_end=years_end("period_start", "1"),
        )
    }}
