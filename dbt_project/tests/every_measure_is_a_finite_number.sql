-- Both engines order NaN above every number, so that one comparison finds it and the infinities.
{% for relation in ["fct_observation", "fct_observation_history"] %}
    select '{{ relation }}' as found_in, indicator_code, area_code, period_id, value, status
    from {{ ref(relation) }}
    where
        {%- for measure in [
            "value",
            "numerator",
            "denominator",
            "lci_95",
            "uci_95",
            "lci_998",
            "uci_998",
            "partial_value",
            "denominator_coverage",
        ] %}
            abs({{ measure }}) > 1e300 {{- " or" if not loop.last }}
        {%- endfor %}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
