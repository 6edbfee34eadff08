{#- What the sub-regional tables of fuel poverty have in common. -#}
{#- The year of the figures stands in the title: "Table 2: Fuel poor households ..., 2020 [Notes 3 and 4]". The year of the
    edition, which may stand beside it, is two years later: "2026 (2024 data)". Null where no year is found. -#}
{% macro fuel_poverty_year(title) -%}
    coalesce(
        nullif(regexp_extract({{ title }}, '(20[0-9]{2}) data', 1), ''),
        nullif(regexp_extract({{ title }}, ', *(20[0-9]{2})', 1), '')
    )
{%- endmacro %}

{#- The rows of one of these tables, with the year that they are of. -#}
{% macro fuel_poverty_rows(relation) -%}
    select
        vintage_id,
        dataset,
        part,
        row_number as source_row,
        area_code,
        area_name,
        {{ fuel_poverty_year("title") }} as period_label,
        try_cast({{ fuel_poverty_year("title") }} as int) as year,
        share_in_fuel_poverty,
        try_cast(households_in_fuel_poverty as double) as numerator,
        try_cast(households as double) as denominator
    from {{ relation }}
{%- endmacro %}
