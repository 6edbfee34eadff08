{#- The shape of the contract. Rows come with the comparison methods; until then a reader finds none
    rather than a simplified one. -#}
select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    area_code as benchmark_area_code,
    value as benchmark_value,
    cast(null as string) as method,
    cast(null as string) as outcome_statistical,
    cast(null as string) as outcome_judged
from {{ ref("fct_observation") }}
where 1 = 0
