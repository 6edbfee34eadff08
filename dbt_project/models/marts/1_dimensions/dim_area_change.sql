select old_code, old_name, new_code, new_name, kind, changed_on
from {{ source("raw", "catalogue_area_change") }}
