{#- Which limits a figure has. The formulae are in intervals.sql. -#}
{#- A limit of a figure that counts give, in the figure's unit: `side` is lower or upper. Wilson's for a proportion,
    Byar's with the exact ones below ten for a rate; null for every other method. -#}
{% macro count_limit(method, numerator, denominator, multiplier, level, side) -%}
    {%- set sign = "-" if side == "lower" else "+" -%}
    case
        when {{ denominator }} > 0 and {{ method }} = 'wilson'
        then {{ multiplier }} * {{ wilson_limit(numerator, denominator, level, sign) }}
        when {{ denominator }} > 0 and {{ method }} = 'byar' and '{{ side }}' = 'lower'
        then {{ multiplier }} * {{ byar_lower(numerator, level) }} / {{ denominator }}
        when {{ denominator }} > 0 and {{ method }} = 'byar'
        then {{ multiplier }} * {{ byar_upper(numerator, level) }} / {{ denominator }}
    end
{%- endmacro %}

{#- A sum of doubles that does not depend on the order of its rows: the last bits, which do, are rounded away. -#}
{% macro steady_sum(x) -%} round(sum({{ x }}), 6) {%- endmacro %}
