{#- Figures and names as a sentence has them. -#}
{#- The texts of a group as one text, in their order. Aggregates differ by engine. -#}
{% macro listed(text, separator=", ") -%}
    {{ return(adapter.dispatch("listed", "all_together_fairer")(text, separator)) }}
{%- endmacro %}

{% macro duckdb__listed(text, separator) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}

{% macro spark__listed(text, separator) -%}
    concat_ws('{{ separator }}', array_sort(collect_list({{ text }})))
{%- endmacro %}

{#- A number with so many decimals; one that rounds to zero has no sign. The scale of round() is a constant on Spark. -#}
{% macro plain_number(value, decimals) -%}
    case
        when coalesce({{ decimals }}, 1) <= 0
        then cast(cast(round({{ value }}) as bigint) as string)
        {% for places in [1, 2] %}
            when coalesce({{ decimals }}, 1) = {{ places }}
            then cast(round({{ value }}, {{ places }}) + 0 as string)
        {% endfor %}
        else cast(round({{ value }}, 3) + 0 as string)
    end
{%- endmacro %}

{#- A count as a sentence has it: `none` for zero. -#}
{% macro none_or(count) -%}
    case when {{ count }} = 0 then 'none' else cast({{ count }} as string) end
{%- endmacro %}

{#- What a difference of two figures is in: of two percentages, percentage points. -#}
{% macro unit_of_difference(unit) -%}
    case
        {{ unit }}
        when '%'
        then 'percentage points'
        when '% of £'
        then 'percentage points'
        when '£'
        then 'pounds'
        when 'score'
        then 'points of score'
        when 'score 0 to 10'
        then 'points on a scale of 0 to 10'
        when 'ratio'
        then 'points of the ratio'
        else {{ unit }}
    end
{%- endmacro %}

{#- A difference as a reader says it: `2.4 years lower`; one that rounds to zero is on no side. -#}
{% macro difference_words(value, decimals, word_higher, word_lower, unit="null") -%}
    concat_ws(
        ' ',
        {{ plain_number("abs(" ~ value ~ ")", decimals) }},
        {{ unit }},
        case
            when cast({{ plain_number("abs(" ~ value ~ ")", decimals) }} as double) = 0
            then null
            when {{ value }} > 0
            then {{ word_higher }}
            else {{ word_lower }}
        end
    )
{%- endmacro %}

{#- `in 2022 to 2024`, and `on 2025-12-31` of a day. -#}
{% macro at_period(label) -%}
    case when {{ label }} like '____-__-__' then 'on ' else 'in ' end || {{ label }}
{%- endmacro %}
