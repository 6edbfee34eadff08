with
    published as (
        select * from {{ ref("int_observation_history") }} where valid_to is null and change <> 'withdrawn'
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    period_start,
    period_end,
    value,
    numerator,
    denominator,
    lci_95,
    uci_95,
    lci_998,
    uci_998,
    ci_method,
    status,
    status_note,
    false as is_derived,
    1 as n_areas_expected,
    case when value is null then 0 else 1 end as n_areas_included,
    vintage_id,
    source_row,
    valid_from as first_seen_at
from published
{#- Figures that were worked out here: each model says how many areas it should and does include. -#}
{% for derived in ["int_subregion", "int_local_return_total"] %}
    union all
    select
        indicator_code,
        area_code,
        period_id,
        sex,
        age,
        breakdown_type,
        breakdown_value,
        period_start,
        period_end,
        value,
        numerator,
        denominator,
        lci_95,
        uci_95,
        lci_998,
        uci_998,
        ci_method,
        status,
        status_note,
        true as is_derived,
        cast(n_areas_expected as int) as n_areas_expected,
        cast(n_areas_included as int) as n_areas_included,
        vintage_id,
        cast(null as bigint) as source_row,
        first_seen_at
    from {{ ref(derived) }}
{% endfor %}
