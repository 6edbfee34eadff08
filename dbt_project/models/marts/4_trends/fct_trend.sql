select
    {% for column in series_columns() %} trend.{{ column }}, {% endfor %}
    trend.period_id,
    trend.first_period_id,
    trend.n_points,
    trend.method,
    trend.chi_squared,
    trend.slope,
    trend.outcome,
    {{ trend_judged("trend.outcome", "indicator.polarity") }} as outcome_judged,
    trend.reason,
    trend.caution,
    {{ observation_key("trend") }} as observation_key,
    {{ is_headline("trend", "indicator") }} as is_headline
from {{ ref("int_trend") }} as trend
inner join
    {{ source("raw", "catalogue_indicator") }} as indicator on trend.indicator_code = indicator.indicator_code
where trend.known = 'now'
