{{ config(materialized="view") }}
{#- Question 4 in numbers: how the rankings of councils go together, of each life expectancy over the determinants of one
    kind. Determinants that are neither better nor worse are left out. -#}
with
    card as (
        select
            indicator_code,
            coalesce(evidence_group, indicator_code) as piece,
            reader_note,
            {{ kind_of() }} as kind
        from {{ ref("dim_indicator").include(database=false) }}
    ),

    {#- How rankings go together: of each life expectancy, over the determinants of one kind. -#}
    association as (
        select
            association.*,
            card.kind,
            card.piece,
            card.reader_note,
            (association.rho > 0) = (association.polarity = 'higher_is_better') as is_with
        from {{ ref("vw_determinants_and_life_expectancy").include(database=false) }} as association
        inner join card on association.indicator_code = card.indicator_code
        where association.polarity <> 'none' and association.rho is not null
    )

select
    kind,
    outcome_indicator_code,
    outcome_name,
    outcome_sex,
    scope_area_code <> 'E92000001' as is_over_our_councils,
    min(outcome_period) as period,
    cast(min(n_areas) as int) as least_areas,
    cast(max(n_areas) as int) as n_areas,
    cast(count(*) as int) as n_determinants,
    cast(count(distinct piece) as int) as n_pieces_of_evidence,
    cast(count(case when is_with and rho <> 0 then 1 end) as int) as n_better,
    cast(count(case when not is_with and rho <> 0 then 1 end) as int) as n_worse,
    cast(count(case when is_with and p_adjusted < 0.05 then 1 end) as int) as n_better_beyond_chance,
    cast(count(case when not is_with and p_adjusted < 0.05 then 1 end) as int) as n_worse_beyond_chance,
    min(abs(rho)) as smallest_rho,
    max(abs(rho)) as largest_rho,
    max(first_axis_share) as first_axis_share,
    {{ listed("case when not is_with and rho <> 0 then indicator_name end", "; ") }} as worse_determinants,
    {{ listed("case when not is_with and rho <> 0 then reader_note end", " ") }} as reader_notes
from association
group by kind, outcome_indicator_code, outcome_name, outcome_sex, scope_area_code <> 'E92000001'
