select wave, name, first_day, last_day, note, source from {{ source("raw", "catalogue_pandemic_wave") }}
