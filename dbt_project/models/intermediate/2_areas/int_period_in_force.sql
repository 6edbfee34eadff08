{{ config(materialized="view") }}

with period as ({{ periods_of_vintages() }})

select vintage_id, dataset, part, period_id
from period
where active_to is null
