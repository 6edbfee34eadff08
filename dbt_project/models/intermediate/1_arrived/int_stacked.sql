{{ config(materialized="view") }}
{#- The measures of all publishers in one shape, before any row is left out. -#}
{% for model in staging_models("figure") %}
    select {{ staged_shape() | join(", ") }}
    from {{ ref(model) }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
