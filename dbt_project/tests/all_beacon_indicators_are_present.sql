{#- ATF01 to ATF22 with their numbers, and nothing else is a beacon indicator. -#}
select count(*) as n_right
from {{ ref("dim_indicator") }}
where indicator_code = 'ATF' || lpad(cast(beacon_no as string), 2, '0') and beacon_no between 1 and 22
having
    count(*) <> 22
    or (
        select count(*)
        from {{ ref("dim_indicator") }}
        where beacon_no is not null or indicator_code like 'ATF%'
    )
    <> 22
