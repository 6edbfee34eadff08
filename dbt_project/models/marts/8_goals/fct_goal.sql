{#- The programme's own goals beside the newest figure, and what a straight line through two figures says of them.
    d = goal - value is the distance to go; with the earlier figure v0 of y years before, the change a year is
    c = (value - v0) / y, and value + c (years to the end of the goal's year) is where the line stands then. It is on the
    path where that is the goal or better, by the indicator's polarity. No forecast, and nothing of chance or causes.
    The earlier figure is the earliest of the five years before that is comparable: of the same sex, age, length and season
    of its period, worked out in the same way, ended before the newest one began, and without a break of the series since. -#}
with
    goal as (
        select goal.*, make_date(goal.goal_year, 12, 31) as goal_day, indicator.polarity
        from {{ source("raw", "goal") }} as goal
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on goal.indicator_code = indicator.indicator_code
    ),

    wanted as (select distinct indicator_code, area_code from goal),

    total as (
        select
            observation.*, {{ period_months("observation.period_start", "observation.period_end") }} as months
        from {{ ref("fct_observation") }} as observation
        inner join
            wanted
            on observation.indicator_code = wanted.indicator_code
            and observation.area_code = wanted.area_code
        where observation.breakdown_type = 'Total' and observation.value is not null
    ),

    newest as (
        select total.*
        from total
        inner join
            {{ ref("vw_latest") }} as latest
            on total.indicator_code = latest.indicator_code
            and total.area_code = latest.area_code
            and total.period_id = latest.period_id
            and total.sex = latest.sex
            and total.age = latest.age
    ),

    anew as (
        select indicator_code, area_code, sex, age, period_start as first_day
        from total
        where status = 'break'
    ),

    earlier as (
        select
            newest.indicator_code,
            newest.area_code,
            total.period_id,
            total.period_end,
            total.value,
            row_number() over (
                partition by newest.indicator_code, newest.area_code
                order by total.period_end, total.period_start, total.period_id
            ) as place
        from newest
        inner join
            total
            on newest.indicator_code = total.indicator_code
            and newest.area_code = total.area_code
            and newest.sex = total.sex
            and newest.age = total.age
            and newest.months = total.months
            and total.period_end < newest.period_start
            and {{ years_apart("total.period_start", "newest.period_start") }} <= 5
            and extract(month from total.period_start) = extract(month from newest.period_start)
            and coalesce(total.derived_by, '') = coalesce(newest.derived_by, '')
        left join
            {{ source("raw", "catalogue_series_break") }} as declared
            on newest.indicator_code = declared.indicator_code
            and declared.is_break
            and total.period_start < declared.first_day
            and newest.period_end >= declared.first_day
        left join
            anew
            on newest.indicator_code = anew.indicator_code
            and newest.area_code = anew.area_code
            and newest.sex = anew.sex
            and newest.age = anew.age
            and total.period_start < anew.first_day
            and newest.period_end >= anew.first_day
        where declared.indicator_code is null and anew.indicator_code is null
    ),

    beside as (
        select
            goal.*,
            newest.period_id,
            newest.value,
            earlier.period_id as earlier_period_id,
            earlier.value as earlier_value,
            round(goal.goal_value - newest.value, 9) as distance,
            {{ years_apart("newest.period_end", "goal.goal_day") }} as years_to_go,
            round(
                (newest.value - earlier.value) / {{ years_apart("earlier.period_end", "newest.period_end") }},
                9
            ) as change_a_year
        from goal
        left join newest on goal.indicator_code = newest.indicator_code and goal.area_code = newest.area_code
        left join
            earlier
            on goal.indicator_code = earlier.indicator_code
            and goal.area_code = earlier.area_code
            and earlier.place = 1
    ),

    drawn as (
        select
            *,
            case when years_to_go > 0 then round(value + change_a_year * years_to_go, 9) end as value_on_path
        from beside
    ),

    judged as (
        select
            *,
            case
                when value is null
                then 'no_figure'
                when polarity = 'none'
                then 'no_polarity'
                when {{ is_good_enough("value") }}
                then null
                when years_to_go > 0 and value_on_path is null
                then 'no_earlier_figure'
            end as reason,
            case
                when value is null or polarity = 'none'
                then null
                when {{ is_good_enough("value") }}
                then 'reached'
                when years_to_go <= 0
                then 'missed'
                when {{ is_good_enough("value_on_path") }}
                then 'on_path'
                when value_on_path is not null
                then 'off_path'
            end as outcome
        from drawn
    )

select
    indicator_code,
    area_code,
    goal_year,
    goal_value,
    period_id,
    value,
    distance,
    case
        when distance > 0 then 'up' when distance < 0 then 'down' when distance = 0 then 'none'
    end as direction,
    case when years_to_go > 0 then round(distance / years_to_go, 9) end as change_a_year_needed,
    earlier_period_id,
    earlier_value,
    change_a_year,
    value_on_path,
    outcome,
    case
        outcome
        when 'reached'
        then 'The newest figure is the goal or better.'
        when 'missed'
        then 'The year of the goal is over, and the newest figure is not the goal.'
        when 'on_path'
        then 'A straight line through the two figures reaches the goal in its year. This is no forecast.'
        when 'off_path'
        then
            'A straight line through the two figures does not reach the goal in its year. This is no forecast.'
    end as statement,
    reason
from judged
