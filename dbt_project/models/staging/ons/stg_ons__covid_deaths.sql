with
    source as (select * from {{ source("raw", "ons_covid_deaths") }}),

    -- A column is of `March`, or of `4 month - March to June`; the title says the year.
    dated as (
        select
            *,
            row_number as source_row,
            lower(trim(cause)) as measure,
            left(
                coalesce(nullif(regexp_extract(key, '- *([A-Za-z]+) to [A-Za-z]+$', 1), ''), key), 3
            ) as first_month,
            left(coalesce(nullif(regexp_extract(key, ' to ([A-Za-z]+)$', 1), ''), key), 3) as last_month,
            regexp_extract(lower(title), 'between [a-z]+ and [a-z]+ (20[0-9][0-9])', 1) as year_of_deaths
        from source
    ),

    read as (
        select
            *,
            {{ month_of_label("first_month", "year_of_deaths") }} as period_start,
            {{ month_of_label("last_month", "year_of_deaths") }} as last_month_start,
            {{ number_of("rate") }} as published_rate,
            {{ number_of("deaths") }} as numerator,
            {{ either_status(word_status("marker"), marker_status("rate")) }} as said,
            {{ unknown_among(["deaths", "lower_ci", "upper_ci"]) }} as is_unknown_beside
        from dated
    ),

    judged as (
        select
            *,
            cast(last_month_start + interval 1 month - interval 1 day as date) as period_end,
            {{ figure_status("said", "published_rate") }} as status_published
        from read
    ),

    -- A rate that its publisher calls of low quality is not shown, and neither are its limits.
    shown as (
        select
            *,
            not {{ status_hides_value("status_published") }} as is_shown,
            case
                when status_published = 'unreliable'
                then 'Of low quality, says the publisher, because the deaths are few.'
                when status_published = 'normal'
                then 'Deaths registered by 11 July 2020.'
            end as status_note
        from judged
    )

    {{
        staged_figures(
            "shown",
            "measure, period_start, period_end, numerator, status_note",
            unknown_beside="is_unknown_beside",
            sex="sex",
            age=none,
            period_label="key || ' ' || year_of_deaths",
            period_length="cast(" ~ period_months("period_start", "period_end") ~ " as string) || 'm'",
            value_text="rate",
            value="case when is_shown then published_rate end",
            lci_95="case when is_shown then " ~ number_of("lower_ci") ~ " end",
            uci_95="case when is_shown then " ~ number_of("upper_ci") ~ " end",
            status="case when status_published = 'normal' then 'provisional' else status_published end",
        )
    }}
