select
    {{ observation_key_columns() | join(", ") }},
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
    is_derived,
    n_areas_expected,
    n_areas_included,
    denominator_coverage,
    partial_value,
    vintage_id,
    source_row,
    valid_from as first_seen_at
from {{ ref("fct_observation_history") }}
where valid_to is null and change <> 'withdrawn'
