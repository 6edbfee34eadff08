with
    source as (select * from {{ source("raw", "stat_xplore_cilif") }}),

    dataset as (select * from {{ source("raw", "catalogue_dataset") }}),

    labelled as (
        select
            source.*,
            -- Labels carry marks such as (p) or (r) behind the year; the dash is written both ways.
            replace(
                regexp_extract(year_label, '^[^0-9]*([0-9]{4}[/-][0-9]{2})[^0-9]*$', 1), '-', '/'
            ) as year_text
        from source
    ),

    renamed as (
        select
            labelled.vintage_id,
            labelled.dataset,
            labelled.part,
            labelled.row_number as source_row,

            labelled.area_code,
            labelled.area_label as area_name,
            labelled.age_code,
            labelled.age_label,

            labelled.year_label as period_label,
            {{ label_years("labelled.year_text") }} as period_years,
            {{ label_start("labelled.year_text", "dataset.period_month", "dataset.period_day") }}
            as period_start,

            {{ value_of("labelled.value") }},
            labelled.marks ilike '%provisional%' or labelled.year_label ilike '%(p)%' as is_provisional,
            labelled.marks ilike '%revised%' or labelled.year_label ilike '%(r)%' as is_revised,
            lower(regexp_extract(labelled.year_label, '[(]([^()]*)[)] *$', 1))
            not in ('', 'p', 'r', 'provisional', 'revised') as is_mark_unknown,
            labelled.marks
        from labelled
        inner join dataset on labelled.dataset = dataset.dataset
    ),

    published as (select *, {{ figure_status("marker", "value") }} as status_published from renamed),

    described as (
        select
            *,
            -- Without a code it is the publisher's total, or the table has no ages.
            case when age_code is null then 'All ages' else age_label end as age,
            case
                when is_mark_unknown
                then 'unknown_marker'
                when status_published <> 'normal'
                then status_published
                when is_revised
                then 'revised'
                when is_provisional
                then 'provisional'
                else status_published
            end as status,
            concat_ws(
                ' ',
                'Changed a little at random by the publisher for disclosure control; parts need not add up to their total.',
                marks
            ) as status_note
        from published
    )

    {{
        staged_figures(
            "described",
            "age, status, status_note",
            sex="'Persons'",
            period_length="cast(period_years as string) || 'y'",
            period_end=years_end("period_start", "period_years"),
        )
    }}
