select
    {% for column in observation_key_columns() %} history.{{ column }}, {% endfor %}
    history.period_start,
    history.period_end,
    history.value,
    history.numerator,
    history.denominator,
    history.lci_95,
    history.uci_95,
    history.lci_998,
    history.uci_998,
    history.ci_method,
    history.status,
    history.status_note,
    history.is_derived,
    history.n_areas_expected,
    history.n_areas_included,
    history.denominator_coverage,
    history.partial_value,
    history.derived_by,
    history.vintage_id,
    history.source_row,
    history.valid_from as first_seen_at,
    history.observation_key,
    {{ is_headline("history", "indicator") }} as is_headline,
    indicator.indicator_key,
    area.area_key,
    {{ period_key("history.period_start", "history.period_end") }} as period_key
from {{ ref("fct_observation_history") }} as history
inner join {{ ref("dim_indicator") }} as indicator on history.indicator_code = indicator.indicator_code
inner join {{ ref("dim_area") }} as area on history.area_code = area.area_code
where history.valid_to is null and history.change <> 'withdrawn'
