{{ config(materialized="view") }}
{#- What admission looks at: the rows of vintages without a verdict, each beside the figure that the vintage
    before it had for the same key (the last one that was admitted), and the bounds that the catalogue states.
    The rules themselves are in expectations/, not here. -#}
with
    vintage as (select * from {{ source("raw", "vintage") }}),

    earlier as (
        select
            vintage.vintage_id,
            vintage.edition_holds,
            earlier.vintage_id as earlier_vintage_id,
            earlier.sequence
        from vintage
        inner join
            vintage as earlier
            on vintage.dataset = earlier.dataset
            and vintage.part = earlier.part
            and vintage.sequence > earlier.sequence
            and earlier.last_verdict = 'admitted'
        where vintage.admission = 'pending'
    ),

    held as (select distinct vintage_id, period_id from {{ ref("int_staged") }} where row_use = 'kept'),

    -- Where an edition holds its own periods alone, a period is compared with the last edition that had it.
    ranked as (
        select
            earlier.vintage_id,
            earlier.earlier_vintage_id,
            held.period_id,
            rank() over (
                partition by
                    earlier.vintage_id,
                    case when earlier.edition_holds = 'own_periods' then held.period_id end
                order by earlier.sequence desc
            ) as recency
        from earlier
        inner join held on earlier.earlier_vintage_id = held.vintage_id
    ),

    previous as (
        select
            ranked.vintage_id,
            staged.observation_key,
            max(staged.value) as value,
            max(staged.status) as status
        from ranked
        inner join
            {{ ref("int_staged") }} as staged
            on ranked.earlier_vintage_id = staged.vintage_id
            and ranked.period_id = staged.period_id
            and staged.row_use = 'kept'
        where ranked.recency = 1
        group by ranked.vintage_id, staged.observation_key
    )

select
    staged.vintage_id,
    staged.dataset,
    staged.part,
    staged.source_row,
    staged.observation_key,
    staged.indicator_code,
    staged.area_code,
    staged.area_name,
    -- Null for councils that the catalogue has no names of.
    instr(area.names, '|' || staged.area_name || '|') > 0 as is_known_name,
    staged.period_label,
    staged.period_start,
    staged.period_end,
    staged.sex,
    staged.age,
    staged.breakdown_type,
    staged.breakdown_value,
    staged.value_text,
    staged.value,
    staged.numerator,
    staged.denominator,
    staged.lci_95,
    staged.uci_95,
    staged.lci_998,
    staged.uci_998,
    staged.status,
    indicator.value_min,
    indicator.value_max,
    previous.value as previous_value,
    previous.status as previous_status
from {{ ref("int_staged") }} as staged
inner join vintage on staged.vintage_id = vintage.vintage_id
left join {{ source("raw", "catalogue_area") }} as area on staged.area_code = area.area_code
inner join
    {{ source("raw", "catalogue_indicator") }} as indicator
    on staged.indicator_code = indicator.indicator_code
left join
    previous on staged.vintage_id = previous.vintage_id and staged.observation_key = previous.observation_key
where staged.row_use = 'kept' and vintage.admission = 'pending'
