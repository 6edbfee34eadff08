with
    source as (select * from {{ source("raw", "nomis_data") }}),

    -- A dataset may give several indicators; its periods are the same for all of them.
    dataset as (
        select distinct dataset, period_month, period_day, period_years
        from {{ source("raw", "catalogue_dataset") }}
    ),

    -- What a row is to its figure: the value itself, or one of the things that stand beside it.
    told_apart as (
        select
            source.*,
            case
                when jtype_name ilike '%non-permanent%'
                then 'non_permanent'
                when jtype_name ilike '%permanent%'
                then 'permanent'
                when jtype_name is not null
                then 'all_employees'
                when measures in ('20599', '20301')
                then 'value'
                when measures = '21001' or (measures = '20100' and households_children is not null)
                then 'numerator'
                when measures = '21002'
                then 'denominator'
                -- Half the width of the 95 % interval, except for pay, where it is the coefficient of
                -- variation.
                when measures = '21003' or (measures = '20701' and pay is null)
                then 'confidence'
                when measures = '20701'
                then 'variation'
                when measures = '20100'
                then 'value'
                else 'not_known'
            end as role,
            case
                when obs_status_name ilike '%unreliable%'
                then 'unreliable'
                when
                    obs_status_name ilike '%suppress%'
                    or obs_status_name ilike '%disclos%'
                    or obs_status_name ilike '%confidential%'
                then 'suppressed'
                when
                    obs_status_name ilike '%not available%'
                    or obs_status_name ilike '%unavailable%'
                    or obs_status_name ilike '%missing%'
                    or obs_status_name ilike '%no data%'
                then 'not_available'
                when obs_status_name ilike '%provisional%' or obs_status = 'P'
                then 'provisional'
                when obs_status_name ilike '%revis%' or obs_status = 'R'
                then 'revised'
                when obs_status_name ilike '%estimat%' or obs_status in ('E', 'F')
                then 'estimated'
                when obs_status_name ilike '%break%' or obs_status = 'B'
                then 'break'
                when
                    (obs_status = 'A' or coalesce(trim(obs_status), '') = '')
                    and coalesce(lower(trim(obs_status_name)), '') in ('', 'normal value')
                then null
                else 'unknown_marker'
            end as word,
            {{ marker_status("source.obs_value") }} as cell_marker
        from source
    ),

    marked as (select *, {{ either_status("word", "cell_marker") }} as marker from told_apart),

    -- One for all rows that differ in nothing but what they are to the figure.
    bundle as (
        select
            vintage_id,
            dataset,
            part,
            min(row_number) as source_row,
            count(*) as source_rows,
            -- Rows that say two things of one figure: nobody here can choose.
            count(distinct concat_ws('|', role, coalesce(obs_value, ''), coalesce(obs_status_name, '')))
            > count(distinct role)
            or max(case when role = 'not_known' then 1 else 0 end) = 1 as is_contradictory,
            max(case when role <> 'value' and marker = 'unknown_marker' then 1 else 0 end)
            = 1 as is_unknown_beside,

            coalesce(measure, c_age) as measure,
            geography_code as area_code,
            max(geography_name) as area_name,
            coalesce(max(gender_name), max(c_sex_name), max(sex_name)) as sex,
            coalesce(max(c_age_name), max(age_name)) as age,
            date_name as period_label,

            max(case when role = 'value' then obs_value end) as value_text,
            max(case when role = 'value' then marker end) as value_marker,
            max(case when role = 'value' and obs_status <> 'A' then obs_status_name end) as value_note,
            {{ number_of("max(case when role = 'numerator' then obs_value end)") }} as numerator,
            {{ number_of("max(case when role = 'denominator' then obs_value end)") }} as denominator,
            {{ number_of("max(case when role = 'confidence' then obs_value end)") }} as confidence,
            {{ number_of("max(case when role = 'variation' then obs_value end)") }} as variation,

            max(case when role in ('permanent', 'non_permanent', 'all_employees') then 1 else 0 end)
            = 1 as is_of_jobs,
            {{ number_of("max(case when role = 'all_employees' then obs_value end)") }} as employees,
            max(case when role = 'all_employees' then marker end) as employees_marker,
            {{ number_of("max(case when role = 'permanent' then obs_value end)") }} as permanent,
            max(case when role = 'permanent' then marker end) as permanent_marker,
            {{ number_of("max(case when role = 'non_permanent' then obs_value end)") }} as non_permanent,
            max(case when role = 'non_permanent' then marker end) as non_permanent_marker
        from marked
        group by
            vintage_id,
            dataset,
            part,
            geography_code,
            geography_type,
            date_name,
            variable,
            gender,
            c_sex,
            sex,
            c_age,
            age,
            item,
            pay,
            measure,
            ftpt,
            etype,
            soc2020_full,
            combined_ea_status,
            households_children
    ),

    figure as (
        select
            *,
            'Total' as breakdown_type,
            'Total' as breakdown_value,
            value_text as figure_text,
            {{ number_of("value_text") }} as figure_value,
            numerator as figure_numerator,
            denominator as figure_denominator,
            case
                when value_marker is null and variation > 20 then 'unreliable' else value_marker
            end as figure_marker,
            case
                when value_marker is null and variation > 20
                then 'Coefficient of variation above 20 %.'
                else value_note
            end as note
        from bundle
        where not is_of_jobs

        union all
        select
            *,
            'Total' as breakdown_type,
            'Total' as breakdown_value,
            cast(null as string) as figure_text,
            case when employees > 0 then 100 * non_permanent / employees end as figure_value,
            non_permanent as figure_numerator,
            employees as figure_denominator,
            coalesce(non_permanent_marker, employees_marker) as figure_marker,
            'Share of all employees, worked out from the published counts.' as note
        from bundle
        where is_of_jobs

        union all
        select
            *,
            'Permanence' as breakdown_type,
            'Permanent' as breakdown_value,
            cast(null as string) as figure_text,
            case when employees > 0 then 100 * permanent / employees end as figure_value,
            permanent as figure_numerator,
            employees as figure_denominator,
            coalesce(permanent_marker, employees_marker) as figure_marker,
            'Share of all employees, worked out from the published counts.' as note
        from bundle
        where is_of_jobs
    ),

    dated as (
        select
            figure.*,
            dataset.period_years,
            case
                -- Jul 2024-Jun 2025
                when
                    regexp_extract(period_label, '^([A-Z][a-z]{2} [0-9]{4}-[A-Z][a-z]{2} [0-9]{4})$', 1) <> ''
                then 'months'
                -- January 2018
                when regexp_extract(period_label, '^([A-Z][a-z]{2,8} [0-9]{4})$', 1) <> ''
                then 'month'
                when regexp_extract(period_label, '^([0-9]{4})$', 1) <> ''
                then 'year'
            end as period_form,
            make_date(
                {{ digits_of("nullif(regexp_extract(period_label, '^([0-9]{4})$', 1), '')") }},
                dataset.period_month,
                dataset.period_day
            ) as year_start,
            {{
                month_of_label(
                    "left(period_label, 3)", "regexp_extract(period_label, '^[A-Z][a-z]+ ([0-9]{4})', 1)"
                )
            }} as first_month,
            {{ month_of_label("substring(period_label, 10, 3)", "right(period_label, 4)") }} as last_month
        from figure
        left join dataset on figure.dataset = dataset.dataset
    ),

    with_period as (
        select
            *,
            case when period_form = 'year' then year_start else first_month end as period_start,
            case
                when period_form = 'months' and last_month >= first_month
                then {{ months_end("last_month", "1") }}
                when period_form = 'month'
                then {{ months_end("first_month", "1") }}
                when period_form = 'year' and period_years = 0
                then year_start
                when period_form = 'year'
                then {{ years_end("year_start", "period_years") }}
            end as period_end
        from dated
    ),

    described as (
        select
            *,
            case
                when {{ period_months("period_start", "period_end") }} = 12 and period_form <> 'month'
                then '1y'
            end as period_length,
            case
                when is_contradictory
                then 'unknown_marker'
                else {{ figure_status("figure_marker", "figure_value") }}
            end as status
        from with_period
    )

    {{
        staged_figures(
            "described",
            "source_rows, measure, breakdown_type, breakdown_value, period_length, status",
            sex="sex",
            age="age",
            unknown_beside="is_unknown_beside",
            value_text="figure_text",
            value="figure_value",
            numerator="figure_numerator",
            denominator="figure_denominator",
            lci_95="figure_value - confidence",
            uci_95="figure_value + confidence",
            status_note="note",
        )
    }}
