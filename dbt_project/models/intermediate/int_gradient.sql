{#- Slope and relative index of inequality. With a the share of the population in each quantile, most to least deprived,
    and b the mid-point of its cumulative rank, Y sqrt(a) is regressed on sqrt(a) and b sqrt(a) without an intercept, so
    that the fitted value is intercept for the most deprived person and intercept + slope for the least deprived one.
    Source: OHID, Fingertips technical guidance; Low and Low 2004, Journal of Public Health 26, 387-395.
    Since sum(a) = 1 and sum(a b) = 1/2, slope = sum(a (b - 1/2) Y) / sum(a (b - 1/2)^2), intercept = sum(a Y) - slope / 2.

    Direction: worse for the most deprived is above zero and above one, as OHID publishes it: least minus most, or
    divided by most, deprived where higher is better, else most minus least deprived.

    Limits: by simulation of the quantiles' values, independent normals with the standard errors of their limits. Both
    coefficients are sums of these values, so that they are exactly bivariate normal with covariances that are worked
    out here, and two numbers are drawn and not one for each quantile (int_normal_draw). The slope index is a straight
    line in one of them, so that its percentiles are those of the draws; the relative index is drawn.
    Values are not transformed: the index is in the indicator's own unit, as OHID's default has it. -#}
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

    drawn as (
        select
            numbered.place,
            numbered.higher_is_better,
            numbered.intercept
            + numbered.intercept_by_z1 * draw.z1
            + numbered.intercept_by_z2 * draw.z2 as most_deprived,
            numbered.intercept
            + numbered.slope
            + (numbered.intercept_by_z1 + numbered.error_slope) * draw.z1
            + numbered.intercept_by_z2 * draw.z2 as least_deprived
        from numbered
        cross join {{ ref("int_normal_draw") }} as draw
        where numbered.no_ratio is null and numbered.error_slope > 0 and numbered.is_reference_above_zero
    ),

    ratio_limit as (
        select
            place,
            percentile_cont(0.025) within group (order by ratio) as lower,
            percentile_cont(0.975) within group (order by ratio) as upper
        from
            (
                select
                    place,
                    case
                        when higher_is_better
                        then least_deprived / nullif(most_deprived, 0)
                        else most_deprived / nullif(least_deprived, 0)
                    end as ratio
                from drawn
            ) as drawn_ratio
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
