{#- How a figure stands to a goal. -#}
{#- Whether a value is the goal or better, by the indicator's polarity; null where neither side is the better one. -#}
{% macro is_good_enough(value) -%}
    case
        polarity
        when 'higher_is_better'
        then {{ value }} >= goal_value
        when 'lower_is_better'
        then {{ value }} <= goal_value
    end
{%- endmacro %}
