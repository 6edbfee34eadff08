with
    card as (select * from {{ source("raw", "catalogue_indicator") }}),

    {#- The publisher's own card belongs to the dataset that is shown first. -#}
    first_source as (
        select
            indicator_code,
            source_id,
            row_number() over (
                partition by indicator_code order by precedence, dataset, source_id
            ) as preference
        from {{ source("raw", "catalogue_dataset") }}
        where publisher_id = 'ohid'
    ),

    {#- Where none of its datasets is OHID's, the definition is that of the publisher that is shown first. -#}
    other_card as (
        select
            dataset.indicator_code,
            card.definition,
            row_number() over (
                partition by dataset.indicator_code
                order by dataset.precedence, dataset.dataset, card.source_id
            ) as preference
        from {{ source("raw", "catalogue_dataset") }} as dataset
        inner join
            {{ ref("int_publisher_card") }} as card
            on dataset.publisher_id = card.publisher_id
            and dataset.source_id = card.source_id
            and dataset.measure is not distinct from coalesce(card.measure, dataset.measure)
        where card.is_current and dataset.publisher_id <> 'ohid'
    ),

    publishers_card as (
        select metadata.*
        from {{ ref("stg_fingertips__indicator_metadata") }} as metadata
        inner join {{ ref("int_vintage_in_force") }} as vintage on metadata.vintage_id = vintage.vintage_id
    )

select
    card.indicator_code,
    card.beacon_no,
    card.principle_no,
    card.principle,
    card.short_name,
    card.name,
    card.report_name,
    card.definition,
    card.unit,
    card.value_type,
    card.multiplier,
    card.polarity,
    card.year_type,
    card.frequency,
    card.native_level,
    card.aggregation_rule,
    card.pooled_by,
    card.ci_method,
    card.trend_allowed,
    card.trend_note,
    card.trend_points,
    card.comparison_method,
    card.is_proxy,
    card.proxy_for,
    card.proxy_note,
    card.evidence as evidence_group,
    card.reader_note,
    card.chance_note,
    card.is_context,
    card.statistic_status,
    card.decimals,
    card.value_min,
    card.value_max,
    card.headline_sex,
    card.headline_age,
    card.publisher,
    card.licence,
    card.attribution,
    card.page_url,
    case
        when first_source.source_id is null then other_card.definition else publishers_card.source_definition
    end as source_definition,
    publishers_card.source_methodology,
    publishers_card.source_caveats,
    publishers_card.source_disclosure_control,
    publishers_card.source_rounding,
    publishers_card.source_copyright,
    publishers_card.source_data_reuse,
    cast(row_number() over (order by card.indicator_code) as int) as indicator_key
from card
left join first_source on card.indicator_code = first_source.indicator_code and first_source.preference = 1
left join publishers_card on first_source.source_id = publishers_card.source_id
left join other_card on card.indicator_code = other_card.indicator_code and other_card.preference = 1
