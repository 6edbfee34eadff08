select code_type, code, words from {{ source("raw", "catalogue_word") }}
