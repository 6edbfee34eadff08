{{ config(materialized="view") }}
{#- What admission looks at: the rows of vintages without a verdict, each beside the figure that the vintage
    before it had for the same key (the last one that was admitted), and the bounds that the catalogue states.
    The rules themselves are in expectations/, not here. -#}
with
    vintage as (select * from {{ source("raw", "vintage") }}),

    vintage_before as (
        select vintage.vintage_id, max(earlier.sequence) as sequence
        from vintage
        inner join
            vintage as earlier
            on vintage.dataset = earlier.dataset
            and vintage.part = earlier.part
            and vintage.sequence > earlier.sequence
            and earlier.last_verdict = 'admitted'
        group by vintage.vintage_id
    ),

    previous as (
        select
            vintage_before.vintage_id,
            staged.observation_key,
            max(staged.value) as value,
            max(staged.status) as status
        from vintage_before
        inner join vintage on vintage_before.vintage_id = vintage.vintage_id
        inner join
            vintage as earlier
            on vintage.dataset = earlier.dataset
            and vintage.part = earlier.part
            and vintage_before.sequence = earlier.sequence
        inner join
            {{ ref("int_staged") }} as staged
            on earlier.vintage_id = staged.vintage_id
            and staged.row_use = 'kept'
        group by vintage_before.vintage_id, staged.observation_key
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
