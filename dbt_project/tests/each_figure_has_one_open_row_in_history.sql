{#- Of the rows of a key exactly one is open, and it is the newest. -#}
select
    {{ observation_key_columns() | join(", ") }},
    count(case when valid_to is null then 1 end) as n_open,
    max(valid_from) as newest,
    max(case when valid_to is null then valid_from end) as newest_open
from {{ ref("fct_observation_history") }}
group by {{ observation_key_columns() | join(", ") }}
having
    count(case when valid_to is null then 1 end) <> 1
    or max(case when valid_to is null then valid_from end) < max(valid_from)
