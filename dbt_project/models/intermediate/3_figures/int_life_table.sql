{#- Life expectancy at birth of areas and periods for which the publisher gives none, from their own deaths and
    population. A figure that the publisher withholds counts as given: nothing is worked out around it. -#}
{#- Person-years below which life tables mislead, and the widest 95 % interval that is shown, in years. Source: Toson and
    Baker 2003; OHID Fingertips technical guidance. -#}
{% set fewest_person_years = 5000 %}
{% set widest_interval = 20 %}

with
    band as (select * from {{ ref("int_life_table_band") }}),

    usable as (select * from band where n_areas_included = n_areas_expected),

    life_table as ({{ life_table("usable", ["area_code", "period_start", "period_end", "sex"]) }}),

    summed as (
        select
            area_code,
            period_start,
            period_end,
            sex,
            sum(person_years) as person_years,
            min(fewest_deaths) as fewest_deaths,
            min(fewest_people) as fewest_people,
            max(case when deaths > person_years then 1 else 0 end) as has_too_many_deaths,
            max(case when age_from = {{ life_table_bands()[-1] }} then deaths end) as deaths_in_last,
            min(n_areas_expected) as n_areas_expected,
            min(n_areas_included) as n_areas_included,
            max(vintage_id) as vintage_id,
            max(first_seen_at) as first_seen_at
        from band
        group by area_code, period_start, period_end, sex
    ),

    published as (
        select area_code, period_id, sex, age
        from {{ ref("int_observation_history") }}
        where
            indicator_code = 'ATF01'
            and valid_to is null
            and change <> 'withdrawn'
            and breakdown_type = 'Total'
    ),

    unpublished as (
        select
            summed.*,
            concat_ws(
                '/', cast(summed.period_start as string), cast(summed.period_end as string)
            ) as period_id,
            life_table.life_expectancy,
            sqrt(life_table.variance) as standard_error
        from summed
        left join
            life_table
            on summed.area_code = life_table.area_code
            and summed.period_start = life_table.period_start
            and summed.sex = life_table.sex
    ),

    judged as (
        select
            unpublished.*,
            case
                when n_areas_included < n_areas_expected and n_areas_expected = 1
                then
                    'Deaths or population of an age band are missing or hidden, or do not add up to the total.'
                when n_areas_included < n_areas_expected
                then
                    concat_ws(
                        ' ',
                        'Deaths and population by age are complete for',
                        n_areas_included,
                        'of',
                        n_areas_expected,
                        'councils.'
                    )
                when fewest_deaths < 0 or fewest_people < 0
                then 'A count of deaths or people is negative.'
                when has_too_many_deaths = 1
                then 'More people died in an age band than lived in it.'
                when
                    life_expectancy is null
                    and deaths_in_last > 0
                    and person_years >= {{ fewest_person_years }}
                then 'Nobody lives in an age band, or more die in it than anybody could outlive.'
            end as contradiction,
            case
                when person_years < {{ fewest_person_years }}
                then 'Fewer than 5,000 person-years, too few for a life table.'
                when deaths_in_last = 0
                then 'Nobody died at 90 or over, so that the years lived from then on are not known.'
                when 2 * {{ z_of("95") }} * standard_error > {{ widest_interval }}
                then 'The 95 % interval would be wider than 20 years.'
            end as shortage
        from unpublished
        left join
            published
            on unpublished.area_code = published.area_code
            and unpublished.period_id = published.period_id
            and unpublished.sex = published.sex
            and published.age = 'All ages'
        where published.area_code is null
    ),

    decided as (select *, contradiction is null and shortage is null as is_shown from judged)

select
    'ATF01' as indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    'All ages' as age,
    'Total' as breakdown_type,
    'Total' as breakdown_value,
    case when is_shown then life_expectancy end as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    {% for level in ["95", "998"] %}
        case
            when is_shown then {{ normal_limit("life_expectancy", "standard_error", level, "-") }}
        end as lci_{{ level }},
        case
            when is_shown then {{ normal_limit("life_expectancy", "standard_error", level, "+") }}
        end as uci_{{ level }},
    {% endfor %}
    case when is_shown then 'life_table' else 'none' end as ci_method,
    case
        when contradiction is not null
        then 'not_available'
        when shortage is not null
        then 'unreliable'
        else 'estimated'
    end as status,
    coalesce(
        contradiction,
        shortage,
        'Worked out from deaths and population by age with a life table; not published.'
    ) as status_note,
    n_areas_expected,
    n_areas_included,
    vintage_id,
    first_seen_at
from decided
