{{ config(materialized="view") }}
select latest.*
from {{ ref("vw_latest_by_sex").include(database=false) }} as latest
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on latest.indicator_code = indicator.indicator_code
    and latest.sex = indicator.headline_sex
