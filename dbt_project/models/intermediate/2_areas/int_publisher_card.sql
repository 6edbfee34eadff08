{{ config(materialized="view") }}
{#- The publishers' own cards of the indicators that are taken from them, in one shape: of each the newest one of an
    admitted vintage. A card that the vintage in force no longer has is not current. -#}
with
    card as (
        select
            vintage_id,
            'ohid' as publisher_id,
            source_id,
            cast(null as string) as measure,
            source_name,
            source_definition as definition,
            source_unit as unit,
            source_value_type as value_type,
            source_year_type as year_type,
            source_polarity as polarity,
            source_rounding as rounding,
            cast(null as int) as decimals,
            concat_ws('. ', source_name, source_frequency, source_notes) as says_whether_it_goes_on
        from {{ ref("stg_fingertips__indicator_metadata") }}
        union all
        select
            vintage_id,
            'ons' as publisher_id,
            source_id,
            cast(null as string) as measure,
            source_name,
            source_definition as definition,
            source_unit as unit,
            cast(null as string) as value_type,
            cast(null as string) as year_type,
            cast(null as string) as polarity,
            cast(null as string) as rounding,
            source_decimals as decimals,
            concat_ws('. ', source_name, source_frequency) as says_whether_it_goes_on
        from {{ ref("stg_ons_els__indicator_metadata") }}
        union all
        select
            vintage_id,
            'dfe' as publisher_id,
            source_id,
            source_measure as measure,
            source_name,
            cast(null as string) as definition,
            source_unit as unit,
            cast(null as string) as value_type,
            cast(null as string) as year_type,
            cast(null as string) as polarity,
            cast(null as string) as rounding,
            source_decimals as decimals,
            source_name as says_whether_it_goes_on
        from {{ ref("stg_ees__indicator_metadata") }}
    ),

    aged as (
        select
            card.*,
            in_force.vintage_id is not null as is_current,
            row_number() over (
                partition by card.publisher_id, card.source_id, card.measure
                order by vintage.sequence desc, card.vintage_id
            ) as recency
        from card
        inner join {{ source("raw", "vintage") }} as vintage on card.vintage_id = vintage.vintage_id
        inner join {{ source("raw", "admission") }} as admission on card.vintage_id = admission.vintage_id
        left join {{ ref("int_vintage_in_force") }} as in_force on card.vintage_id = in_force.vintage_id
        where admission.verdict = 'admitted'
    )

select
    publisher_id,
    source_id,
    measure,
    source_name,
    definition,
    unit,
    value_type,
    year_type,
    polarity,
    rounding,
    decimals,
    says_whether_it_goes_on,
    is_current
from aged
where recency = 1
