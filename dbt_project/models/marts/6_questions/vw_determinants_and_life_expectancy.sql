{{ config(materialized="view") }}
{#- How do determinants and life expectancy go together across councils? -#}
select
    association.indicator_code,
    indicator.short_name as indicator_name,
    indicator.is_proxy,
    indicator.proxy_for,
    indicator.polarity,
    period.label as period,
    association.outcome_indicator_code,
    outcome.short_name as outcome_name,
    association.outcome_sex,
    outcome_period.label as outcome_period,
    association.scope_area_code,
    area.area_name as scope,
    association.n_areas,
    association.n_areas_expected,
    association.rho,
    association.p_value,
    association.p_method,
    association.p_adjusted,
    association.first_axis_share,
    association.reason,
    concat_ws(
        ' ',
        'Ecological: rankings of',
        association.n_areas,
        'of',
        association.n_areas_expected,
        'councils, not people; neither shows what causes the other. Of many pairs some go together by chance.',
        case
            when association.first_axis_n_determinants > 2
            then
                concat_ws(
                    ' ',
                    'Of the variation in how',
                    association.first_axis_n_determinants,
                    'determinants rank these councils',
                    cast(cast(round(100 * association.first_axis_share) as int) as string),
                    '% lies on one axis: the correlations are not as many findings.'
                )
        end,
        indicator.reader_note
    ) as warning
from {{ ref("fct_association").include(database=false) }} as association
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on association.indicator_code = indicator.indicator_code
inner join
    {{ ref("dim_indicator").include(database=false) }} as outcome
    on association.outcome_indicator_code = outcome.indicator_code
inner join
    {{ ref("dim_area").include(database=false) }} as area on association.scope_area_code = area.area_code
inner join
    {{ ref("dim_period").include(database=false) }} as period on association.period_id = period.period_id
inner join
    {{ ref("dim_period").include(database=false) }} as outcome_period
    on association.outcome_period_id = outcome_period.period_id
