with
    admitted as (
        select
            vintage.vintage_id,
            vintage.dataset,
            vintage.part,
            row_number() over (
                partition by vintage.dataset, vintage.part order by vintage.sequence desc
            ) as recency
        from {{ source("raw", "vintage") }} as vintage
        inner join {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
        where admission.verdict = 'admitted'
    )

select dataset, part, vintage_id
from admitted
where recency = 1
