{#- Periods are intervals with both days included; a publisher's label becomes one here, or null, which
    admission holds. -#}
{#- Years from one two-digit year to a later one, 0 to 99: 99 to 01 is 2. -#}
{% macro years_between(first, last) -%}
    mod({{ digits_of(last) }} - {{ digits_of(first) }} + 100, 100)
{%- endmacro %}

{#- Number of years in a label such as 2023, 2023/24, 2022 - 24 or 2019/20 - 21/22; null for other forms, and
    for years that do not follow each other (2023/27, 2022 - 21). -#}
{% macro label_years(label) -%}
    {%- set first = "substring(" ~ label ~ ", 3, 2)" -%}
    {%- set second = "substring(" ~ label ~ ", 6, 2)" -%}
    case
        when regexp_extract({{ label }}, '^([0-9]{4})$', 1) <> ''
        then 1
        when regexp_extract({{ label }}, '^([0-9]{4}/[0-9]{2})$', 1) <> ''
        then case when {{ years_between(first, second) }} = 1 then 1 end
        when regexp_extract({{ label }}, '^([0-9]{4} - [0-9]{2})$', 1) <> ''
        then
            case
                when {{ years_between(first, "right(" ~ label ~ ", 2)") }} between 1 and 20
                then {{ years_between(first, "right(" ~ label ~ ", 2)") }} + 1
            end
        when regexp_extract({{ label }}, '^([0-9]{4}/[0-9]{2} - [0-9]{2}/[0-9]{2})$', 1) <> ''
        then
            case
                when
                    {{ years_between(first, second) }} = 1
                    and {{ years_between("substring(" ~ label ~ ", 11, 2)", "right(" ~ label ~ ", 2)") }} = 1
                    and {{ years_between(first, "substring(" ~ label ~ ", 11, 2)") }} between 1 and 20
                then {{ years_between(first, "substring(" ~ label ~ ", 11, 2)") }} + 1
            end
    end
{%- endmacro %}

{#- First day of a labelled period. 2023 and 2022 - 24 are calendar years, whatever the card says. 2023/24 begins in the
    month and on the day in which the catalogue says that years of the dataset begin; where those are calendar years, the
    label is of another kind of year, and is read as the financial year. Admission holds a year that is not the card's
    (expectations/staged_labels.yml). -#}
{% macro label_start(label, month, day) -%}
    case
        when {{ label_years(label) }} is null
        then null
        when contains({{ label }}, '/') and ({{ month }} <> 1 or {{ day }} <> 1)
        then make_date({{ digits_of("left(" ~ label ~ ", 4)") }}, {{ month }}, {{ day }})
        when contains({{ label }}, '/')
        then make_date({{ digits_of("left(" ~ label ~ ", 4)") }}, 4, 1)
        else make_date({{ digits_of("left(" ~ label ~ ", 4)") }}, 1, 1)
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

{#- First day of a month named by its first three letters in English, in the year given as text;
    null for other words. -#}
{% macro month_of_label(month, year) -%}
    case
        when
            length({{ month }}) = 3 and mod(instr('JanFebMarAprMayJunJulAugSepOctNovDec', {{ month }}), 3) = 1
        then
            make_date(
                {{ whole_number_of(year) }},
                cast((instr('JanFebMarAprMayJunJulAugSepOctNovDec', {{ month }}) + 2) / 3 as int),
                1
            )
    end
{%- endmacro %}

{#- Later than every moment: what an open end is compared as. A join whose condition holds an `or` is worked out row against
    row, which is a hundred times slower for ten times the rows. -#}
{% macro or_never(moment) -%} coalesce({{ moment }}, timestamp '9999-12-31 00:00:00') {%- endmacro %}

{#- Years from one day to a later one, by months: 1 October 2014 to 1 September 2019 is 59 / 12. -#}
{% macro years_apart(earlier, later) -%}
    (
        (
            (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
            + extract(month from {{ later }})
            - extract(month from {{ earlier }})
        )
        / cast(12 as double)
    )
{%- endmacro %}

{#- `Jan` to `Dec`; engines name months differently. -#}
{% macro month_name(day) -%}
    substr('JanFebMarAprMayJunJulAugSepOctNovDec', cast(3 * extract(month from {{ day }}) - 2 as int), 3)
{%- endmacro %}

{#- Last day, a Friday, of a week of the Office for National Statistics: they run from Saturday to Friday and have the number
    of the ISO week in which they end. 4 January is always in week 1. Null for a week that no year has. -#}
{% macro ons_week_end(year, week) -%}
    {%- set fourth = "make_date(" ~ year ~ ", 1, 4)" -%}
    case
        when {{ week }} between 1 and 53
        then
            {{ fourth }} + cast(
                4
                - mod({{ dbt.datediff("date '2001-01-01'", fourth, "day") }}, 7)
                + 7 * ({{ week }} - 1) as int
            )
    end
{%- endmacro %}

{#- Whether a period lies in the pandemic or touches it: from March 2020 to March 2021, as between the periods before and
    after of vw_determinants_through_the_pandemic. -#}
{% macro touches_the_pandemic(period) -%}
    ({{ period }}.period_start <= date '2021-03-31' and {{ period }}.period_end >= date '2020-03-01')
{%- endmacro %}
