{#- Deaths and person-years of three calendar years by age band, of each of our councils and of Cheshire and Merseyside,
    which is the sum of its councils' counts: never an average of their life expectancies. A mid-year estimate stands for
    the person-years of its year. -#}
{#- Supporting indicators of the catalogue: deaths registered in a calendar year, and residents on 30 June. -#}
{% set deaths = "SUP70" %}
{% set population = "SUP71" %}

with
    figure as (
        select
            indicator_code,
            area_code,
            sex,
            cast(extract(year from period_start) as int) as year,
            case when age = 'All ages' then -1 else {{ life_table_band("age") }} end as age_from,
            value,
            vintage_id,
            valid_from
        from {{ ref("int_observation_history") }}
        where
            valid_to is null
            and change <> 'withdrawn'
            and breakdown_type = 'Total'
            and sex in ('Female', 'Male')
            and (
                indicator_code = '{{ population }}'
                or (
                    indicator_code = '{{ deaths }}'
                    and extract(month from period_start) = 1
                    and extract(day from period_start) = 1
                    and period_end = {{ years_end("period_start", "1") }}
                )
            )
    ),

    -- One row a council, sex, year and band; -1 is the published total of all ages.
    counted as (
        select
            area_code,
            sex,
            year,
            age_from,
            count(case when indicator_code = '{{ deaths }}' then value end) as deaths_known,
            count(case when indicator_code = '{{ population }}' then value end) as population_known,
            sum(case when indicator_code = '{{ deaths }}' then value end) as deaths,
            sum(case when indicator_code = '{{ population }}' then value end) as population,
            max(case when indicator_code = '{{ deaths }}' then vintage_id end) as vintage_id,
            max(valid_from) as valid_from
        from figure
        where age_from is not null
        group by area_code, sex, year, age_from
    ),

    -- Whether a council's year can be used: every band once, and deaths that add up to the published total.
    -- Tables of deaths by council and age hide small counts, some of them as zeros that are none.
    council_year as (
        select
            area_code,
            sex,
            year,
            count(case when age_from >= 0 and deaths_known = 1 and population_known = 1 then 1 end)
            = {{ life_table_bands() | length }}
            and count(case when age_from = -1 and deaths_known = 1 then 1 end) = 1
            and abs(
                sum(case when age_from >= 0 then deaths else 0 end)
                - sum(case when age_from = -1 then deaths else 0 end)
            )
            < 0.5 as is_complete,
            max(deaths_known) > 0 and max(population_known) > 0 as is_begun
        from counted
        group by area_code, sex, year
    ),

    member as (
        select group_code as area_code, member_code
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
        union all
        select member_code as area_code, member_code
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
    ),

    expected as (select area_code, cast(count(*) as int) as n_areas_expected from member group by area_code),

    -- Three years that both counts have begun to say something about, in any council of the area.
    begun as (
        select distinct member.area_code, council_year.sex, council_year.year
        from member
        inner join council_year on member.member_code = council_year.area_code
        where council_year.is_begun
    ),

    period as (
        select third_year.area_code, third_year.sex, third_year.year as last_year
        from begun as third_year
        inner join
            begun as second_year
            on third_year.area_code = second_year.area_code
            and third_year.sex = second_year.sex
            and third_year.year = second_year.year + 1
        inner join
            begun as first_year
            on third_year.area_code = first_year.area_code
            and third_year.sex = first_year.sex
            and third_year.year = first_year.year + 2
    ),

    -- Councils all of whose three years can be used.
    included as (
        select period.area_code, period.sex, period.last_year, member.member_code
        from period
        inner join member on period.area_code = member.area_code
        inner join
            council_year
            on member.member_code = council_year.area_code
            and period.sex = council_year.sex
            and council_year.year between period.last_year - 2 and period.last_year
            and council_year.is_complete
        group by period.area_code, period.sex, period.last_year, member.member_code
        having count(*) = 3
    ),

    summed as (
        select
            included.area_code,
            included.sex,
            included.last_year,
            counted.age_from,
            sum(counted.deaths) as deaths,
            sum(counted.population) as person_years,
            min(counted.deaths) as fewest_deaths,
            min(counted.population) as fewest_people,
            cast(count(distinct included.member_code) as int) as n_areas_included,
            max(counted.vintage_id) as vintage_id,
            max(counted.valid_from) as first_seen_at
        from included
        inner join
            counted
            on included.member_code = counted.area_code
            and included.sex = counted.sex
            and counted.year between included.last_year - 2 and included.last_year
            and counted.age_from >= 0
        group by included.area_code, included.sex, included.last_year, counted.age_from
    ),

    -- Where no council can be used, the period has one row without a band, to say so.
    latest as (
        select
            period.area_code,
            period.sex,
            period.last_year,
            max(counted.vintage_id) as vintage_id,
            max(counted.valid_from) as first_seen_at
        from period
        inner join member on period.area_code = member.area_code
        inner join
            counted
            on member.member_code = counted.area_code
            and period.sex = counted.sex
            and counted.year between period.last_year - 2 and period.last_year
        group by period.area_code, period.sex, period.last_year
    )

select
    latest.area_code,
    make_date(latest.last_year - 2, 1, 1) as period_start,
    make_date(latest.last_year, 12, 31) as period_end,
    latest.sex,
    summed.age_from,
    summed.deaths,
    summed.person_years,
    summed.fewest_deaths,
    summed.fewest_people,
    expected.n_areas_expected,
    coalesce(summed.n_areas_included, 0) as n_areas_included,
    latest.vintage_id,
    latest.first_seen_at
from latest
inner join expected on latest.area_code = expected.area_code
left join
    summed
    on latest.area_code = summed.area_code
    and latest.sex = summed.sex
    and latest.last_year = summed.last_year
