{#- The words of CW0301's three dimensions are known from programs that read it, "Any" and "At least 5 times per
    week"; the others are taken to be of the same form. A word that is not known makes a measure that nobody
    asks for, so that the indicator stays empty and no other figure takes its place. -#}
with
    source as (select * from {{ source("raw", "dft_walking_cycling") }}),

    renamed as (
        select
            vintage_id,
            dataset,
            part,
            row_number as source_row,
            area_code,
            area_name,
            lower(trim(mode)) as mode,
            lower(trim(purpose)) as purpose,
            replace(
                replace(lower(trim(frequency)), 'three times', '3 times'), 'five times', '5 times'
            ) as frequency,
            key as period_label,
            try_cast(key as int) as year,
            share_of_adults as value_text,
            {{ marker_status("source.share_of_adults") }} as marker,
            try_cast(share_of_adults as double) as value
        from source
    ),

    named as (
        select
            *,
            case
                when
                    mode is null
                    or mode = ''
                    or mode like 'any%'
                    or (mode like '%walk%' and mode like '%cycl%')
                then ''
                else mode || ' only, '
            end as mode_text,
            case
                when purpose like '%travel%' then 'travel' else coalesce(nullif(purpose, ''), 'no purpose')
            end as purpose_text
        from renamed
    )

select
    vintage_id,
    dataset,
    part,
    source_row,
    1 as source_rows,
    mode_text || purpose_text || ', ' || coalesce(nullif(frequency, ''), 'no frequency') as measure,
    area_code,
    area_name,
    'Persons' as sex,
    '16+ yrs' as age,
    'Total' as breakdown_type,
    'Total' as breakdown_value,
    period_label,
    case when year is not null then '1y' end as period_length,
    -- The survey's years run from mid-November; the table names them after the year in which they end.
    case when year is not null then make_date(year - 1, 11, 16) end as period_start,
    case when year is not null then make_date(year, 11, 15) end as period_end,
    value_text,
    value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as lci_95,
    cast(null as double) as uci_95,
    cast(null as double) as lci_998,
    cast(null as double) as uci_998,
    {{ figure_status("marker", "value") }} as status,
    cast(null as string) as status_note
from named
