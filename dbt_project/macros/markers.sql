{#- What a cell says in place of, or beside, a number. Source of the shorthand: Government Statistical
    Service symbols (c confidential, x not available, z not applicable, u low reliability, p provisional,
    r revised, e estimated, b break, w none recorded, low and k: a number
    that rounds to zero and is not given) and older symbols (*, :, .., -).
    Returns null for a number and for a blank cell, `unknown_marker` for anything else. -#}
{% macro marker_status(text) -%}
    case
        when {{ text }} is null or trim({{ text }}) = ''
        then null
        when try_cast({{ text }} as double) is not null
        then null
        when lower(trim(both ' []' from {{ text }})) in ('c', '*')
        then 'suppressed'
        when lower(trim(both ' []' from {{ text }})) = 'z'
        then 'not_applicable'
        when lower(trim(both ' []' from {{ text }})) in ('x', ':', '..', '-', 'na', 'n/a', 'w', 'low', 'k')
        then 'not_available'
        when lower(trim(both ' []' from {{ text }})) = 'u'
        then 'unreliable'
        when lower(trim(both ' []' from {{ text }})) = 'p'
        then 'provisional'
        when lower(trim(both ' []' from {{ text }})) = 'r'
        then 'revised'
        when lower(trim(both ' []' from {{ text }})) in ('e', 'f')
        then 'estimated'
        when lower(trim(both ' []' from {{ text }})) = 'b'
        then 'break'
        else 'unknown_marker'
    end
{%- endmacro %}

{#- Statuses that stand in place of a value; the others accompany one. -#}
{% macro status_hides_value(status) -%}
    {{ status }} in ('suppressed', 'not_available', 'not_applicable', 'unreliable', 'not_published')
{%- endmacro %}

{#- The status of a figure: a marker in place of a value or beside one, or what is known where both are absent.
    A marker that should accompany a value does not stand for one. -#}
{% macro figure_status(marker, value, absent="'not_available'") -%}
    case
        when {{ marker }} = 'unknown_marker' or {{ status_hides_value(marker) }}
        then {{ marker }}
        when {{ value }} is null
        then {{ absent }}
        else coalesce({{ marker }}, 'normal')
    end
{%- endmacro %}
