{#- What the sub-regional tables of fuel poverty have in common. -#}
{#- The year of the figures stands in the title: "Table 2: Fuel poor households ..., 2020 [Notes 3 and 4]". The year of the
    edition, which may stand beside it, is two years later: "2026 (2024 data)". Null where no year is found,
    or years of another kind: `2020/21`. -#}
{% macro fuel_poverty_year(title) -%}
    coalesce(
        nullif(regexp_extract({{ title }}, '(?:^|[^0-9/–-])(20[0-9]{2}) data', 1), ''),
        nullif(regexp_extract({{ title }}, ', *(20[0-9]{2})(?: *[^ 0-9/–-]| *$)', 1), '')
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
        {{ whole_number_of(fuel_poverty_year("title")) }} as year,
        share_in_fuel_poverty,
        {{ number_of("households_in_fuel_poverty") }} as numerator,
        {{ number_of("households") }} as denominator,
        {{ unknown_among(["households_in_fuel_poverty", "households"]) }} as is_unknown_beside
    from {{ relation }}
{%- endmacro %}
