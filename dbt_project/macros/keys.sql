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

{#- What each staging model of figures gives, in this order. `measure` tells several measures of one row apart,
    `source_rows` is how many landed rows a figure was put together from, the first being `source_row`. -#}
{% macro staged_columns() -%}
    {{
        return(
            [
                "vintage_id",
                "dataset",
                "part",
                "source_row",
                "source_rows",
                "measure",
                "area_code",
                "area_name",
                "sex",
                "age",
                "breakdown_type",
                "breakdown_value",
                "period_label",
                "period_length",
                "period_start",
                "period_end",
                "value_text",
                "value",
                "numerator",
                "denominator",
                "lci_95",
                "uci_95",
                "lci_998",
                "uci_998",
                "status",
                "status_note",
            ]
        )
    }}
{%- endmacro %}
