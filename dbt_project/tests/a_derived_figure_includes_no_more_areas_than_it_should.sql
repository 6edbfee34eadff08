{#- A value needs all of them; without a value at least one is missing, or disclosure control hides the sum, or all
    are nil. -#}
select indicator_code, area_code, period_id, value, n_areas_expected, n_areas_included
from {{ ref("fct_observation") }}
where
    is_derived
    and (
        n_areas_included > n_areas_expected
        or (value is not null and n_areas_included < n_areas_expected)
        or (value is null and status = 'not_available' and n_areas_included = n_areas_expected)
    )
