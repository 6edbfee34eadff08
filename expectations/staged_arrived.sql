-- What arrived, made once for all suites of admission: each row beside what the catalogue says of it.
select
    staged.*,
    indicator.value_type,
    indicator.unit,
    indicator.frequency,
    indicator.year_type,
    indicator.aggregation_rule,
    indicator.multiplier,
    indicator.counts_rounded_to,
    family.source_table,
    council.area_code is not null as is_our_council,
    vintage.retrieved_at
from intermediate.int_admission as staged
inner join raw.catalogue_indicator as indicator on staged.indicator_code = indicator.indicator_code
left join
    (select distinct dataset, source_table from raw.catalogue_dataset) as family
    on staged.dataset = family.dataset
left join
    raw.catalogue_area as council on staged.area_code = council.area_code and council.area_type = 'council'
left join raw.vintage as vintage on staged.vintage_id = vintage.vintage_id
