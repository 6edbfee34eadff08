-- Each published total beside its neighbours in time, made once for the suites that look along series. A series ends
-- where the catalogue says that figures break. Shares, scores and years of life are measured as they are; rates,
-- ratios and amounts by their logarithm, so that a step is a ratio. Days, weeks, the months of one event and derived
-- figures are left out.
with
    segment as (
        select period.indicator_code, period.period_start, count(broken.first_day) as segment
        from (select distinct indicator_code, period_start from mart.fct_observation) as period
        left join
            mart.dim_series_break as broken
            on period.indicator_code = broken.indicator_code
            and broken.is_break
            and broken.first_day <= period.period_start
        group by period.indicator_code, period.period_start
    ),

    figure as (
        select
            observation.indicator_code,
            indicator.short_name,
            observation.area_code,
            area.area_name,
            area.area_type = 'council' and area.in_cheshire_merseyside as is_council,
            observation.area_code = 'E92000001' as is_england,
            area.is_answered,
            observation.sex,
            observation.age,
            observation.period_id,
            period.label as period,
            observation.period_end,
            observation.first_seen_at,
            segment.segment,
            observation.value,
            case
                when indicator.value_type in ('proportion', 'life_expectancy', 'mean', 'slope_index')
                then observation.value
                when observation.value > 0
                then ln(observation.value)
            end as measured,
            -- Half of the last digit that is shown; one in a hundred where a step is a ratio.
            case
                when indicator.value_type in ('proportion', 'life_expectancy', 'mean', 'slope_index')
                then power(10, - indicator.decimals) / 2
                else 0.01
            end as least_deviation
        from mart.fct_observation as observation
        inner join mart.dim_indicator as indicator on observation.indicator_code = indicator.indicator_code
        inner join mart.dim_area as area on observation.area_code = area.area_code
        inner join mart.dim_period as period on observation.period_id = period.period_id
        inner join
            segment
            on observation.indicator_code = segment.indicator_code
            and observation.period_start = segment.period_start
        where
            observation.breakdown_type = 'Total'
            and observation.value is not null
            and not observation.is_derived
            and indicator.frequency not in ('daily', 'weekly', 'once')
    )

select
    figure.*,
    lag(value) over series as value_before,
    lag(measured) over series as measured_before,
    lag(period) over series as period_before,
    lead(value) over series as value_after,
    lead(measured) over series as measured_after,
    lead(period) over series as period_after,
    row_number() over (
        partition by indicator_code, area_code, sex, age order by period_end desc, period_id desc
    ) as age_in_periods
from figure
window series as (partition by indicator_code, area_code, sex, age, segment order by period_end, period_id)
