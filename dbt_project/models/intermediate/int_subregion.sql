{#- Cheshire and Merseyside as the sum of numerators over the sum of denominators of its councils, for
    indicators whose rule allows it and keys for which the publisher gives no figure of its own. A rate is
    never averaged; with a council missing there is no figure, and the status says how many were there. -#}
with
    current_figure as (
        select * from {{ ref("int_observation_history") }} where valid_to is null and change <> 'withdrawn'
    ),

    council as (
        select area_code, parent_code as subregion_code
        from {{ source("raw", "catalogue_area") }}
        where area_type = 'council' and in_cheshire_merseyside
    ),

    expected as (select subregion_code, count(*) as n_areas_expected from council group by subregion_code),

    summed as (
        select
            figure.indicator_code,
            council.subregion_code as area_code,
            figure.period_id,
            figure.period_start,
            figure.period_end,
            figure.sex,
            figure.age,
            figure.breakdown_type,
            figure.breakdown_value,
            sum(figure.numerator) as numerator,
            sum(figure.denominator) as denominator,
            count(
                case when figure.numerator is not null and figure.denominator > 0 then 1 end
            ) as n_areas_included,
            max(figure.vintage_id) as vintage_id,
            max(figure.valid_from) as first_seen_at
        from current_figure as figure
        inner join council on figure.area_code = council.area_code
        group by
            figure.indicator_code,
            council.subregion_code,
            figure.period_id,
            figure.period_start,
            figure.period_end,
            figure.sex,
            figure.age,
            figure.breakdown_type,
            figure.breakdown_value
    ),

    lawful as (
        select
            summed.*,
            expected.n_areas_expected,
            indicator.multiplier,
            indicator.ci_method,
            indicator.counts_rounded_to,
            summed.n_areas_included = expected.n_areas_expected as is_complete
        from summed
        inner join expected on summed.area_code = expected.subregion_code
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on summed.indicator_code = indicator.indicator_code
        where indicator.aggregation_rule = 'sum_ratio' and summed.n_areas_included > 0
    ),

    unpublished as (
        select lawful.*
        from lawful
        left join
            current_figure as published
            on lawful.indicator_code = published.indicator_code
            and lawful.area_code = published.area_code
            and lawful.period_id = published.period_id
            and lawful.sex = published.sex
            and lawful.age = published.age
            and lawful.breakdown_type = published.breakdown_type
            and lawful.breakdown_value = published.breakdown_value
        where published.indicator_code is null
    ),

    limited as (
        select
            *,
            {% for level in ["95", "998"] %}
                case
                    when ci_method = 'byar'
                    then {{ byar_lower("numerator", level) }} / denominator
                    when ci_method = 'wilson'
                    then {{ wilson_limit("numerator", "denominator", level, "-") }}
                end as lower_{{ level }},
                case
                    when ci_method = 'byar'
                    then {{ byar_upper("numerator", level) }} / denominator
                    when ci_method = 'wilson'
                    then {{ wilson_limit("numerator", "denominator", level, "+") }}
                end as upper_{{ level }},
            {% endfor %}
            numerator / denominator as ratio
        from unpublished
    )

select
    indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    case when is_complete then multiplier * ratio end as value,
    case when is_complete then numerator end as numerator,
    case when is_complete then denominator end as denominator,
    case when is_complete then multiplier * lower_95 end as lci_95,
    case when is_complete then multiplier * upper_95 end as uci_95,
    case when is_complete then multiplier * lower_998 end as lci_998,
    case when is_complete then multiplier * upper_998 end as uci_998,
    case when is_complete and lower_95 is not null then ci_method else 'none' end as ci_method,
    case
        when not is_complete
        then 'not_available'
        when counts_rounded_to is not null
        then 'estimated'
        else 'normal'
    end as status,
    case
        when not is_complete
        then concat_ws(' ', 'Counts are known for', n_areas_included, 'of', n_areas_expected, 'councils.')
        when counts_rounded_to is not null
        then concat_ws(' ', 'Sum of counts that the publisher rounds to the nearest', counts_rounded_to)
    end as status_note,
    n_areas_expected,
    n_areas_included,
    vintage_id,
    first_seen_at
from limited
