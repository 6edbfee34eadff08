{#- The verdict of the vintage in force: a publisher may change it and not the figure, which makes no new state of the
    figure. Of the same dataset and the same value: a verdict on another value is none on this one. -#}
with
    said as (
        select
            staged.observation_key,
            staged.dataset,
            staged.value,
            min(staged.publisher_outcome) as publisher_outcome
        from {{ ref("int_staged") }} as staged
        inner join {{ ref("int_vintage_in_force") }} as in_force on staged.vintage_id = in_force.vintage_id
        where staged.row_use = 'kept' and staged.publisher_outcome is not null
        group by staged.observation_key, staged.dataset, staged.value
        -- Parts of a dataset that contradict each other say nothing.
        having count(distinct staged.publisher_outcome) = 1
    )

select
    {% for column in observation_key_columns() %} observation.{{ column }}, {% endfor %}
    said.publisher_outcome
from {{ ref("fct_observation") }} as observation
inner join {{ source("raw", "vintage") }} as vintage on observation.vintage_id = vintage.vintage_id
inner join
    said
    on {{ observation_key("observation") }} = said.observation_key
    and vintage.dataset = said.dataset
    and observation.value = said.value
where not observation.is_derived
