{#- What the tables of DfE Explore education statistics have in common: how they name areas, years and sexes. -#}
{#- A cell that is a GSS code of England, or null: cells say `z`, `ALL` or nothing where there is none. -#}
{% macro ees_gss(cell) -%} nullif(regexp_extract(trim({{ cell }}), '^(E[0-9]{8})$', 1), '') {%- endmacro %}

{#- GSS code of one of our councils by the publisher's own number, for rows without a GSS code. Source: Get
    information about schools, local authority codes; 875 was Cheshire before 2009. -#}
{% macro ees_gss_by_number(number) -%}
    case
        trim({{ number }})
        {%- for old_code, gss in {
            "876": "E06000006",
            "877": "E06000007",
            "895": "E06000049",
            "896": "E06000050",
            "340": "E08000011",
            "341": "E08000012",
            "342": "E08000013",
            "343": "E08000014",
            "344": "E08000015",
        }.items() %}
            when '{{ old_code }}' then '{{ gss }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- Area of a row by its level. Districts, schools and the like are null: they share codes with councils and would
    pass for them. -#}
{% macro ees_area_code(source) -%}
    case
        lower(trim({{ source }}.geographic_level))
        when 'national'
        then {{ ees_gss(source ~ ".country_code") }}
        when 'regional'
        then {{ ees_gss(source ~ ".region_code") }}
        when 'local authority'
        then
            coalesce({{ ees_gss(source ~ ".new_la_code") }}, {{ ees_gss_by_number(source ~ ".old_la_code") }})
    end
{%- endmacro %}

{% macro ees_area_name(source) -%}
    case
        lower(trim({{ source }}.geographic_level))
        when 'national'
        then {{ source }}.country_name
        when 'regional'
        then {{ source }}.region_name
        else {{ source }}.la_name
    end
{%- endmacro %}

{#- `202122` as the label `2021/22` of macros/periods.sql. -#}
{% macro ees_year_label(time_period) -%}
    substring(trim({{ time_period }}), 1, 4) || '/' || substring(trim({{ time_period }}), 5)
{%- endmacro %}

{#- First day of a year of these tables. The publisher says beside it which kind of year it is; where it says nothing it
    is an academic one. Null for a kind that is not known. -#}
{% macro ees_year_start(year_label, time_identifier) -%}
    case
        when lower(trim({{ time_identifier }})) in ('financial year', 'tax year')
        then {{ label_start(year_label, "4", "1") }}
        when coalesce(lower(trim({{ time_identifier }})), '') in ('', 'academic year')
        then {{ label_start(year_label, "9", "1") }}
    end
{%- endmacro %}

{#- Whether a group is eligible for free school meals, in the words that all tables here share; the publisher
    writes `FSM`, `Eligible for FSM`, `Known to be eligible for free school meals` and the like. Those not known to be
    eligible are those who are not and those of whom it is not known: another group, with lower results. -#}
{% macro ees_eligible(cell) -%}
    case
        when lower({{ cell }}) like 'not known%'
        then 'Not known to be eligible'
        when
            lower({{ cell }}) like 'not %'
            or lower({{ cell }}) like 'non%'
            or lower({{ cell }}) like 'all other%'
        then 'Not eligible'
        when
            lower({{ cell }}) like '%eligible%'
            or lower({{ cell }}) like 'fsm%'
            or lower({{ cell }}) like 'free school%'
        then 'Eligible'
        else {{ cell }}
    end
{%- endmacro %}

{% macro ees_is_free_school_meals(cell) -%}
    (lower({{ cell }}) like '%fsm%' or lower({{ cell }}) like '%free school meal%')
{%- endmacro %}
