select 'fct_observation' as found_in, indicator_code, area_code, period_id, value, status
from {{ ref("fct_observation") }}
where (value is null) <> ({{ status_hides_value("status") }})
union all
select 'fct_observation_history' as found_in, indicator_code, area_code, period_id, value, status
from {{ ref("fct_observation_history") }}
where (value is null) <> ({{ status_hides_value("status") }} or status = 'withdrawn')
