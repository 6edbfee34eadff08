{#- The newest five points with a value of each series of the areas that are answered for: as they stand now, and as
    they were known just before each moment at which a figure of the series was revised; and the figures from that
    moment on of these same periods. A year that comes with a revision moves the five on: what changed then was the
    window and not the figures, and has no part here. -#}
{% set point_columns = [
    "period_id",
    "period_start",
    "period_end",
    "value",
    "numerator",
    "denominator",
    "lci_95",
    "uci_95",
    "status",
    "derived_by",
    "vintage_id",
] %}
{% set before = "past.valid_from < revised.moment and (past.valid_to is null or past.valid_to >= revised.moment)" %}
{% set since = "past.valid_from <= window_point.moment and (past.valid_to is null or past.valid_to > window_point.moment)" %}
{% set state = "series_key, known, moment" %}

with
    answered as (select area_code from {{ ref("dim_area") }} where is_answered),

    revised as (
        select distinct
            {% for column in series_columns() %}
                history.{{ column }},
            {% endfor %} history.valid_from as moment
        from {{ ref("fct_observation_history") }} as history
        inner join answered on history.area_code = answered.area_code
        where history.change = 'revised'
    ),

    known as (
        select
            {% for column in series_columns() + point_columns %} observation.{{ column }}, {% endfor %}
            {{ series_key("observation") }} as series_key,
            'now' as known,
            cast(null as timestamp) as moment
        from {{ ref("fct_observation") }} as observation
        inner join answered on observation.area_code = answered.area_code
        where observation.value is not null
        union all
        select
            {% for column in series_columns() + point_columns %} past.{{ column }}, {% endfor %}
            {{ series_key("past") }} as series_key,
            'before' as known,
            revised.moment
        from revised
        inner join
            {{ ref("fct_observation_history") }} as past
            on {{ same_in_both(series_columns(), "revised", "past") }}
        where past.value is not null and {{ before }}
    ),

    {#- Twelve-month periods that begin every quarter are four series that do not overlap, one for each month of their
        last days; all other points are one. -#}
    numbered as (
        select
            known.*,
            indicator.trend_points = 'one_a_year' as is_one_a_year,
            row_number() over (
                partition by
                    known.series_key,
                    known.known,
                    known.moment,
                    case
                        when indicator.trend_points = 'one_a_year'
                        then extract(month from known.period_end)
                        else 0
                    end
                order by known.period_end desc, known.period_start desc
            ) as recency
        from known
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on known.indicator_code = indicator.indicator_code
    ),

    newest as (
        select *, max(period_end) over (partition by {{ state }}) as newest_end
        from numbered
        where recency <= 5
    ),

    window_point as (
        select {{ (series_columns() + point_columns) | join(", ") }}, {{ state }}
        from newest
        where not is_one_a_year or extract(month from period_end) = extract(month from newest_end)
    ),

    {#- A period that has no value any more is missing here, and no older one takes its place. -#}
    point as (
        select *
        from window_point
        union all
        select
            {% for column in series_columns() + point_columns %} past.{{ column }}, {% endfor %}
            window_point.series_key,
            'since' as known,
            window_point.moment
        from window_point
        inner join
            {{ ref("fct_observation_history") }} as past
            on {{ same_in_both(series_columns() + ["period_id"], "window_point", "past") }}
        where window_point.known = 'before' and past.value is not null and {{ since }}
    )

select
    {% for column in series_columns() %} {{ column }}, {% endfor %}
    series_key,
    known,
    moment,
    cast(
        row_number() over (partition by {{ state }} order by period_end, period_start) as int
    ) as point_number,
    {% for column in point_columns %} {{ column }}, {% endfor %}
    case
        when period_start = period_end
        then 0
        else cast({{ period_months("period_start", "period_end") }} as int)
    end as months,
    lag(period_start) over (partition by {{ state }} order by period_end, period_start) as previous_start
from point
