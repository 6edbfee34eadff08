with
    source as (select * from {{ source("raw", "ons_below_real_living_wage") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,

            area_code,
            area_name,
            -- The sheet says whom the table is about: All, Female, Part-Time, Male Full-Time and so on.
            case
                when sheet = 'All' or sheet in ('Full-Time', 'Part-Time')
                then 'Persons'
                when sheet = 'Male' or sheet like 'Male %'
                then 'Male'
                when sheet = 'Female' or sheet like 'Female %'
                then 'Female'
            end as sex,
            case
                when sheet like '%Full-Time' then 'Full-time' when sheet like '%Part-Time' then 'Part-time'
            end as working_pattern,

            nullif(regexp_extract(title, ': United Kingdom, (20[0-9][0-9])$', 1), '') as year_of_survey,
            coalesce(per_cent, jobs_thousand) as value_text,
            {{ number_of("per_cent") }} as value,
            {{ number_of("jobs_thousand") }} * 1000 as numerator,
            {{ unknown_among(["jobs_thousand"]) }} as is_unknown_beside,
            case when per_cent is null then jobs_thousand else per_cent end as said,
            jobs_thousand,
            shading,
            -- The names of provisional workbooks begin with PROV; those of revised ones do not.
            coalesce(upper(member) like 'PROV%', false) as is_provisional
        from source
    ),

    keyed as (
        select
            *,
            -- The workbook's own key, which is not that of other publishers: x and .. are two reasons to
            -- withhold.
            case
                when said = 'x'
                then 'unreliable'
                when said = '..'
                then 'suppressed'
                when said = ':'
                then 'not_applicable'
                else {{ marker_status("said") }}
            end as marker
        from renamed
    ),

    marked as (
        select
            *,
            case
                when {{ figure_status("marker", "value") }} = 'normal' and is_provisional
                then 'provisional'
                else {{ figure_status("marker", "value") }}
            end as status,
            case when working_pattern is null then 'Total' else 'Working pattern' end as breakdown_type,
            'April ' || year_of_survey as period_label,
            -- The survey asks for the pay period that holds one day of April; the workbook does not say which
            -- day, and the first of the month stands for it.
            make_date({{ digits_of("year_of_survey") }}, 4, 1) as day_of_survey,
            case
                when said = 'x'
                then 'Withheld by the publisher as unreliable: its coefficient of variation is over 20 %.'
                when said = '-'
                then 'Nil or negligible; the publisher gives no number.'
                when value is not null and jobs_thousand = '-'
                then 'The publisher calls the number of jobs nil or negligible.'
                when value is not null and shading is not null
                then
                    'Reliability by the shading of the cell: '
                    || shading
                    || ' (CV is the coefficient of variation).'
            end as status_note
        from keyed
    )

    {{
        staged_figures(
            "marked",
            "sex, breakdown_type, numerator, status, status_note",
            age=none,
            unknown_beside="is_unknown_beside",
            breakdown_value="coalesce(working_pattern, 'Total')",
            period_start="day_of_survey",
            period_end="day_of_survey",
        )
    }}
