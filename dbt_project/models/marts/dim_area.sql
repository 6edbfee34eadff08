select area_code, area_name, area_type, parent_code, in_cheshire_merseyside, valid_from, valid_to
from {{ source("raw", "catalogue_area") }}
