select *
from {{ ref("dim_period") }}
where
    period_end < period_start
    or period_id <> concat_ws('/', cast(period_start as string), cast(period_end as string))
    or (period_type = 'snapshot') <> (n_years = 0)
