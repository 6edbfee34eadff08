{#- Measures of one row as wide as the publisher's: name, age, column of the value, and whether it is the rate. -#}
{% set measures = [
    (
        "Households in temporary accommodation per 1000 households",
        "All ages",
        "households_in_ta_per_thousand",
        true,
    ),
    ("Children in temporary accommodation", "Children", "children_in_ta", false),
    (
        "Households with children in temporary accommodation",
        "All ages",
        "households_with_children_in_ta",
        false,
    ),
] %}

with
    source as (select * from {{ source("raw", "mhclg_temporary_accommodation") }}),

    -- The quarter is told by its last day, in the title only: "Table TA1 - ... England, 31st March 2025".
    dated as (
        select
            *,
            regexp_extract(
                title, '([0-9]{1,2})(st|nd|rd|th)? (March|June|September|December) 20[0-9]{2}', 1
            ) as day_text,
            regexp_extract(title, '(March|June|September|December) (20[0-9]{2})', 1) as month_text,
            regexp_extract(title, '(March|June|September|December) (20[0-9]{2})', 2) as year_text
        from source
    ),

    measured as (
        {% for name, age, column, is_rate in measures %}
            select
                vintage_id,
                dataset,
                part,
                row_number as source_row,
                '{{ name }}' as measure,
                case
                    when lower(trim(area_name)) = 'rest of england'
                    then {{ rest_of_england() }}
                    else area_code
                end as area_code,
                area_name,
                '{{ age }}' as age,
                day_text,
                month_text,
                year_text,
                {{ without_thousands(column) }} as number_text,
                {{ column }} as value_text,
                {% if is_rate %}
                    {{ without_thousands("households_in_ta") }} as numerator_text,
                    {{ without_thousands("households_in_area_thousands") }} as denominator_text
                {% else %} cast(null as string) as numerator_text, cast(null as string) as denominator_text
                {% endif %}
            from dated
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    typed as (
        select
            *,
            {{ number_of("number_text") }} as value,
            {{ number_of("numerator_text") }} as numerator,
            1000 * {{ number_of("denominator_text") }} as denominator,
            {{ unknown_among(["numerator_text", "denominator_text"]) }} as is_unknown_beside,
            {{ marker_status("number_text") }} as marker,
            case
                month_text
                when 'March'
                then 3
                when 'June'
                then 6
                when 'September'
                then 9
                when 'December'
                then 12
            end as month,
            {{ whole_number_of("year_text") }} as year
        from measured
    ),

    ended as (
        select
            *,
            case
                when month is not null and year is not null
                then cast(make_date(year, month, 1) + interval 1 month - interval 1 day as date)
            end as last_day
        from typed
    ),

    -- A day that is said and is not the quarter's last leaves the period unknown.
    checked as (
        select
            *,
            case
                when day_text = '' or {{ whole_number_of("day_text") }} = extract(day from last_day)
                then last_day
            end as period_day,
            case
                when left(area_code, 3) in ('E92', 'E12') or area_code = {{ rest_of_england() }}
                then 'Counts are rounded to 10 and include estimates for councils that sent no data.'
            end as status_note
        from ended
    )

    {{
        staged_figures(
            "checked",
            "measure, age, numerator, denominator, status_note",
            sex="'Persons'",
            period_label="concat_ws(' ', nullif(day_text, ''), nullif(month_text, ''), nullif(year_text, ''))",
            period_start="period_day",
            period_end="period_day",
            value_text="nullif(value_text, '')",
            unknown_beside="is_unknown_beside",
        )
    }}
