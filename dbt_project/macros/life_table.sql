{#- Ages at which the bands of an abridged life table begin: 0, 1 to 4, 5 to 9, ..., 85 to 89, 90 and over. -#}
{% macro life_table_bands() -%} {{ return([0, 1] + (range(5, 95, 5) | list)) }} {%- endmacro %}

{#- First age of the band that an age in a publisher's words is, or null for any other: single years and wider bands
    are no bands of the table, and are never put together or taken apart. -#}
{% macro life_table_band(age) -%}
    {%- set ages = life_table_bands() -%}
    case
        when
            lower(trim({{ age }}))
            in ('0', '0 yrs', '<1', '<1 yr', '<1 yrs', 'under 1', 'age 0', 'aged 0', 'aged under 1')
        then 0
        {%- for first in ages[1:-1] %}
                {%- set last = ages[loop.index + 1] - 1 %}
            when
                lower(trim({{ age }})) in (
                    '{{ first }}-{{ last }} yrs',
                    '{{ first }}-{{ last }}',
                    '{{ first }} to {{ last }}',
                    'aged {{ first }}-{{ last }}',
                    'aged {{ first }} to {{ last }}'
                )
            then {{ first }}
        {%- endfor %}
        when lower(trim({{ age }})) in ('90+ yrs', '90+', '90 and over', 'aged 90+', 'aged 90 and over')
        then {{ ages[-1] }}
    end
{%- endmacro %}

{#- Life expectancy at birth by an abridged life table, and its variance, as a query: one row for each of `keys` of the
    relation `bands`, which has `age_from`, `deaths` and `person_years` for each band. Units: years, years squared.
    With d deaths in P person-years, n years of a band and a the share of it that those who die in it live (0.1 in the
    first year of life, else 0.5):
        q = n d / (P + n (1 - a) d)          probability of dying in the band, 1 in the last one
        l = product of 1 - q of the bands before, L = n (l' + a (l - l')), in the last one l P / d
        e = sum of L from the band on / l    (dashes mean the next band)
        variance = sum of l^2 ((1 - a) n + e')^2 q^2 (1 - q) / d, and in the last band l^2 P^2 / d^3
    A band without a death adds nothing to the variance. Source: Chiang 1978, 1984 (the table); Silcocks, Jenner and
    Reza 2001 (the last band's part of the variance, which Chiang leaves out); Toson and Baker 2003, who chose both for
    the small areas of England. Null where a band is missing, nobody lives in one, d is negative or above P, so many
    die that nobody would be left at its end, or nobody dies in the last one, whose years are then not bounded. -#}
{% macro life_table(bands, keys) -%}
    {%- set ages = life_table_bands() -%}
    {%- set last = ages[-1] -%}
    with
        -- One column a band: the table runs down the ages, and rows have no order to run along.
        counted as (
            select
                {{ keys | join(", ") }}
                {%- for age in ages %}
                    ,
                    max(case when age_from = {{ age }} then deaths end) as d_{{ age }},
                    max(case when age_from = {{ age }} then person_years end) as p_{{ age }}
                {%- endfor %}
            from {{ bands }}
            group by {{ keys | join(", ") }}
        ),

        dying as (
            select
                *
                {%- for age in ages[:-1] %}
                    {%- set n = ages[loop.index] - age %}
                    {%- set a = 0.1 if loop.first else 0.5 %},
                    case
                        when
                            p_{{ age }} > 0
                            and d_{{ age }} between 0 and p_{{ age }}
                            and {{ n * a }} * d_{{ age }} < p_{{ age }}
                        then {{ n }} * d_{{ age }} / (p_{{ age }} + {{ n * (1 - a) }} * d_{{ age }})
                    end as q_{{ age }}
                {%- endfor %},
                case
                    when d_{{ last }} > 0 and d_{{ last }} <= p_{{ last }} then p_{{ last }} / d_{{ last }}
                end as years_in_last
            from counted
        ),

        surviving as (
            select
                *,
                1e0 as l_0
                {%- for age in ages[1:] %}
                    , l_{{ ages[loop.index0] }} * (1 - q_{{ ages[loop.index0] }}) as l_{{ age }}
                {%- endfor %}
            from dying
        ),

        -- Years still to be lived from the beginning of a band on, of all who are born.
        living as (
            select
                *,
                l_{{ last }} * years_in_last as t_{{ last }}
                {%- for age in ages[:-1] | reverse %}
                    {%- set next = ages[ages.index(age) + 1] %}
                    {%- set a = 0.1 if age == 0 else 0.5 %},
                    t_{{ next }}
                    + {{ next - age }}
                    * (l_{{ next }} + {{ a }} * (l_{{ age }} - l_{{ next }})) as t_{{ age }}
                {%- endfor %}
            from surviving
        )

    select
        {{ keys | join(", ") }},
        t_0 as life_expectancy,
        case when d_{{ last }} > 0 then power(l_{{ last }} * years_in_last, 2) / d_{{ last }} end
        {%- for age in ages[:-1] %}
            {%- set next = ages[loop.index] %}
            {%- set a = 0.1 if loop.first else 0.5 %} + case
                when d_{{ age }} > 0
                then
                    power(l_{{ age }} * ({{ (1 - a) * (next - age) }} + t_{{ next }} / l_{{ next }}), 2)
                    * power(q_{{ age }}, 2)
                    * (1 - q_{{ age }})
                    / d_{{ age }}
                else 0
            end
        {%- endfor %} as variance
    from living
{%- endmacro %}
