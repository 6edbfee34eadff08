{#- What the sub-regional tables of fuel poverty have in common. -#}
{#- The year of the figures stands in the title: "Table 2: Fuel poor households ..., 2020 [Notes 3 and 4]". The year of the
    edition, which may stand beside it, is two years later: "2026 (2024 data)". Null where no year is found. -#}
{% macro fuel_poverty_year(title) -%}
    coalesce(
        nullif(regexp_extract({{ title }}, '(20[0-9]{2}) data', 1), ''),
        nullif(regexp_extract({{ title }}, ', *(20[0-9]{2})', 1), '')
    )
{%- endmacro %}
