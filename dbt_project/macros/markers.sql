{#- What a cell says in place of, or beside, a number. Source of the shorthand: Government Statistical
    Service symbols (c confidential, x not available, z not applicable, u low reliability, p provisional,
    r revised, e estimated, b break, w none recorded, low and k: a number
    that rounds to zero and is not given) and older symbols (*, :, .., -). -#}
{% macro shorthand() -%}
    {{
        return(
            {
                "suppressed": ["c", "*"],
                "not_applicable": ["z"],
                "not_available": ["x", ":", "..", "-", "na", "n/a", "w", "low", "k"],
                "unreliable": ["u"],
                "provisional": ["p"],
                "revised": ["r"],
                "estimated": ["e", "f"],
                "break": ["b"],
            }
        )
    }}
{%- endmacro %}

{#- The status of a cell: null for a number and for a blank cell, `unknown_marker` for what is neither a number nor
    known shorthand. -#}
{% macro marker_status(text) -%}
    case when {{ text }} is not null and not {{ is_number(text) }} then {{ word_status(text) }} end
{%- endmacro %}

{#- The status that a column of statuses says: a number is no word there. Null for a blank cell. -#}
{% macro word_status(text) -%}
    case
        when {{ text }} is null or trim({{ text }}) = ''
        then null
        {%- for status, words in shorthand().items() %}
            when lower(trim(both ' []' from {{ text }})) in ('{{ words | join("', '") }}') then '{{ status }}'
        {%- endfor %}
        else 'unknown_marker'
    end
{%- endmacro %}

{#- Whether one of these cells is what `marker_status` calls unknown. For the counts and limits of a figure: their
    shorthand leaves them empty, and an unknown one holds the figure as one in its value does. -#}
{% macro unknown_among(cells) -%}
    (
        {%- for cell in cells %}
            coalesce(
                not {{ is_number(cell) }}
                and trim({{ cell }}) <> ''
                and lower(trim(both ' []' from {{ cell }}))
                not in ('{{ shorthand().values() | sum(start=[]) | join("', '") }}'),
                false
            )
            {{- " or " if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- One status of two that are said of a figure: in the column of statuses and in its own cell. -#}
{% macro either_status(word, marker) -%}
    case
        when {{ word }} = 'unknown_marker' or {{ marker }} = 'unknown_marker'
        then 'unknown_marker'
        when {{ word }} = 'suppressed' or {{ marker }} = 'suppressed'
        then 'suppressed'
        when {{ status_hides_value(word) }}
        then {{ word }}
        when {{ status_hides_value(marker) }}
        then {{ marker }}
        else coalesce({{ word }}, {{ marker }})
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
