{#- Whom a figure is about, in the words of the mart, whatever words its publisher has for the same. -#}
{#- Age bands are `All ages`, `5 yrs`, `16-64 yrs`, `18+ yrs` and `<15 yrs`. Only the words change and never the people:
    `over 65` and ages in months or weeks stay as they are. Spaces that do not break and several in a row are one. -#}
{% macro age_words(said) -%}
    {%- set words = (
        "lower(trim(replace(replace(replace("
        ~ said
        ~ ", chr(160), ' '), '  ', ' '), '  ', ' ')))"
    ) -%}
    {%- set before = "^(?:age|aged|ages)? ?" -%}
    {%- set years = " ?(?:years?|yrs?|y|s)?[.]?(?: olds?| of age)?" -%}
    {%- set number = "0{0,2}([0-9]{1,3})" -%}
    {%- set number_unseen = "0{0,2}[0-9]{1,3}" -%}
    {%- set to = " ?(?:-|–|_|to) ?" -%}
    {%- set single = before ~ number ~ years ~ "$" -%}
    {%- set first = before ~ "(?:between )?" ~ number ~ years ~ to ~ number_unseen ~ years ~ "$" -%}
    {%- set last = before ~ "(?:between )?" ~ number_unseen ~ years ~ to ~ number ~ years ~ "$" -%}
    {%- set from_on = (
        before
        ~ number
        ~ years
        ~ " ?(?:[+]|plus|(?:and|or|&) (?:over|above|older|more))"
        ~ years
        ~ "$"
    ) -%}
    {%- set at_least = before ~ "(?:>=|≥|at least) ?" ~ number ~ years ~ "$" -%}
    {%- set below = before ~ "(?:<|under|below|less than|younger than) ?" ~ number ~ years ~ "$" -%}
    case
        when {{ said }} is null
        then null
        -- What the mart says already, so that most rows cost one comparison.
        when
            regexp_extract(
                {{ said }},
                '^(All ages|<?[1-9][0-9]{0,2} yrs|[0-9]{1,2}-[1-9][0-9]{0,2} yrs|[1-9][0-9]?[+] yrs)$',
                1
            )
            = {{ said }}
        then {{ said }}
        when {{ words }} in ('all ages', 'all', 'all age', 'any age', 'all age groups', 'total', 'ages all')
        then 'All ages'
        {%- for pattern, left, right in [
                (single, "", " yrs"),
                (from_on, "", "+ yrs"),
                (at_least, "", "+ yrs"),
                (below, "<", " yrs"),
            ] %}
            when regexp_extract({{ words }}, '{{ pattern }}', 1) <> ''
            then '{{ left }}' || regexp_extract({{ words }}, '{{ pattern }}', 1) || '{{ right }}'
        {%- endfor %}
        when regexp_extract({{ words }}, '{{ first }}', 1) <> ''
        then
            regexp_extract({{ words }}, '{{ first }}', 1)
            || '-'
            || regexp_extract({{ words }}, '{{ last }}', 1)
            || ' yrs'
        else {{ said }}
    end
{%- endmacro %}

{#- A word that is not known stays, and admission holds it. -#}
{% macro sex_words(said) -%}
    case
        {%- for sex, words in {
            "Persons": [
                "persons",
                "person",
                "people",
                "all persons",
                "all people",
                "all sexes",
                "both",
                "both sexes",
                "total",
                "all",
            ],
            "Male": ["male", "males", "m", "men", "man", "boy", "boys"],
            "Female": ["female", "females", "f", "women", "woman", "girl", "girls"],
        }.items() %}
            when lower(trim({{ said }})) in ('{{ words | join("', '") }}') then '{{ sex }}'
        {%- endfor %}
        else {{ said }}
    end
{%- endmacro %}
