{#- Differences of two independent figures. -#}
{#- Limit of a difference `later - earlier` of two figures with published or computed limits, in their unit:
    (later - earlier) -/+ z sqrt(se_later^2 + se_earlier^2), each standard error taken from its own limits as
    (upper - lower) / 2 z. Both are taken as independent, which overlapping periods are not. Null where one has no limits.
    Source: Altman and Gardner, Statistics with Confidence, 2000. -#}
{% macro difference_limit(later, earlier, sign, level="95") -%}
    (
        {{ later }}.value - {{ earlier }}.value
        {{ sign }} {{ z_of(level) }} * sqrt(
            power({{ standard_error(later ~ ".lci_" ~ level, later ~ ".uci_" ~ level, level) }}, 2)
            + power({{ standard_error(earlier ~ ".lci_" ~ level, earlier ~ ".uci_" ~ level, level) }}, 2)
        )
    )
{%- endmacro %}

{#- What limits of a difference say: lower, similar, higher, or not_known without them. Zero on a limit is similar. -#}
{% macro difference_outcome(lower, upper) -%}
    case
        when {{ lower }} is null or {{ upper }} is null
        then 'not_known'
        when {{ upper }} < 0
        then 'lower'
        when {{ lower }} > 0
        then 'higher'
        else 'similar'
    end
{%- endmacro %}

{#- The same of a change over time, in words. -#}
{% macro fell_or_rose(lower, upper) -%}
    case
        {{ difference_outcome(lower, upper) }}
        when 'lower'
        then 'falling'
        when 'higher'
        then 'rising'
        when 'similar'
        then 'no_significant_change'
        else 'not_known'
    end
{%- endmacro %}
