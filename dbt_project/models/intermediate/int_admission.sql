{{ config(tags=["staged"], materialized="view") }}
{#- What admission looks at: the rows of vintages without a verdict, each beside the figure that the last
    admitted vintage had for the same key, and the bounds that the catalogue states. The rules themselves
    are in expectations/, not here. -#}
with
    vintage as (select * from {{ source("raw", "vintage") }}),

    last_admitted as (
        select dataset, part, max(sequence) as sequence
        from vintage
        where admission = 'admitted'
        group by dataset, part
    ),

    previous as (
        select staged.dataset, staged.part, staged.observation_key, staged.value, staged.status
        from {{ ref("int_staged") }} as staged
        inner join vintage on staged.vintage_id = vintage.vintage_id
        inner join
            last_admitted
            on vintage.dataset = last_admitted.dataset
            and vintage.part = last_admitted.part
            and vintage.sequence = last_admitted.sequence
        where staged.row_use = 'kept'
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
inner join {{ source("raw", "catalogue_area") }} as area on staged.area_code = area.area_code
inner join
    {{ source("raw", "catalogue_indicator") }} as indicator
    on staged.indicator_code = indicator.indicator_code
left join
    previous
    on staged.dataset = previous.dataset
    and staged.part = previous.part
    and staged.observation_key = previous.observation_key
where staged.row_use = 'kept' and vintage.admission = 'pending'
