{#- Whether a change of an area's code left the council's area as it was: a council of the same area got a new code, or a
    county became one council with all its districts. -#}
{% macro keeps_its_area() -%}
    (kind = 'recoded' or (kind = 'merged' and left(old_code, 3) = 'E10'))
{%- endmacro %}

{#- The first letters of the codes of the councils that make up England together, by tier. -#}
{% macro tiers() -%}
    {{ return({"upper": ["E06", "E08", "E09", "E10"], "lower": ["E06", "E07", "E08", "E09"]}) }}
{%- endmacro %}

{#- Our code of England without London, which publishers name and give no code. It is there to be compared with: what
    London has most of, such as temporary accommodation, is most of England's figure. -#}
{% macro rest_of_england() -%} 'REST-OF-ENGLAND' {%- endmacro %}

{#- Our code of England without a group of councils, which is there to be compared with: England is no independent
    benchmark of its own councils. -#}
{% macro england_without(group_code) -%} concat_ws('-', 'WITHOUT', {{ group_code }}) {%- endmacro %}
