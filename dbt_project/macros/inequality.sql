{#- How unequal a figure is between groups (indicators' own groups, councils, quantiles of deprivation). -#}
{#- What the limits that come from simulation were drawn with; both stand in every row that uses them. -#}
{% macro draw_seed() -%} 2022 {%- endmacro %}
{% macro draw_repetitions() -%} 10000 {%- endmacro %}

{#- Below this share of an area's denominators, and of its neighbourhoods, there is no gradient. Codes that ended
    between the censuses are those of neighbourhoods that were split or merged, mostly for new houses, so that what
    cannot be joined is no random part: at 5 % a rate of the missing part that differs by ten points from the others'
    moves the area's by half a point. -#}
{% macro least_share_joined() -%} 0.95 {%- endmacro %}

{#- Standard error of a figure's logarithm from its 95 % limits: (ln upper - ln lower) / 2z. Null unless both limits are above zero. -#}
{% macro log_standard_error(lower, upper) -%}
    case
        when {{ lower }} > 0 and {{ upper }} > {{ lower }}
        then (ln({{ upper }}) - ln({{ lower }})) / (2 * {{ z_of("95") }})
    end
{%- endmacro %}

{#- Limits of the difference of two independent proportions p1 - p2, p = x / n, from Wilson's limits l and u of each:
    p1 - p2 - sqrt((p1 - l1)^2 + (u2 - p2)^2) and p1 - p2 + sqrt((u1 - p1)^2 + (p2 - l2)^2).
    Unit: share of one. Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10. -#}
{% macro newcombe_lower(x1, n1, x2, n2) -%}
    {{ x1 }} / {{ n1 }}
    - {{ x2 }} / {{ n2 }}
    - sqrt(
        power({{ x1 }} / {{ n1 }} - {{ wilson_limit(x1, n1, "95", "-") }}, 2)
        + power({{ wilson_limit(x2, n2, "95", "+") }} - {{ x2 }} / {{ n2 }}, 2)
    )
{%- endmacro %}

{% macro newcombe_upper(x1, n1, x2, n2) -%}
    {{ x1 }} / {{ n1 }}
    - {{ x2 }} / {{ n2 }}
    + sqrt(
        power({{ wilson_limit(x1, n1, "95", "+") }} - {{ x1 }} / {{ n1 }}, 2)
        + power({{ x2 }} / {{ n2 }} - {{ wilson_limit(x2, n2, "95", "-") }}, 2)
    )
{%- endmacro %}

{#- Standard error of ln(p1 / p2) of two independent proportions: sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2).
    Source: Katz et al. 1978, Biometrics 34, 469-474 (delta method). Null unless both counts are above zero. -#}
{% macro log_ratio_error_of_counts(x1, n1, x2, n2) -%}
    case
        when {{ x1 }} > 0 and {{ x2 }} > 0
        then sqrt(greatest(1 / {{ x1 }} - 1 / {{ n1 }} + 1 / {{ x2 }} - 1 / {{ n2 }}, 0))
    end
{%- endmacro %}

{#- How many quantiles a publisher's breakdown by deprivation has; null for any other breakdown. The method wants 5
    to 100, so that quartiles are not taken. -#}
{% macro quantiles_of_breakdown(breakdown_type) -%}
    case
        when lower({{ breakdown_type }}) not like '%deprivation%'
        then null
        when lower({{ breakdown_type }}) like '%decile%'
        then 10
        when lower({{ breakdown_type }}) like '%quintile%'
        then 5
    end
{%- endmacro %}

{#- Which of n quantiles the publisher's words mean, 1 is the most deprived: `Most deprived decile`, `Second most
    deprived decile`, `Third more deprived decile` to `Fifth less deprived decile`, `Second least deprived decile`,
    `Least deprived decile`, and the same with quintiles, whose third may be called the middle. Null for other words. -#}
{% macro quantile_of_words(words, n) -%}
    {%- set counted -%}
        case
            {%- for ordinal in ["second", "third", "fourth", "fifth"] %}
                when lower({{ words }}) like '{{ ordinal }} %' then {{ loop.index + 1 }}
            {%- endfor %}
            when lower({{ words }}) like 'most %' or lower({{ words }}) like 'least %' then 1
        end
    {%- endset -%}
    case
        when {{ counted }} > ({{ n }} + 1) / 2
        then null
        when lower({{ words }}) like '%most deprived%' or lower({{ words }}) like '%more deprived%'
        then {{ counted }}
        when lower({{ words }}) like '%least deprived%' or lower({{ words }}) like '%less deprived%'
        then {{ n }} + 1 - {{ counted }}
        when lower({{ words }}) like 'middle %' and {{ n }} = 5
        then 3
    end
{%- endmacro %}

{#- Whether figures may be set beside each other over time: a revised figure and the first one after a break are final
    like a normal one; a provisional or an estimated one is not. The break itself is looked at apart. -#}
{% macro status_to_compare(status) -%}
    case when {{ status }} in ('revised', 'break') then 'normal' else {{ status }} end
{%- endmacro %}

{#- A number between 0 (not included) and 1: what is left of `number` after its whole part, from the top. -#}
{% macro part_of_one(number) -%} (1 - ({{ number }} - floor({{ number }}))) {%- endmacro %}
