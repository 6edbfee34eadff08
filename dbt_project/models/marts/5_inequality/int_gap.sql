{#- Absolute gap a - b, in the indicator's unit, and relative gap a / b. Limits: of two proportions of counted people by
    Newcombe and by the delta method; else from the published limits of the two, which are taken as independent, by
    sqrt(se_a^2 + se_b^2) and, for the ratio, on the log scale with se / value (delta method). Counts are used where the
    indicator's own limits come from counts (ci_method wilson) and the figure is theirs as it is shown, so never for a
    survey, whose counts are weighted or are of respondents.
    A ratio needs a scale that begins at zero and two figures above it: none for Progress 8, whose zero is the average. -#}
with
    measured as (
        select
            pair.*,
            indicator.multiplier,
            coalesce(indicator.value_min < 0, false) or pair.value_a < 0 or pair.value_b < 0 as crosses_zero,
            coalesce(
                indicator.value_type = 'proportion' and indicator.ci_method = 'wilson'
                {% for one in ["a", "b"] %}
                    and pair.denominator_{{ one }} > 0
                    and pair.numerator_{{ one }} between 0 and pair.denominator_{{ one }}
                    and abs(
                        indicator.multiplier
                        * pair.numerator_{{ one }}
                        / nullif(pair.denominator_{{ one }}, 0)
                        - pair.value_{{ one }}
                    )
                    <= 0.5 * power(10, - indicator.decimals) + 0.000000001
                {% endfor %},
                false
            ) as is_of_counts,
            {{ standard_error("pair.lci_95_a", "pair.uci_95_a") }} as error_a,
            {{ standard_error("pair.lci_95_b", "pair.uci_95_b") }} as error_b,
            case
                when pair.n_a = 0 or pair.n_b = 0
                then 'group_missing'
                when pair.n_a > 1 or pair.n_b > 1
                then 'group_ambiguous'
                when pair.value_a is null or pair.value_b is null
                then 'group_hidden'
            end as no_pair
        from {{ ref("int_gap_pair") }} as pair
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on pair.indicator_code = indicator.indicator_code
    ),

    absolute as (
        select
            *,
            'absolute_gap' as measure,
            concat_ws(' minus ', name_a, name_b) as direction,
            no_pair as no_value,
            case when no_pair is null then value_a - value_b end as value,
            case
                when no_pair is not null
                then null
                when is_of_counts
                then
                    multiplier
                    * ({{ newcombe_lower("numerator_a", "denominator_a", "numerator_b", "denominator_b") }})
                else value_a - value_b - {{ z_of("95") }} * sqrt(power(error_a, 2) + power(error_b, 2))
            end as lci_95,
            case
                when no_pair is not null
                then null
                when is_of_counts
                then
                    multiplier
                    * ({{ newcombe_upper("numerator_a", "denominator_a", "numerator_b", "denominator_b") }})
                else value_a - value_b + {{ z_of("95") }} * sqrt(power(error_a, 2) + power(error_b, 2))
            end as uci_95,
            case when is_of_counts then 'newcombe' else 'difference_from_limits' end as method
        from measured
    ),

    ratio as (
        select
            *,
            case
                when no_pair is not null
                then no_pair
                when crosses_zero
                then 'scale_crosses_zero'
                when value_b = 0
                then 'zero_reference'
                when value_a = 0
                then 'zero_group'
            end as no_value,
            case
                when is_of_counts
                then
                    {{
                        log_ratio_error_of_counts(
                            "numerator_a", "denominator_a", "numerator_b", "denominator_b"
                        )
                    }}
                else sqrt(power(error_a / nullif(value_a, 0), 2) + power(error_b / nullif(value_b, 0), 2))
            end as log_error
        from measured
    ),

    relative as (
        select
            *,
            'relative_gap' as measure,
            concat_ws(' divided by ', name_a, name_b) as direction,
            case when no_value is null then value_a / nullif(value_b, 0) end as value,
            case
                when no_value is null then value_a / nullif(value_b, 0) * exp(-{{ z_of("95") }} * log_error)
            end as lci_95,
            case
                when no_value is null then value_a / nullif(value_b, 0) * exp({{ z_of("95") }} * log_error)
            end as uci_95,
            case when is_of_counts then 'log_ratio_from_counts' else 'log_ratio_from_limits' end as method
        from ratio
    )

{% for measured_gap in ["absolute", "relative"] %}
    select
        indicator_code,
        area_code,
        period_id,
        period_start,
        period_end,
        sex,
        age,
        measure,
        group_a,
        group_b,
        value,
        lci_95,
        uci_95,
        case when lci_95 is not null then method end as method,
        direction,
        case when no_value is not null then no_value when lci_95 is null then 'no_interval' end as reason,
        quantile_edition,
        status_to_compare,
        begins_anew
    from {{ measured_gap }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
