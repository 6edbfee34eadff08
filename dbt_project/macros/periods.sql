{#- Periods are intervals with both days included; a publisher's label becomes one here, or null, which
    admission holds. -#}

{#- Number of years in a label such as 2023, 2023/24, 2022 - 24 or 2019/20 - 21/22; null for other forms. -#}
{% macro label_years(label) -%}
    case
        when regexp_extract({{ label }}, '^([0-9]{4})$', 1) <> ''
        then 1
        when regexp_extract({{ label }}, '^([0-9]{4}/[0-9]{2})$', 1) <> ''
        then 1
        when regexp_extract({{ label }}, '^([0-9]{4} - [0-9]{2})$', 1) <> ''
        then
            mod(
                cast(regexp_extract({{ label }}, '^[0-9]{4} - ([0-9]{2})$', 1) as int)
                - cast(regexp_extract({{ label }}, '^[0-9]{2}([0-9]{2})', 1) as int)
                + 100,
                100
            )
            + 1
        when regexp_extract({{ label }}, '^([0-9]{4}/[0-9]{2} - [0-9]{2}/[0-9]{2})$', 1) <> ''
        then
            mod(
                cast(regexp_extract({{ label }}, '^[0-9]{4}/[0-9]{2} - ([0-9]{2})/[0-9]{2}$', 1) as int)
                - cast(regexp_extract({{ label }}, '^[0-9]{2}([0-9]{2})', 1) as int)
                + 100,
                100
            )
            + 1
    end
{%- endmacro %}

{#- First day of a labelled period; the catalogue says in which month and on which day its years begin. -#}
{% macro label_start(label, month, day) -%}
    case
        when {{ label_years(label) }} is not null
        then make_date(cast(regexp_extract({{ label }}, '^([0-9]{4})', 1) as int), {{ month }}, {{ day }})
    end
{%- endmacro %}

{#- Last day of a period of whole years that begins on `start`. -#}
{% macro years_end(start, years) -%}
    cast(
        make_date(
            cast(extract(year from {{ start }}) + {{ years }} as int),
            cast(extract(month from {{ start }}) as int),
            cast(extract(day from {{ start }}) as int)
        )
        - interval 1 day as date
    )
{%- endmacro %}

{#- Last day of a period of whole months that begins on `start`. -#}
{% macro months_end(start, months) -%}
    cast({{ start }} + {{ months }} * interval 1 month - interval 1 day as date)
{%- endmacro %}

{% macro period_months(start, end_day) -%}
    (
        (extract(year from {{ end_day }}) - extract(year from {{ start }})) * 12
        + extract(month from {{ end_day }})
        - extract(month from {{ start }})
        + case when extract(day from {{ start }}) = 1 then 1 else 0 end
    )
{%- endmacro %}
