with
    used as (
        select period_id, period_start, period_end
        from {{ ref("fct_observation_history") }}
        union
        -- Of neighbourhoods only the gradient comes here.
        select period_id, period_start, period_end
        from {{ ref("int_gradient") }}
        union
        select
            concat_ws('/', cast(expected_start as string), cast(expected_end as string)) as period_id,
            expected_start as period_start,
            expected_end as period_end
        from {{ source("raw", "catalogue_dataset") }}
    ),

    measured as (
        select
            period_id,
            period_start,
            period_end,
            {{ period_months("period_start", "period_end") }} as months,
            cast(extract(year from period_start) as int) as first_year,
            cast(extract(year from period_end) as int) as last_year,
            cast(extract(month from period_start) as int) as first_month
        from used
    ),

    typed as (
        select
            *,
            case
                when period_start = period_end
                then 'snapshot'
                when period_end = cast(period_start + interval 6 day as date)
                then 'week'
                when months > 12
                then 'multi_year'
                when months = 12 and first_month = 1
                then 'calendar_year'
                when months = 12 and first_month = 4
                then 'financial_year'
                when months = 12 and first_month in (8, 9)
                then 'academic_year'
                when months = 3
                then 'quarter'
                else 'rolling_year'
            end as period_type
        from measured
    )

select
    period_id,
    case
        when period_type = 'snapshot'
        then cast(period_start as string)
        when period_type = 'calendar_year'
        then cast(first_year as string)
        when
            period_type = 'multi_year'
            and first_month = 1
            and extract(day from period_start) = 1
            and mod(months, 12) = 0
        then concat_ws(' to ', cast(first_year as string), cast(last_year as string))
        -- Four rolling years begin in one year: each is named by its months.
        when months = 12 and period_type = 'rolling_year' and extract(day from period_start) = 1
        then
            concat_ws(
                ' ',
                {{ month_name("period_start") }},
                cast(first_year as string),
                'to',
                {{ month_name("period_end") }},
                cast(last_year as string)
            )
        -- A year like 2023/24 runs from April to March. What begins on another day says so.
        when months = 12
        then
            concat_ws(
                '/',
                cast(first_year as string),
                right(cast(last_year as string), 2) || case
                    when period_type = 'financial_year'
                    then ''
                    when period_type = 'academic_year' and first_month = 9
                    then ' (academic)'
                    when period_type = 'academic_year'
                    then ' (academic, from Aug)'
                    else
                        ' (from '
                        || cast(cast(extract(day from period_start) as int) as string)
                        || ' '
                        || {{ month_name("period_start") }}
                        || ')'
                end
            )
        else concat_ws(' to ', cast(period_start as string), cast(period_end as string))
    end as label,
    period_start,
    period_end,
    period_type,
    case
        when period_type = 'snapshot'
        then 0
        when period_type = 'week'
        then cast(7 as double) / 365.25
        else cast(months as double) / 12
    end as n_years,
    cast(row_number() over (order by period_end, period_start) as int) as sort_order,
    {{ period_key("period_start", "period_end") }} as period_key
from typed
