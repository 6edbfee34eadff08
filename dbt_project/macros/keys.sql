{#- The key of a figure: one place, so that vintages, history and the mart agree on what "the same figure" is. -#}
{% macro observation_key_columns() -%}
    {{
        return(
            ["indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value"]
        )
    }}
{%- endmacro %}

{% macro observation_key(alias="") -%}
    {%- set prefix = alias ~ "." if alias else "" -%}
    md5(
        concat_ws('|' {%- for column in observation_key_columns() -%}, {{ prefix }}{{ column }}{%- endfor -%})
    )
{%- endmacro %}

{#- Changes exactly when a published measure or its status does. -#}
{% macro measures_hash(alias="") -%}
    {%- set prefix = alias ~ "." if alias else "" -%}
    md5(
        concat_ws(
            '|',
            {%- for column in [
                "value",
                "numerator",
                "denominator",
                "lci_95",
                "uci_95",
                "lci_998",
                "uci_998",
            ] %}
                coalesce(cast({{ prefix }}{{ column }} as string), ''),
            {%- endfor %}
            coalesce({{ prefix }}status, '')
        )
    )
{%- endmacro %}
