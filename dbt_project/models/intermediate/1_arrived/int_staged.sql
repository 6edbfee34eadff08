{#- Every staged row with what the catalogue says of its dataset, and whether it goes on. -#}
with
    stacked as (select * from {{ ref("int_stacked") }}),

    -- One table may carry periods of several lengths, for an indicator each.
    length_taken as (
        select distinct dataset, coalesce(measure, '') as measure, period_length
        from {{ source("raw", "catalogue_dataset") }}
        where period_length is not null
    ),

    named as (
        select
            stacked.vintage_id,
            stacked.dataset,
            stacked.part,
            stacked.source_row,
            stacked.source_rows,
            stacked.measure,
            dataset.indicator_code,
            dataset.redistributed,
            dataset.precedence,
            stacked.area_code,
            stacked.area_name,
            -- A row without a code is of no area; that must not be null, which would pass for known.
            area.area_code is not null
            or coalesce(stacked.area_code, '') = {{ rest_of_england() }}
            or (
                coalesce(left(stacked.area_code, 3), '') in ('E06', 'E07', 'E08', 'E09', 'E10')
                and coalesce(stacked.breakdown_type, '') = 'Total'
                and dataset.breakdown_type is null
            ) as is_known_area,
            coalesce(dataset.sex, stacked.sex) as sex,
            coalesce(dataset.age, stacked.age) as age,
            case
                when dataset.breakdown_type is not null and stacked.breakdown_type = 'Total'
                then dataset.breakdown_type
                else stacked.breakdown_type
            end as breakdown_type,
            case
                when dataset.breakdown_type is not null and stacked.breakdown_type = 'Total'
                then dataset.breakdown_value
                else stacked.breakdown_value
            end as breakdown_value,
            stacked.period_label,
            stacked.period_length,
            dataset.period_length as wanted_period_length,
            stacked.period_start,
            stacked.period_end,
            concat_ws(
                '/', cast(stacked.period_start as string), cast(stacked.period_end as string)
            ) as period_id,
            stacked.value_text,
            stacked.value,
            stacked.numerator,
            stacked.denominator,
            stacked.lci_95,
            stacked.uci_95,
            stacked.lci_998,
            stacked.uci_998,
            stacked.status,
            stacked.status_note,
            stacked.publisher_outcome,
            stacked.is_superseded
        from stacked
        left join
            {{ source("raw", "catalogue_dataset") }} as dataset
            on stacked.dataset = dataset.dataset
            and coalesce(dataset.measure, stacked.measure, '') = coalesce(stacked.measure, '')
        left join
            length_taken
            on dataset.dataset = length_taken.dataset
            and coalesce(dataset.measure, '') = length_taken.measure
            and stacked.period_length = length_taken.period_length
        left join {{ source("raw", "catalogue_area") }} as area on stacked.area_code = area.area_code
        -- A row whose length one indicator takes is nobody else's; one that none takes stays, and says so.
        where
            length_taken.dataset is null
            or dataset.period_length is null
            or dataset.period_length = stacked.period_length
    ),

    keyed as (
        select *, {{ observation_key() }} as observation_key, {{ measures_hash() }} as measures_hash
        from named
    ),

    numbered as (
        select
            *,
            row_number() over (
                -- Measures that no indicator takes have one key for all: the measure tells them apart.
                partition by vintage_id, observation_key, measures_hash order by source_row, measure
            ) as occurrence
        from keyed
    )

select
    *,
    case
        when indicator_code is null
        then 'other_measure'
        when not redistributed
        then 'not_redistributed'
        when not is_known_area
        then 'other_area'
        when wanted_period_length is not null and period_length <> wanted_period_length
        then 'other_period_length'
        when is_superseded
        then 'superseded'
        when occurrence > 1
        then 'exact_duplicate'
        else 'kept'
    end as row_use
from numbered
