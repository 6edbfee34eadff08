select
    md5(
        concat_ws('|', indicator_code, kind, cast(first_day as string), cast(published_from as string))
    ) as break_id,
    indicator_code,
    first_day,
    published_from,
    kind,
    is_break,
    note,
    source
from {{ source("raw", "catalogue_series_break") }}
