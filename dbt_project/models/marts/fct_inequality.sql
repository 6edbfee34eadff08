{#- The shape of the contract. Rows come with the inequality measures; until then a reader finds none
    rather than a simplified one. -#}
select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    cast(null as string) as measure,
    cast(null as string) as group_a,
    cast(null as string) as group_b,
    value,
    lci_95,
    uci_95,
    cast(null as string) as method,
    cast(null as int) as seed
from {{ ref("fct_observation") }}
where 1 = 0
