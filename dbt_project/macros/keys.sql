{#- The key of a figure: one place, so that vintages, history and the mart agree on what "the same figure" is. Sixteen
    hexadecimal digits: among ten million figures two share a key once in 370,000 times, and a test would say so. -#}
{% macro observation_key_columns() -%}
    {{
        return(
            ["indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value"]
        )
    }}
{%- endmacro %}

{% macro observation_key(alias="") -%}
    {%- set prefix = alias ~ "." if alias else "" -%}
    left(
        md5(
            concat_ws(
                '|' {%- for column in observation_key_columns() -%}, {{ prefix }}{{ column }}{%- endfor -%}
            )
        ),
        16
    )
{%- endmacro %}

{#- Whether a row is the figure that stands for its indicator: the total of the card's sex and age. -#}
{% macro is_headline(figure, card) -%}
    (
        {{ figure }}.breakdown_type = 'Total'
        and {{ figure }}.sex = {{ card }}.headline_sex
        and {{ figure }}.age = coalesce({{ card }}.headline_age, {{ figure }}.age)
    )
{%- endmacro %}

{#- The period as a whole number that is the same in every release: days from 1 January 1900 to its first day, times
    4096, and the days that it has. -#}
{% macro period_key(start, end_day) -%}
    cast(
        4096 * {{ dbt.datediff("date '1900-01-01'", start, "day") }}
        + {{ dbt.datediff(start, end_day, "day") }} as int
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
