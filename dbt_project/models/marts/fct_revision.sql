with
    stepped as (
        select
            *,
            lag(value) over (partition by observation_key order by valid_from) as old_value,
            lag(vintage_id) over (partition by observation_key order by valid_from) as old_vintage_id
        from {{ ref("int_observation_history") }}
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    valid_from as seen_at,
    old_value,
    value as new_value,
    old_vintage_id,
    vintage_id as new_vintage_id,
    cast(null as boolean) as comparison_changed,
    cast(null as boolean) as trend_changed
from stepped
where change = 'revised'
