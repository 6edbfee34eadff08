with
    source as (select * from {{ source("raw", "stat_xplore_cilif") }}),

    dataset as (select * from {{ source("raw", "catalogue_dataset") }}),

    labelled as (
        select
            source.*,
            -- Labels carry marks such as (p) or (r) behind the year; the dash is written both ways.
            replace(
                regexp_extract(year_label, '([0-9]{4}[/-][0-9]{2})([^0-9].*)?$', 1), '-', '/'
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

            labelled.value as value_text,
            try_cast(labelled.value as double) as value,
            {{ marker_status("labelled.value") }} as marker,
            labelled.marks ilike '%provisional%' or labelled.year_label ilike '%(p)%' as is_provisional,
            labelled.marks ilike '%revised%' or labelled.year_label ilike '%(r)%' as is_revised,
            labelled.marks
        from labelled
        inner join dataset on labelled.dataset = dataset.dataset
    ),

    judged as (select *, {{ figure_status("marker", "value") }} as status from renamed)

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    cast(null as string) as measure,
    area_code,
    area_name,
    'Persons' as sex,
    -- Without a code it is the publisher's total, or the table has no ages.
    case
        when age_code is null
        then 'All ages'
        when regexp_extract(age_label, '([0-9]+) *(?:-|to) *[0-9]+', 1) <> ''
        then
            concat_ws(
                '-',
                regexp_extract(age_label, '([0-9]+) *(?:-|to) *[0-9]+', 1),
                regexp_extract(age_label, '[0-9]+ *(?:-|to) *([0-9]+)', 1)
            )
            || ' yrs'
        else age_label
    end as age,
    'Total' as breakdown_type,
    'Total' as breakdown_value,
    period_label,
    cast(period_years as string) || 'y' as period_length,
    period_start,
    {{ years_end("period_start", "period_years") }} as period_end,
    value_text,
    value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
    case
        when status <> 'normal'
        then status
        when is_revised
        then 'revised'
        when is_provisional
        then 'provisional'
        else status
    end as status,
    concat_ws(
        ' ',
        'Changed a little at random by the publisher for disclosure control; parts need not add up to their total.',
        marks
    ) as status_note
from judged
