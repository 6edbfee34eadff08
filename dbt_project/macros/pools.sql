{#- Approximate pools: figures of several councils weighted by people, where neither counts nor deaths are at hand. -#}
{#- Ages of the residents that can be weights -> first and last year of age; none is everybody, a last of none is open. -#}
{% macro weight_ages() -%}
    {{
        return(
            {
                "All ages": (none, none),
                "0-15 yrs": (0, 15),
                "16+ yrs": (16, none),
                "18+ yrs": (18, none),
                "19+ yrs": (19, none),
            }
        )
    }}
{%- endmacro %}

{#- Weighted mean and its standard error: sum(w v) / sum(w) and sqrt(sum((w se)^2)) / sum(w), the variances of independent
    estimates combined. Unit: that of the value. Rounded to nine places, which no order of rows changes. -#}
{% macro pooled_value(value, weight) -%}
    round(sum(({{ weight }}) * ({{ value }})) / sum({{ weight }}), 9)
{%- endmacro %}

{% macro pooled_error(error, weight) -%}
    sqrt(sum(power(({{ weight }}) * ({{ error }}), 2))) / sum({{ weight }})
{%- endmacro %}

{#- The greatest difference from the published figure with which a pool is shown: one in the last printed digit but one, so
    1 for 79.4 and 0.1 for 12.34. Unit: that of the value. -#}
{% macro pool_tolerance(decimals) -%} power(cast(10 as double), 1 - ({{ decimals }})) {%- endmacro %}

{#- The least share of the people of England (or of the North West) whose councils have a figure, with which a pool of these
    councils says something of the whole. -#}
{% macro least_share_of_people() -%} 0.85e0 {%- endmacro %}
