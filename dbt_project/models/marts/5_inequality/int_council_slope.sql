{#- The slope over all councils of the area by how deprived they are. With s the councils' average scores in one edition of
    the Indices of Deprivation, y their figures, and each council counted once, the line y = intercept + b s is fitted by
    least squares; the measure is what it says of the most deprived council less the least deprived one:
        sum((s - mean s) y) / sum((s - mean s)^2) (max s - min s)
    Every council has a part in it, where a gap between the two at the ends hangs on their two figures alone. The weights
    are those of the edition, the same in each period, so that a change is a change of the figures.
    Limits: sqrt(sum((weight se)^2)), each se taken from the limits of its figure and the councils as independent. They
    say how exact the councils' figures are; the nine are all there are, and no sample of councils.
    Source: ordinary least squares; Mackenbach and Kunst 1997, Social Science & Medicine 44, 757-771, regression-based
    measures over areas. Direction as in int_gradient: above zero where the more deprived are worse off. -#}
{% set key = [
    "indicator_code",
    "area_code",
    "period_id",
    "period_start",
    "period_end",
    "sex",
    "age",
    "edition",
    "quantile_edition",
] %}

with
    figure as (
        select
            observation.indicator_code,
            score.area_code,
            observation.period_id,
            observation.period_start,
            observation.period_end,
            observation.sex,
            observation.age,
            score.edition,
            score.quantile_edition,
            score.n_members,
            score.weight,
            observation.value,
            observation.status,
            {{ standard_error("observation.lci_95", "observation.uci_95") }} as error,
            indicator.polarity = 'higher_is_better' as higher_is_better
        from {{ ref("fct_observation") }} as observation
        inner join {{ ref("int_council_score") }} as score on observation.area_code = score.member_code
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on observation.indicator_code = indicator.indicator_code
            and indicator.value_type <> 'slope_index'
            and (indicator.value_type <> 'amount' or indicator.unit = '£')
        where observation.breakdown_type = 'Total'
    ),

    fitted as (
        select
            {{ key | join(", ") }},
            cast(max(n_members) as int) as n_groups,
            max(case when higher_is_better then 1 else 0 end) = 1 as higher_is_better,
            -- Without the last bits, which hang on the order of a sum.
            round(
                case when max(case when higher_is_better then 1 else 0 end) = 1 then -1 else 1 end
                * sum(weight * value),
                9
            ) as slope,
            case when count(error) = count(*) then round(sqrt(sum(power(weight * error, 2))), 9) end as error,
            concat_ws(
                '/', min({{ status_to_compare("status") }}), max({{ status_to_compare("status") }})
            ) as status_to_compare,
            max(case when status = 'break' then 1 else 0 end) = 1 as begins_anew,
            case
                when count(*) < max(n_members)
                then 'group_missing'
                when count(value) < count(*)
                then 'group_hidden'
            end as no_value
        from figure
        group by {{ key | join(", ") }}
        -- Where no council has a figure there is nothing to explain.
        having count(value) > 0
    )

select
    indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    'council_slope' as measure,
    concat_ws(
        '',
        'Councils by average score, Indices of Deprivation ',
        cast(edition as string),
        case when higher_is_better then ': least deprived' else ': most deprived' end
    ) as group_a,
    concat_ws(
        '',
        'Councils by average score, Indices of Deprivation ',
        cast(edition as string),
        case when higher_is_better then ': most deprived' else ': least deprived' end
    ) as group_b,
    case when no_value is null then slope end as value,
    case when no_value is null then slope - {{ z_of("95") }} * error end as lci_95,
    case when no_value is null then slope + {{ z_of("95") }} * error end as uci_95,
    case when no_value is null and error is not null then 'weighted_sum_from_limits' end as method,
    concat_ws(
        ' minus ',
        case when higher_is_better then 'Least deprived' else 'Most deprived' end,
        case when higher_is_better then 'most deprived' else 'least deprived' end
    )
    || ', as fitted over all councils' as direction,
    case when no_value is not null then no_value when error is null then 'no_interval' end as reason,
    n_groups,
    quantile_edition,
    'equal_shares' as weighting,
    status_to_compare,
    begins_anew
from fitted
