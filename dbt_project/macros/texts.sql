{#- What publishers write as text becomes a number or a day here, by its form, and nowhere else. The engines' own casts
    disagree on forms (`1d`, `1_000`, `0x10`, `12.7` as a whole number, `2022` as a day) and agree on some that are no
    figure (`nan`, `infinity`, `1e999`), so that a cast only sees text whose form was tried. -#}
{#- Whether the whole text has the form of the pattern, which is given without `^` and `$`. Null for null. -#}
{% macro fits(text, pattern) -%}
    {{ return(adapter.dispatch("fits", "all_together_fairer")(text, pattern)) }}
{%- endmacro %}

{#- Compared with the whole text, because a `$` of Spark's lets a line's end pass. -#}
{% macro default__fits(text, pattern) -%}
    ({{ text }} <> '' and regexp_extract({{ text }}, '^({{ pattern }})$', 1) = {{ text }})
{%- endmacro %}

{#- The same answer, without finding where in the text the groups are: half the time of a large staging model. -#}
{% macro duckdb__fits(text, pattern) -%} regexp_full_match({{ text }}, '{{ pattern }}') {%- endmacro %}

{#- Whether a cell is a finite number: digits, with a sign and a decimal point where there are some. `5.` is none: it is
    what is left of a number that was cut. Workbooks store small numbers with an exponent, so that one of two digits
    passes; with at most 15 digits before the point it cannot leave the range of a double, nor can its square. -#}
{% macro is_number(text) -%}
    {{-
        fits(
            text,
            " *[+-]?(?:[0-9]{1,15}(?:[.][0-9]{1,40})?|[.][0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})? *",
        )
    -}}
{%- endmacro %}

{#- The finite number that a cell says; null for anything else, which `marker_status` tells apart. -#}
{% macro number_of(text) -%}
    case when {{ is_number(text) }} then try_cast({{ text }} as double) end
{%- endmacro %}

{#- The whole number of at most nine digits that a cell says; null for anything else. A workbook's `33.0` is 33. -#}
{% macro whole_number_of(text) -%}
    case
        when {{ fits(text, " *-?[0-9]{1,9}(?:[.]0{1,9})? *") }}
        then {{ digits_of("split_part(trim(" ~ text ~ "), '.', 1)") }}
    end
{%- endmacro %}

{#- The whole number of a text that is known to be at most nine digits: its form was tried before. -#}
{% macro digits_of(text) -%} try_cast({{ text }} as int) {%- endmacro %}

{#- The day that a cell says as a whole ISO date, 2025-03-31; null for anything else, such as a year, a month, a moment
    or 31 February. -#}
{% macro date_of(text) -%}
    case when {{ fits(text, " *[0-9]{4}-[0-9]{2}-[0-9]{2} *") }} then try_cast(trim({{ text }}) as date) end
{%- endmacro %}

{#- A number that is written with commas between its thousands, without them. Commas anywhere else stay, and the text is
    no number: `4,85` is a decimal comma and not 485. -#}
{% macro without_thousands(text) -%}
    case
        when {{ fits(text, " *-?[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:[.][0-9]{1,40})? *") }}
        then replace({{ text }}, ',', '')
        else {{ text }}
    end
{%- endmacro %}
