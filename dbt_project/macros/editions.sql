{#- From when to when the figures of an admitted vintage are in force, for each period that it has: vintage_id, dataset,
    part, part_order, period_id, active_from, active_to. The next admitted vintage of the part ends them. Where an edition
    holds its own periods alone, only the next one that has the same period does: a yearly workbook takes nothing from the
    years before, and an older year that is served again ends no newer one. Small areas, which the mart does not show one
    by one, have periods too. -#}
{% macro periods_of_vintages() -%}
    select
        vintage_id,
        dataset,
        part,
        part_order,
        period_id,
        active_from,
        case
            when edition_holds = 'own_periods'
            then lead(active_from) over (partition by dataset, part, period_id order by sequence, vintage_id)
            else next_from
        end as active_to
    from
        (
            select
                vintage.vintage_id,
                vintage.dataset,
                vintage.part,
                vintage.part_order,
                vintage.sequence,
                vintage.edition_holds,
                vintage.seen_at as active_from,
                lead(vintage.seen_at) over (
                    partition by vintage.dataset, vintage.part order by vintage.sequence, vintage.vintage_id
                ) as next_from
            from {{ source("raw", "vintage") }} as vintage
            inner join
                {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
            where admission.verdict = 'admitted'
        ) as arrived
    inner join
        (
            select distinct vintage_id as holder, coalesce(period_id, '') as period_id
            from {{ ref("int_staged") }}
            where row_use in ('kept', 'other_area')
        ) as held
        on arrived.vintage_id = held.holder
{%- endmacro %}
