{{ config(materialized="view") }}
{#- The newest figure of each council beside the councils of England of its tier, for a spine chart. -#}
select
    latest.indicator_code,
    latest.indicator_name,
    latest.is_proxy,
    latest.proxy_for,
    latest.unit,
    latest.polarity,
    latest.decimals,
    latest.area_code,
    latest.area_name,
    latest.sex,
    latest.age,
    latest.period_id,
    latest.period,
    latest.value,
    latest.lci_95,
    latest.uci_95,
    latest.outcome_judged,
    standing.lowest as england_minimum,
    standing.lower_quartile as england_lower_quartile,
    standing.median as england_median,
    standing.upper_quartile as england_upper_quartile,
    standing.highest as england_maximum,
    latest.england_value,
    standing.tier,
    standing.n_areas,
    standing.rank,
    standing.reason
from {{ ref("vw_latest_by_sex").include(database=false) }} as latest
inner join
    {{ ref("fct_quintile").include(database=false) }} as standing
    on {{ same_in_both(["indicator_code", "area_code", "period_id", "sex", "age"], "latest", "standing") }}
    and standing.breakdown_type = 'Total'
