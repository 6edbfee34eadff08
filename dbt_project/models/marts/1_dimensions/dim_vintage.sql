select
    vintage.vintage_id,
    vintage.dataset,
    vintage.part,
    vintage.sequence,
    vintage.publisher,
    vintage.url,
    vintage.retrieved_at,
    vintage.published_at,
    vintage.sha256,
    vintage.bytes,
    vintage.landed_rows,
    vintage.release,
    vintage.pages,
    vintage.licence,
    vintage.attribution
from {{ source("raw", "vintage") }} as vintage
inner join {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
where admission.verdict = 'admitted'
