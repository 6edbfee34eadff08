{#- Published figures and those worked out from them, on one line of time for each key. Where the publisher begins to
    give a sum that was derived until then, the derived one ends and the publisher's is its revision. -#}
{% set measures = [
    "indicator_code",
    "area_code",
    "period_id",
    "sex",
    "age",
    "breakdown_type",
    "breakdown_value",
    "period_start",
    "period_end",
    "value",
    "numerator",
    "denominator",
    "lci_95",
    "uci_95",
    "lci_998",
    "uci_998",
    "ci_method",
    "status",
    "status_note",
] %}

with
    together as (
        select
            {{ measures | join(", ") }},
            observation_key,
            valid_from,
            change,
            false as is_derived,
            1 as n_areas_expected,
            case when value is null then 0 else 1 end as n_areas_included,
            cast(null as double) as denominator_coverage,
            cast(null as double) as partial_value,
            cast(null as string) as derived_by,
            coalesce(vintage_id, vintage_id_before) as vintage_id,
            source_row
        from {{ ref("int_observation_history") }}
        union all
        select
            {{ measures | join(", ") }},
            observation_key,
            valid_from,
            change,
            true as is_derived,
            n_areas_expected,
            n_areas_included,
            denominator_coverage,
            partial_value,
            derived_by,
            vintage_id,
            cast(null as bigint) as source_row
        from {{ ref("int_group_history") }}
        {#- Worked out from what is in force now: their earlier states are not told. -#}
        {% for derived, derived_by in [
                ("int_local_return_total", "local_returns"),
                ("int_life_table", "life_table"),
                ("int_pool", "approximate_pool"),
                ("int_england_without", "england_less_councils"),
            ] %}
            union all
            select
                {{ measures | join(", ") }},
                {{ observation_key() }} as observation_key,
                first_seen_at as valid_from,
                'new' as change,
                true as is_derived,
                cast(n_areas_expected as int) as n_areas_expected,
                cast(n_areas_included as int) as n_areas_included,
                cast(null as double) as denominator_coverage,
                cast(null as double) as partial_value,
                '{{ derived_by }}' as derived_by,
                vintage_id,
                cast(null as bigint) as source_row
            from {{ ref(derived) }}
        {% endfor %}
    ),

    ordered as (
        select
            *,
            lag(change) over (partition by observation_key order by valid_from) as change_before,
            lead(valid_from) over (partition by observation_key order by valid_from) as valid_to
        from together
    )

select
    {% for column in measures[:7] %} ordered.{{ column }}, {% endfor %}
    valid_from,
    valid_to,
    case when change = 'new' and change_before in ('new', 'revised') then 'revised' else change end as change,
    {% for column in measures[7:] %} ordered.{{ column }}, {% endfor %}
    is_derived,
    n_areas_expected,
    n_areas_included,
    denominator_coverage,
    partial_value,
    derived_by,
    vintage_id,
    source_row,
    observation_key,
    {{ is_headline("ordered", "indicator") }} as is_headline
from ordered
inner join
    {{ source("raw", "catalogue_indicator") }} as indicator
    on ordered.indicator_code = indicator.indicator_code
