{#- The trend of each series, as it stands now and as it was known around each revision: one computation for both. -#}
{% set points = range(1, 6) %}
{% set state = ["series_key", "known", "moment"] %}

with
    point as (
        select
            point.*,
            indicator.value_type,
            {#- Whose share may have Wilson's limits: the test of counts rests on the same binomial chance. Grossed-up
                counts of a survey would make every wiggle significant. -#}
            indicator.ci_method = 'wilson' as has_counted_people,
            {#- Shares of households that a model counts (fuel poverty) are tested by these counts all the same: OHID
                tests that indicator so, and our indicator list names it as one that can be tested. They carry the
                model's errors and not binomial chance, which `caution` says. -#}
            indicator.ci_method = 'none' and indicator.aggregation_rule = 'sum_ratio' as has_modelled_counts,
            indicator.multiplier,
            indicator.trend_allowed,
            {#- A survey's day moves by some days from year to year, a period does not. -#}
            case
                when point.months = 0
                then
                    {{ month_number("point.period_start") }} - {{ month_number("point.previous_start") }} - 12
                when point.period_start < cast(point.previous_start + interval 12 month as date)
                then -1
                when point.period_start > cast(point.previous_start + interval 12 month as date)
                then 1
                else 0
            end as beside_a_year,
            cast(
                coalesce(
                    vintage.published_at, cast(vintage.origin_date as timestamp), vintage.retrieved_at
                ) as date
            ) as published_on
        from {{ ref("int_trend_point") }} as point
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on point.indicator_code = indicator.indicator_code
        left join {{ source("raw", "vintage") }} as vintage on point.vintage_id = vintage.vintage_id
    ),

    {#- The changes of measurement that a series has points on both sides of. -#}
    crossed as (
        select
            point.series_key,
            point.known,
            point.moment,
            series_break.is_break,
            series_break.note,
            coalesce(series_break.first_day, series_break.published_from) as changed_on
        from point
        inner join
            {{ source("raw", "catalogue_series_break") }} as series_break
            on point.indicator_code = series_break.indicator_code
        group by
            point.series_key,
            point.known,
            point.moment,
            series_break.first_day,
            series_break.published_from,
            series_break.is_break,
            series_break.note
        having
            (
                min(point.period_start) < series_break.first_day
                and max(point.period_start) >= series_break.first_day
            )
            or (
                min(point.published_on) < series_break.published_from
                and max(point.published_on) >= series_break.published_from
            )
    ),

    broken as (
        select series_key, known, moment
        from crossed
        where is_break
        union
        select series_key, known, moment
        from point
        where status = 'break' and point_number > 1
    ),

    {#- The newest of several: dim_series_break has them all. -#}
    cautioned as (
        select series_key, known, moment, note
        from
            (
                select
                    crossed.*,
                    row_number() over (
                        partition by series_key, known, moment order by changed_on desc, note
                    ) as recency
                from crossed
                where not is_break
            ) as numbered
        where recency = 1
    ),

    {#- Five points side by side: what follows names each of them, and no sum depends on the order of rows. -#}
    series as (
        select
            {% for column in series_columns() + state %} {{ column }}, {% endfor %}
            cast(count(*) as int) as n_points,
            min_by(period_id, point_number) as first_period_id,
            max_by(period_id, point_number) as period_id,
            max(value_type) as value_type,
            max(multiplier) as multiplier,
            max(case when has_modelled_counts then 1 else 0 end) as has_modelled_counts,
            max(case when trend_allowed then 1 else 0 end) as trend_allowed,
            max(case when derived_by = 'approximate_pool' then 1 else 0 end) as is_approximate,
            max(months) as longest,
            min(months) as shortest,
            min(beside_a_year) as shortest_step,
            max(beside_a_year) as longest_step,
            min(numerator) as smallest_count,
            min(denominator - numerator) as smallest_rest,
            count(
                case
                    when
                        value_type = 'proportion'
                        and (has_counted_people or has_modelled_counts)
                        and {{ counts_give_value("numerator", "denominator", "value", "multiplier") }}
                    then 1
                end
            ) as n_counted,
            count(case when uci_95 > lci_95 then 1 end) as n_with_interval,
            {% for i in points %}
                max(case when point_number = {{ i }} then value end) as value{{ i }},
                max(case when point_number = {{ i }} then numerator end) as count{{ i }},
                max(case when point_number = {{ i }} then denominator end) as people{{ i }},
                max(case when point_number = {{ i }} then lci_95 end) as lower{{ i }},
                max(case when point_number = {{ i }} then uci_95 end) as upper{{ i }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from point
        group by {{ (series_columns() + state) | join(", ") }}
    ),

    allowed as (
        select
            series.*,
            cautioned.note as caution,
            case
                when series.n_counted = 5 then 'cochran_armitage' else 'weighted_regression'
            end as best_method,
            case
                when series.trend_allowed = 0
                then 'not_allowed'
                -- The error of an approximation is the same in each year, and none of the points knows it.
                when series.is_approximate = 1
                then 'approximate_figures'
                when series.value_type = 'amount'
                then 'amount'
                when series.longest > 12
                then 'multi_year_periods'
                when series.shortest_step < 0
                then 'not_annual'
                when series.shortest < series.longest
                then 'mixed_periods'
                when series.n_points < 5
                then 'fewer_than_five_points'
                when broken.series_key is not null
                then 'series_break'
                when series.longest_step > 0
                then 'gap'
                when series.n_counted < 5 and series.n_with_interval < 5
                then 'no_interval'
                when series.n_counted = 5 and series.smallest_count <= 0
                then 'zero_count'
                when series.n_counted = 5 and series.smallest_rest <= 0
                then 'count_equals_denominator'
            end as reason
        from series
        left join
            broken
            on series.series_key = broken.series_key
            and series.known = broken.known
            and series.moment is not distinct from broken.moment
        left join
            cautioned
            on series.series_key = cautioned.series_key
            and series.known = cautioned.known
            and series.moment is not distinct from cautioned.moment
    ),

    {#- y and w enter the test; z and its weights v decide the direction, for proportions on the scale of log odds. -#}
    weighted as (
        select
            *,
            case when reason is null then best_method end as method,
            {% for i in points %}
                case
                    when reason is not null
                    then null
                    when best_method = 'cochran_armitage'
                    then multiplier * count{{ i }} / people{{ i }}
                    else value{{ i }}
                end as y{{ i }},
                case
                    when reason is not null
                    then null
                    when best_method = 'cochran_armitage'
                    then people{{ i }}
                    else
                        1 / (
                            {{ standard_error_of("lower" ~ i, "upper" ~ i) }}
                            * {{ standard_error_of("lower" ~ i, "upper" ~ i) }}
                        )
                end as w{{ i }},
                case
                    when reason is not null
                    then null
                    when best_method = 'cochran_armitage'
                    then ln(count{{ i }} / (people{{ i }} - count{{ i }}))
                    else value{{ i }}
                end as z{{ i }},
                case
                    when reason is not null
                    then null
                    when best_method = 'cochran_armitage'
                    then cast(1 as double)
                    else
                        1 / (
                            {{ standard_error_of("lower" ~ i, "upper" ~ i) }}
                            * {{ standard_error_of("lower" ~ i, "upper" ~ i) }}
                        )
                end as v{{ i }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from allowed
    ),

    {#- The variance of one person's answer: of all five years together, as Cochran and Armitage have it; limits carry
        theirs in the weights. -#}
    regressed as (
        select
            *,
            {{ trend_cross("y", "w") }} as tested_cross,
            {{ trend_spread("w") }} as tested_spread,
            case
                when method = 'cochran_armitage'
                then
                    multiplier
                    * multiplier
                    * ({{ trend_sum("count") }} / {{ trend_sum("people") }})
                    * (1 - {{ trend_sum("count") }} / {{ trend_sum("people") }})
                else 1
            end
            * {{ trend_sum("w") }} as tested_weight,
            {{ trend_cross("z", "v") }} as direction,
            {% for i in points %}
                {{ trend_cross("z", "v", i) }} as direction_without_{{ i }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from weighted
    ),

    tested as (
        select
            *,
            case
                when method is not null then tested_cross * tested_cross / (tested_spread * tested_weight)
            end as chi_squared,
            case when method is not null then tested_cross / tested_spread end as slope
        from regressed
    )

select
    {% for column in series_columns() + state %} {{ column }}, {% endfor %}
    first_period_id,
    period_id,
    n_points,
    method,
    chi_squared,
    slope,
    case
        when reason is not null
        then 'cannot_be_calculated'
        when
            chi_squared > {{ trend_threshold() }} and direction > 0
            {% for i in points %} and direction_without_{{ i }} > 0 {% endfor %}
        then 'increasing'
        when
            chi_squared > {{ trend_threshold() }} and direction < 0
            {% for i in points %} and direction_without_{{ i }} < 0 {% endfor %}
        then 'decreasing'
        else 'no_significant_change'
    end as outcome,
    reason,
    nullif(
        concat_ws(
            ' ',
            caution,
            case
                when method = 'cochran_armitage' and has_modelled_counts = 1
                then 'The counts are modelled and not people counted; small changes look significant.'
            end
        ),
        ''
    ) as caution
from tested
