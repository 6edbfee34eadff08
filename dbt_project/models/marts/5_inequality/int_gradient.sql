{#- Slope and relative index of inequality. With a the share of the population in each quantile, most to least deprived,
    and b the mid-point of its cumulative rank, Y sqrt(a) is regressed on sqrt(a) and b sqrt(a) without an intercept, so
    that the fitted value is intercept for the most deprived person and intercept + slope for the least deprived one.
    Source: OHID, Fingertips technical guidance; Low and Low 2004, Journal of Public Health 26, 387-395.
    Since sum(a) = 1 and sum(a b) = 1/2, slope = sum(a (b - 1/2) Y) / sum(a (b - 1/2)^2), intercept = sum(a Y) - slope / 2.

    Direction: worse for the most deprived is above zero and above one, as OHID publishes it: least minus most, or
    divided by most, deprived where higher is better, else most minus least deprived.

    Limits: by simulation of the quantiles' values, independent normals with the standard errors of their limits. Both
    coefficients are sums of these values, so that they are exactly bivariate normal with covariances that are worked
    out here, and two numbers are drawn and not one for each quantile
    (int_normal_draw). The slope index is a straight
    line in one of them, so that its percentiles are those of the draws; the relative index is drawn.
    Values are not transformed: the index is in the indicator's own unit, as OHID's default has it.

    If every group had the rate of the least deprived (Y_k, the last of k quantiles; the area's rate is R): the area
    would have the rate Y_k, which differs from its own by R - Y_k, and that is 100 (R - Y_k) / R percent of its own.
    Where lower is better the two are the population attributable risk, absolute and in percent; where higher is better
    their signs are turned and they are a shortfall, no risk. Nothing is said of causes. A group that does better than
    the least deprived lowers them, and they may be below zero; they are not set to zero, as WHO's toolkit does.
    R is sum(a Y) where the publisher gives the populations, which is 1 + sum(a (Y / Y_k - 1)) times Y_k, as ScotPHO
    writes it; else the publisher's own figure of the area, never a mean of quantiles of unknown size.
    Source: Munoz-Arroyo and Sutton 2007, Measuring socio-economic inequalities in health: a practical guide, ScotPHO;
    Schlotheuber and Hosseinpoor 2022, International Journal of Environmental Research and Public Health 19, 3697.
    Limits, from the standard errors of the figures' own limits: of R - Y_k by the variance of the weighted sum, which
    is sum((a - [i = k])^2 se^2); of the percentage on the log scale of Y_k / R by the delta method, with variance
    se_k^2 / Y_k^2 + se_R^2 / R^2 - 2 a_k se_k^2 / (Y_k R). Where R is the publisher's own figure it is taken as
    independent of Y_k, which is a part of it: the limits are a little wider than they need be. -#}
{#- The 2.5th percentile of the draws lies between two of them, as percentile_cont has it. -#}
{% set position = (draw_repetitions() | int - 1) * 0.025 %}
{% set outer_rank = (position // 1) | int + 1 %}
{% set between_ranks = (position - position // 1) | round(9) %}
{% set tail_squared = 3.4 %}
with
    quantile as (
        select
            figure.*,
            indicator.polarity,
            indicator.polarity = 'higher_is_better' as higher_is_better,
            coalesce(indicator.value_min < 0, false) as scale_crosses_zero
        from {{ ref("int_gradient_quantile") }} as figure
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on figure.indicator_code = indicator.indicator_code
    ),

    {% set key = "indicator_code, area_code, period_id, period_start, period_end, sex, age, gradient" %}

    whole as (
        select
            {{ key }},
            max(quantile_edition) as quantile_edition,
            cast(max(n_groups) as int) as n_groups,
            max(polarity) as polarity,
            max(higher_is_better) as higher_is_better,
            max(scale_crosses_zero) or coalesce(min(value) < 0, false) as crosses_zero,
            max(share_joined) as share_joined,
            max(case when hides_neighbourhood then 1 else 0 end) = 1 as hides_neighbourhood,
            max(case when hides_area then 1 else 0 end) = 1 as hides_area,
            max(area_value) as area_value,
            {{ standard_error("max(area_lci_95)", "max(area_uci_95)") }} as area_error,
            coalesce(min(population) > 0 and count(population) = count(*), false) as has_population,
            concat_ws(
                '/', min({{ status_to_compare("status") }}), max({{ status_to_compare("status") }})
            ) as status_to_compare,
            max(case when status = 'break' then 1 else 0 end) = 1 as begins_anew,
            case
                when count(quantile) < count(*) or count(distinct quantile) < count(quantile)
                then 'quantile_unknown'
                when count(distinct quantile) < max(n_groups)
                then 'quantile_missing'
                when max(case when lacks_denominators then 1 else 0 end) = 1
                then 'denominators_missing'
                when min(share_joined) < {{ least_share_joined() }}
                then 'neighbourhoods_missing'
                when count(value) < count(*)
                then 'quantile_hidden'
            end as no_value
        from quantile
        group by {{ key }}
    ),

    shared as (
        select
            quantile.indicator_code,
            quantile.area_code,
            quantile.period_id,
            quantile.sex,
            quantile.age,
            quantile.gradient,
            quantile.quantile,
            quantile.quantile = whole.n_groups as is_least_deprived,
            quantile.value,
            quantile.lci_95,
            quantile.uci_95,
            {{ standard_error("quantile.lci_95", "quantile.uci_95") }} as error,
            case
                when whole.has_population
                then quantile.population
                else 1
            end / sum(case when whole.has_population then quantile.population else 1 end) over (
                partition by
                    quantile.indicator_code,
                    quantile.area_code,
                    quantile.period_id,
                    quantile.sex,
                    quantile.age,
                    quantile.gradient
            ) as a
        from quantile
        inner join
            whole
            on quantile.indicator_code = whole.indicator_code
            and quantile.area_code = whole.area_code
            and quantile.period_id = whole.period_id
            and quantile.sex = whole.sex
            and quantile.age = whole.age
            and quantile.gradient = whole.gradient
        where whole.no_value is null
    ),

    placed as (
        select
            *,
            sum(a) over (
                partition by indicator_code, area_code, period_id, sex, age, gradient
                order by quantile
                rows between unbounded preceding and current row
            )
            - a / 2
            - 0.5 as from_middle
        from shared
    ),

    weighted as (
        select
            *,
            a
            * from_middle
            / sum(a * power(from_middle, 2)) over (
                partition by indicator_code, area_code, period_id, sex, age, gradient
            ) as in_slope
        from placed
    ),

    fitted as (
        select
            indicator_code,
            area_code,
            period_id,
            sex,
            age,
            gradient,
            sum(in_slope * value) as slope,
            sum((a - in_slope / 2) * value) as intercept,
            case when count(error) = count(*) then sum(power(in_slope * error, 2)) end as variance_slope,
            sum(power((a - in_slope / 2) * error, 2)) as variance_intercept,
            sum(in_slope * (a - in_slope / 2) * power(error, 2)) as covariance,
            sum(a * value) as mean_value,
            case when count(error) = count(*) then sum(power(a * error, 2)) end as variance_mean,
            case
                when count(error) = count(*)
                then sum(power((case when is_least_deprived then a - 1 else a end) * error, 2))
            end as variance_from_least,
            {% for column in ["value", "lci_95", "uci_95", "error", "a"] %}
                max(case when is_least_deprived then {{ column }} end) as least_{{ column }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from weighted
        group by indicator_code, area_code, period_id, sex, age, gradient
    ),

    percentile as (
        select
            percentile_cont(0.025) within group (order by z1) as lower,
            percentile_cont(0.975) within group (order by z1) as upper
        from {{ ref("int_normal_draw") }}
    ),

    gradient as (
        select
            whole.*,
            fitted.slope,
            fitted.intercept,
            sqrt(fitted.variance_slope) as error_slope,
            fitted.covariance / sqrt(fitted.variance_slope) as intercept_by_z1,
            sqrt(
                greatest(fitted.variance_intercept - power(fitted.covariance, 2) / fitted.variance_slope, 0)
            ) as intercept_by_z2,
            case
                when whole.no_value is not null
                then whole.no_value
                when whole.crosses_zero
                then 'scale_crosses_zero'
                when fitted.intercept <= 0 or fitted.intercept + fitted.slope <= 0
                then 'fit_not_above_zero'
            end as no_ratio,
            -- Where the reference may be zero or below, a ratio's limits would mean nothing.
            case
                when whole.higher_is_better
                then fitted.intercept - {{ z_of("95") }} * sqrt(fitted.variance_intercept) > 0
                else
                    fitted.intercept
                    + fitted.slope
                    - {{ z_of("95") }}
                    * sqrt(
                        greatest(fitted.variance_intercept + fitted.variance_slope + 2 * fitted.covariance, 0)
                    )
                    > 0
            end as is_reference_above_zero
        from whole
        left join
            fitted
            on whole.indicator_code = fitted.indicator_code
            and whole.area_code = fitted.area_code
            and whole.period_id = fitted.period_id
            and whole.sex = fitted.sex
            and whole.age = fitted.age
            and whole.gradient = fitted.gradient
    ),

    -- A number for each, so that 10,000 draws each carry one number instead of a key.
    numbered as (
        select
            *,
            cast(
                row_number() over (order by indicator_code, area_code, period_id, sex, age, gradient) as int
            ) as place
        from gradient
    ),

    -- The ratio's two parts, each a mean plus so much of z1 and of z2.
    ratio as (
        select
            place,
            case when higher_is_better then intercept + slope else intercept end as above,
            case
                when higher_is_better then intercept_by_z1 + error_slope else intercept_by_z1
            end as above_by_z1,
            case when higher_is_better then intercept else intercept + slope end as below,
            case
                when higher_is_better then intercept_by_z1 else intercept_by_z1 + error_slope
            end as below_by_z1,
            intercept_by_z2 as by_z2
        from numbered
        where no_ratio is null and error_slope > 0 and is_reference_above_zero
    ),

    {#- Only the draws of the two tails are needed to find the percentiles of all. Where ratio = r, above - r below is zero,
        a straight line through the plane of z1 and z2; the line at a distance of `tail` standard deviations from its
        middle has a share of 3 % beyond it, which holds the 2.5 % sought, and every point beyond it is at least as far
        from the middle. The two r are the roots of (above - r below)^2 = tail^2 var(above - r below); Fieller 1954. -#}
    quadratic as (
        select
            *,
            power(below, 2) - {{ tail_squared }} * (power(below_by_z1, 2) + power(by_z2, 2)) as a,
            above * below - {{ tail_squared }} * (above_by_z1 * below_by_z1 + power(by_z2, 2)) as b,
            power(above, 2) - {{ tail_squared }} * (power(above_by_z1, 2) + power(by_z2, 2)) as c
        from ratio
    ),

    bounded as (
        select
            *,
            (b - sqrt(greatest(b * b - a * c, 0))) / a as lower_tail,
            (b + sqrt(greatest(b * b - a * c, 0))) / a as upper_tail
        from quadratic
    ),

    drawn as (
        select
            bounded.place,
            bounded.lower_tail,
            bounded.upper_tail,
            (bounded.above + bounded.above_by_z1 * draw.z1 + bounded.by_z2 * draw.z2)
            / nullif(bounded.below + bounded.below_by_z1 * draw.z1 + bounded.by_z2 * draw.z2, 0) as ratio
        from bounded
        cross join {{ ref("int_normal_draw") }} as draw
        where power(draw.z1, 2) + power(draw.z2, 2) >= {{ tail_squared }}
    ),

    -- From the outermost draw of each tail inwards.
    in_tail as (
        select
            place,
            ratio,
            ratio < lower_tail as is_lower,
            row_number() over (
                partition by place, ratio < lower_tail
                order by case when ratio < lower_tail then ratio else - ratio end
            ) as from_outside
        from drawn
        where ratio < lower_tail or ratio > upper_tail
    ),

    ratio_limit as (
        select
            place,
            {% for limit, tail in [("lower", "is_lower"), ("upper", "not is_lower")] %}
                max(case when {{ tail }} and from_outside = {{ outer_rank }} then ratio end)
                * {{ 1 - between_ranks }}
                + max(case when {{ tail }} and from_outside = {{ outer_rank + 1 }} then ratio end)
                * {{ between_ranks }} as {{ limit }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from in_tail
        where from_outside between {{ outer_rank }} and {{ outer_rank + 1 }}
        group by place
    ),

    measured as (
        select
            numbered.*,
            'slope_index' as measure,
            case when numbered.higher_is_better then numbered.slope else - numbered.slope end as value,
            case
                when numbered.higher_is_better
                then numbered.slope + numbered.error_slope * percentile.lower
                else - numbered.slope - numbered.error_slope * percentile.upper
            end as lci_95,
            case
                when numbered.higher_is_better
                then numbered.slope + numbered.error_slope * percentile.upper
                else - numbered.slope - numbered.error_slope * percentile.lower
            end as uci_95,
            numbered.no_value as no_measure,
            ' minus ' as by_words
        from numbered
        cross join percentile

        union all
        select
            numbered.*,
            'relative_index' as measure,
            case
                when numbered.no_ratio is not null
                then null
                when numbered.higher_is_better
                then (numbered.intercept + numbered.slope) / numbered.intercept
                else numbered.intercept / (numbered.intercept + numbered.slope)
            end as value,
            ratio_limit.lower as lci_95,
            ratio_limit.upper as uci_95,
            numbered.no_ratio as no_measure,
            ' divided by ' as by_words
        from numbered
        left join ratio_limit on numbered.place = ratio_limit.place
    ),

    beside_least as (
        select
            whole.*,
            fitted.least_value,
            fitted.least_lci_95,
            fitted.least_uci_95,
            case when whole.higher_is_better then -1 else 1 end as sign,
            case when whole.has_population then fitted.mean_value else whole.area_value end as area_rate,
            sqrt(
                case
                    when whole.has_population
                    then fitted.variance_from_least
                    else power(whole.area_error, 2) + power(fitted.least_error, 2)
                end
            ) as error_of_difference,
            case
                when
                    whole.has_population
                    and fitted.variance_mean > 0
                    and fitted.least_value > 0
                    and fitted.mean_value > 0
                then
                    sqrt(
                        greatest(
                            power(fitted.least_error / fitted.least_value, 2)
                            + fitted.variance_mean / power(fitted.mean_value, 2)
                            - 2
                            * fitted.least_a
                            * power(fitted.least_error, 2)
                            / (fitted.least_value * fitted.mean_value),
                            0
                        )
                    )
                when not whole.has_population and fitted.least_value > 0 and whole.area_value > 0
                then
                    sqrt(
                        power(fitted.least_error / fitted.least_value, 2)
                        + power(whole.area_error / whole.area_value, 2)
                    )
            end as log_error,
            case
                when whole.no_value is not null
                then whole.no_value
                when whole.hides_neighbourhood
                then 'neighbourhood_hidden'
            end as no_rate
        from whole
        left join
            fitted
            on whole.indicator_code = fitted.indicator_code
            and whole.area_code = fitted.area_code
            and whole.period_id = fitted.period_id
            and whole.sex = fitted.sex
            and whole.age = fitted.age
            and whole.gradient = fitted.gradient
    ),

    reasoned as (
        select
            *,
            case
                when no_rate is not null
                then no_rate
                when hides_area
                then 'group_hidden'
                when area_rate is null
                then 'weights_missing'
            end as no_difference
        from beside_least
    ),

    as_least as (
        select
            *,
            'rate_if_as_least_deprived' as measure,
            no_rate as no_measure,
            case when no_rate is null then least_value end as value,
            case
                when no_rate is null and {{ standard_error("least_lci_95", "least_uci_95") }} > 0
                then least_lci_95
            end as lci_95,
            least_uci_95 as uci_95,
            'limits_of_the_group' as limits_by,
            'Rate of the area' as compared,
            cast(null as string) as called
        from reasoned
        union all
        select
            *,
            'difference_if_as_least_deprived' as measure,
            no_difference as no_measure,
            case when no_difference is null then sign * (area_rate - least_value) end as value,
            case
                when no_difference is null
                then sign * (area_rate - least_value) - {{ z_of("95") }} * error_of_difference
            end as lci_95,
            sign * (area_rate - least_value) + {{ z_of("95") }} * error_of_difference as uci_95,
            case
                when has_population then 'weighted_sum_from_limits' else 'difference_from_limits'
            end as limits_by,
            case
                when higher_is_better then 'Least deprived minus area' else 'Area minus least deprived'
            end as compared,
            case
                when higher_is_better
                then ' (shortfall)'
                when polarity = 'lower_is_better'
                then ' (population attributable risk)'
            end as called
        from reasoned
        union all
        select
            *,
            'percent_if_as_least_deprived' as measure,
            coalesce(
                no_difference,
                case
                    when crosses_zero or area_rate < 0
                    then 'scale_crosses_zero'
                    when area_rate = 0
                    then 'zero_reference'
                end
            ) as no_measure,
            case
                when no_difference is null and not crosses_zero and area_rate > 0
                then 100 * sign * (1 - least_value / area_rate)
            end as value,
            case
                when no_difference is null and not crosses_zero and area_rate > 0
                then 100 * sign * (1 - least_value / area_rate * exp(sign * {{ z_of("95") }} * log_error))
            end as lci_95,
            100
            * sign
            * (1 - least_value / nullif(area_rate, 0) * exp(- sign * {{ z_of("95") }} * log_error)) as uci_95,
            'log_ratio_from_limits' as limits_by,
            case when higher_is_better then 'Least deprived minus area' else 'Area minus least deprived' end
            || ', in percent of the area' as compared,
            case
                when higher_is_better
                then ' (shortfall)'
                when polarity = 'lower_is_better'
                then ' (population attributable risk)'
            end as called
        from reasoned
    )

select
    indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    measure,
    concat_ws(
        ': ', gradient, case when higher_is_better then 'least deprived' else 'most deprived' end
    ) as group_a,
    concat_ws(
        ': ', gradient, case when higher_is_better then 'most deprived' else 'least deprived' end
    ) as group_b,
    value,
    lci_95,
    uci_95,
    case when lci_95 is not null then 'simulation' end as method,
    case when lci_95 is not null then {{ draw_seed() }} end as seed,
    case when lci_95 is not null then {{ draw_repetitions() }} end as repetitions,
    concat_ws(
        by_words,
        case when higher_is_better then 'Least deprived' else 'Most deprived' end,
        case when higher_is_better then 'most deprived' else 'least deprived' end
    )
    || ', as fitted' as direction,
    case when no_measure is not null then no_measure when lci_95 is null then 'no_interval' end as reason,
    n_groups,
    quantile_edition,
    case when has_population then 'denominators' else 'equal_shares' end as weighting,
    share_joined,
    status_to_compare,
    begins_anew
from measured
union all
select
    indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    measure,
    concat_ws(': ', gradient, 'all') as group_a,
    concat_ws(': ', gradient, 'least deprived') as group_b,
    value,
    lci_95,
    case when lci_95 is not null then uci_95 end as uci_95,
    case when lci_95 is not null then limits_by end as method,
    cast(null as int) as seed,
    cast(null as int) as repetitions,
    concat_ws('', compared, ', if every group had the rate of the least deprived', called) as direction,
    case when no_measure is not null then no_measure when lci_95 is null then 'no_interval' end as reason,
    n_groups,
    quantile_edition,
    case
        when measure = 'rate_if_as_least_deprived'
        then null
        when has_population
        then 'denominators'
        when area_value is not null
        then 'published_total'
    end as weighting,
    share_joined,
    status_to_compare,
    begins_anew
from as_least
