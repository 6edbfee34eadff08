{#- Confidence limits of counts. z is the two-sided normal quantile: 1.959963984540054 for 95 %,
    3.090232306167813 for 99.8 %. -#}
{% macro z_of(level) -%} {{ {"95": "1.959963984540054", "998": "3.090232306167813"}[level] }} {%- endmacro %}

{#- Byar's limits of a count x, valid from ten events: x (1 - 1/9x - z / 3 sqrt(x))^3 and
    (x + 1) (1 - 1/9(x+1) + z / 3 sqrt(x + 1))^3. Unit: events. Source: Breslow and Day 1987; APHO
    Technical Briefing 3. Null below ten events, where the approximation does not hold. -#}
{% macro byar_lower(x, level) -%}
    case
        when {{ x }} >= 10
        then {{ x }} * power(1 - 1 / (9 * {{ x }}) - {{ z_of(level) }} / (3 * sqrt({{ x }})), 3)
    end
{%- endmacro %}

{% macro byar_upper(x, level) -%}
    case
        when {{ x }} >= 10
        then
            ({{ x }} + 1)
            * power(1 - 1 / (9 * ({{ x }} + 1)) + {{ z_of(level) }} / (3 * sqrt({{ x }} + 1)), 3)
    end
{%- endmacro %}

{#- Wilson's score limits of a proportion x / n: (2x + z^2 -/+ z sqrt(z^2 + 4x (1 - x/n))) / (2 (n + z^2)).
    Unit: share of one. Source: Wilson 1927; APHO Technical Briefing 3. Not valid for survey estimates. -#}
{% macro wilson_limit(x, n, level, sign) -%}
    case
        when {{ n }} > 0 and {{ x }} between 0 and {{ n }}
        then
            (
                2 * {{ x }} + power({{ z_of(level) }}, 2)
                {{ sign }} {{ z_of(level) }}
                * sqrt(power({{ z_of(level) }}, 2) + 4 * {{ x }} * (1 - {{ x }} / {{ n }}))
            )
            / (2 * ({{ n }} + power({{ z_of(level) }}, 2)))
    end
{%- endmacro %}
