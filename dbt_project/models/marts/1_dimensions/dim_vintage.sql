select
    vintage.vintage_id,
    vintage.dataset,
    vintage.part,
    vintage.sequence,
    vintage.publisher,
    vintage.url,
    -- The snapshot does not know when its figures were taken from their origin; the clock of a refresh is
    -- not that.
    case when vintage.origin is null then vintage.retrieved_at end as retrieved_at,
    vintage.published_at,
    vintage.sha256,
    vintage.bytes,
    vintage.landed_rows,
    vintage.release,
    vintage.pages,
    vintage.licence,
    vintage.attribution,
    vintage.mode,
    vintage.origin,
    vintage.origin_date,
    vintage.origin_sha256
from {{ source("raw", "vintage") }} as vintage
inner join {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
where admission.verdict = 'admitted'
