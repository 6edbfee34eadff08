{#- Control charts of individual values and moving ranges (XmR) of counts and of rates of what is counted: which points
    are more than the usual variation of the series. No count is taken to be Poisson: limits come from the moving ranges,
    so that stocks and counts that vary by more than chance get limits as wide as they vary.
    For the values x of one stretch without a break of the series, with mean m, and the mean A of the moving ranges
    |x_t - x_(t-1)| between neighbouring periods, where ranges above 3.267 A were left out once: limits m -/+ 2.66 A.
    A point is special cause variation where, as NHS England's programme Making Data Count has it,
    1 it lies outside the limits;
    2 it is one of seven or more points in a row on one side of the mean (a shift);
    3 it is one of seven or more points in a row that rise, or fall (a trend);
    4 it is one of two points out of three in a row, all on one side of the mean, that are nearer to a limit than a third
      of the way from it to the mean.
    A period without a figure ends a row and has no range. Twelve points, and eleven ranges, are the least.
    Sources: NHS England, Making Data Count, "Strengthening your decisions" (2019); its rules as NHSRplotthedots 0.2.2
    has them (NHS-R Community, ptd_spc_standard and ptd_calculate_point_type); Wheeler 2000, Understanding Variation.
    Caution: the rules are for independent points. Where neighbouring points are alike (lag-one autocorrelation above
    2 / sqrt(n); Bartlett 1946) rows are likelier and limits too near; the row says so. -#}
{% set series = series_columns() | join(", ") %}
{% set stretch = "partition by " ~ series ~ ", segment" %}
{% set row = stretch ~ ", part order by period_end, period_id" %}

with
    -- Counts of people, households or events, and rates of them; no survey, no model, no amount of money,
    -- no population.
    charted as (
        select
            indicator_code,
            polarity,
            case frequency when 'monthly' then 1 when 'quarterly' then 3 when 'annual' then 12 end as step,
            case when value_type = 'proportion' then multiplier end as most
        from {{ source("raw", "catalogue_indicator") }}
        where
            frequency in ('monthly', 'quarterly', 'annual')
            and (
                (aggregation_rule = 'sum' and value_type = 'amount' and polarity <> 'none')
                or (aggregation_rule = 'sum_ratio' and ci_method in ('wilson', 'byar'))
            )
    ),

    figure as (
        select
            {% for column in observation_key_columns() %} observation.{{ column }}, {% endfor %}
            observation.period_start,
            observation.period_end,
            observation.value,
            observation.status,
            observation.observation_key,
            observation.is_headline,
            charted.polarity,
            charted.step,
            charted.most,
            case
                when observation.value is null
                then 'no_figure'
                when {{ period_months("observation.period_start", "observation.period_end") }} > charted.step
                then 'overlapping_periods'
            end as no_point
        from {{ ref("fct_observation") }} as observation
        inner join charted on observation.indicator_code = charted.indicator_code
        inner join
            {{ ref("dim_area") }} as area on observation.area_code = area.area_code and area.is_answered
    ),

    declared as ({{ declared_breaks("figure", source("raw", "catalogue_series_break")) }}),

    segmented as (
        select
            figure.*,
            coalesce(declared.n_breaks, 0) + sum(case when figure.status = 'break' then 1 else 0 end) over (
                partition by
                    {% for column in series_columns() %}
                        figure.{{ column }}{{ "," if not loop.last }}
                    {% endfor %}
                order by figure.period_end, figure.period_id
                rows between unbounded preceding and current row
            ) as segment
        from figure
        left join
            declared
            on figure.indicator_code = declared.indicator_code
            and figure.period_end = declared.period_end
    ),

    following as (
        select
            *,
            lag(value) over in_order as value_before,
            {{ month_number("period_end") }} - lag({{ month_number("period_end") }}) over in_order
            = step as is_next
        from segmented
        where no_point is null
        window in_order as ({{ stretch }} order by period_end, period_id)
    ),

    ranged as (
        select
            *,
            case when is_next then abs(value - value_before) end as moving_range,
            case when is_next then sign(value - value_before) end as direction,
            sum(case when is_next then 0 else 1 end) over (
                {{ stretch }} order by period_end, period_id rows between unbounded preceding and current row
            ) as part
        from following
    ),

    averaged as (
        select
            *,
            cast(count(*) over (whole) as int) as n_points,
            count(moving_range) over (whole) as n_ranges,
            first_value(period_id) over (
                {{ stretch }} order by period_end, period_id rows between unbounded preceding and current row
            ) as first_period_id,
            round(avg(value) over (whole), 9) as mean,
            avg(moving_range) over (whole) as mean_of_all_ranges
        from ranged
        window whole as ({{ stretch }})
    ),

    limited as (
        select
            *,
            avg(case when moving_range <= 3.267e0 * mean_of_all_ranges then moving_range end) over (
                {{ stretch }}
            ) as mean_moving_range,
            case when value > mean then 1 when value < mean then -1 else 0 end as side,
            round(
                sum(case when is_next then (value - mean) * (value_before - mean) end) over ({{ stretch }})
                / nullif(sum(power(value - mean, 2)) over ({{ stretch }}), 0),
                9
            ) as autocorrelation
        from averaged
        where n_points >= 12 and n_ranges >= 11
    ),

    placed as (
        select
            *,
            abs(value - mean) > 2.66e0 * mean_moving_range + 1e-9 as is_outside_limits,
            case
                when
                    abs(value - mean) > 2.66e0 * 2 / 3 * mean_moving_range + 1e-9
                    and abs(value - mean) <= 2.66e0 * mean_moving_range + 1e-9
                then 1
                else 0
            end as is_close,
            case when side = lag(side) over in_row then 0 else 1 end as turns_side,
            case when direction = lag(direction) over in_row then 0 else 1 end as turns_direction
        from limited
        window in_row as ({{ row }})
    ),

    numbered as (
        select
            *,
            sum(turns_side) over ({{ row }} rows between unbounded preceding and current row) as side_run,
            sum(turns_direction) over (
                {{ row }} rows between unbounded preceding and current row
            ) as direction_run,
            case
                when
                    is_close + lag(is_close) over in_row + lag(is_close, 2) over in_row >= 2
                    and abs(side + lag(side) over in_row + lag(side, 2) over in_row) = 3
                then 1
                else 0
            end as ends_two_of_three
        from placed
        window in_row as ({{ row }})
    ),

    counted as (
        select
            *,
            case when side <> 0 then count(*) over ({{ stretch }}, part, side_run) else 0 end as side_length,
            case
                when direction <> 0 then count(*) over ({{ stretch }}, part, direction_run) else 0
            end as direction_length
        from numbered
    ),

    judged as (
        select
            *,
            side_length >= 7 as is_shift,
            -- Six steps join seven points, the first of which lies before the first step.
            direction_length >= 6 or coalesce(lead(direction_length) over in_row, 0) >= 6 as is_trend,
            is_close = 1
            and (
                ends_two_of_three
                + coalesce(lead(ends_two_of_three) over in_row, 0)
                + coalesce(lead(ends_two_of_three, 2) over in_row, 0)
            )
            > 0 as is_two_of_three,
            coalesce(nullif(side, 0), nullif(direction, 0), lead(direction) over in_row) as way
        from counted
        window in_row as ({{ row }})
    ),

    said as (
        select
            *,
            case
                when not (is_outside_limits or is_shift or is_trend or is_two_of_three)
                then 'common_cause'
                when way > 0
                then 'special_cause_high'
                else 'special_cause_low'
            end as outcome
        from judged
    )

select
    {% for column in observation_key_columns() %} figure.{{ column }}, {% endfor %}
    figure.value,
    said.mean,
    -- No count and no rate is below zero, no proportion above all.
    case
        when said.mean < 2.66e0 * said.mean_moving_range
        then 0
        else round(said.mean - 2.66e0 * said.mean_moving_range, 9)
    end as lower_limit,
    case
        when figure.most < said.mean + 2.66e0 * said.mean_moving_range
        then figure.most
        else round(said.mean + 2.66e0 * said.mean_moving_range, 9)
    end as upper_limit,
    ranged.moving_range,
    round(said.mean_moving_range, 9) as mean_moving_range,
    said.first_period_id,
    said.n_points,
    case when said.n_points is not null then 'xmr' end as method,
    said.is_outside_limits,
    said.is_shift,
    said.is_trend,
    said.is_two_of_three,
    said.outcome,
    case
        when coalesce(said.outcome, 'common_cause') = 'common_cause' or figure.polarity = 'none'
        then null
        when (said.outcome = 'special_cause_high') = (figure.polarity = 'higher_is_better')
        then 'improvement'
        else 'concern'
    end as outcome_judged,
    said.autocorrelation,
    case
        when said.n_points is not null
        then
            nullif(
                concat_ws(
                    ' ',
                    case
                        when said.autocorrelation > 2 / sqrt(said.n_points)
                        then
                            'Neighbouring periods are alike: rows of points are likelier than the rules assume, and the limits are too near.'
                    end,
                    case when figure.step < 12 then 'Not adjusted for the season.' end
                ),
                ''
            )
    end as caution,
    coalesce(figure.no_point, case when said.n_points is null then 'fewer_than_twelve_points' end) as reason,
    figure.observation_key,
    figure.is_headline
from segmented as figure
left join ranged on {{ same_in_both(observation_key_columns(), "figure", "ranged") }}
left join said on {{ same_in_both(observation_key_columns(), "figure", "said") }}
