{#- The shape of the contract. Rows come with the trend method; until then a reader finds none rather than
    a simplified one. -#}
select
    indicator_code,
    area_code,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    period_id,
    cast(null as int) as n_points,
    cast(null as double) as chi_squared,
    cast(null as string) as outcome,
    cast(null as string) as outcome_judged,
    cast(null as string) as reason
from {{ ref("fct_observation") }}
where 1 = 0
