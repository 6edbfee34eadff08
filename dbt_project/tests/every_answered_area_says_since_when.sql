{#- Codes that are there for looking up may lack a first day; those that are answered for do not. -#}
select area_code, area_name, valid_from from {{ ref("dim_area") }} where is_answered and valid_from is null
