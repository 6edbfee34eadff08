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
    Values are not transformed: the index is in the indicator's own unit, as OHID's default has it. -#}
{#- The 2.5th percentile of the draws lies between two of them, as percentile_cont has it. -#}
{% set position = (draw_repetitions() | int - 1) * 0.025 %}
{% set outer_rank = (position // 1) | int + 1 %}
{% set between_ranks = (position - position // 1) | round(9) %}
{% set tail_squared = 3.4 %}
with
    quantile as (
        select
            figure.*,
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
            max(higher_is_better) as higher_is_better,
            max(scale_crosses_zero) or coalesce(min(value) < 0, false) as crosses_zero,
            max(share_joined) as share_joined,
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
            quantile.value,
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
            sum(in_slope * (a - in_slope / 2) * power(error, 2)) as covariance
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
