{{ config(tags=["staged"], materialized="view") }}
{#- The measures of all publishers in one shape, before any row is left out. Each staging model that yields
    figures is named here once. -#}
{% set staging_models = [
    "stg_fingertips__indicator_data",
    "stg_ons_els__data",
    "stg_returns__submissions",
    "stg_nomis__data",
    "stg_mhclg__temporary_accommodation",
    "stg_desnz__fuel_poverty",
    "stg_desnz__fuel_poverty_lsoa",
    "stg_dwp__children_in_low_income",
    "stg_dft__walking_cycling",
    "stg_ons__below_real_living_wage",
    "stg_ons__population_estimates",
    "stg_ons__wellbeing",
    "stg_stat_xplore__cilif",
    "stg_ukhsa__series",
    "stg_ees__key_stage_4",
    "stg_ees__early_years",
    "stg_ees__attainment_by_19",
    "stg_ees__neet_16_17",
] %}


{% for model in staging_models %}
    select {{ staged_shape() | join(", ") }}
    from {{ ref(model) }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
