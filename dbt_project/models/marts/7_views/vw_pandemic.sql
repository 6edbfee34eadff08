{{ config(materialized="view") }}
{#- The impacts of COVID-19: infection, mortality, and what came of them, councils and England side by side.

    Measures that differ are never one line: a measure has one basis, one unit and one length of period. Deaths are counted by
    the day of death (occurrences), by the week of registration (registrations), by what the certificate says
    (certificates), or by a test in the 28 days before, and no two of them are added or compared.

    Excess = sum(R) - sum(M) over the weeks that end in a wave, R deaths registered in the week, M the mean of the weeks of the
    same number in 2015 to 2019; in per cent 100 * (sum(R) - sum(M)) / sum(M). Only 2015 of those years has a week 53, so that
    the week has no mean. Source of the method: Office for National Statistics, Deaths registered weekly in England and Wales.
    Cases per 100,000 = 100000 * sum(C) / P, C cases by day of the specimen, P residents at the mid-year next to the wave that
    England has, too. A wave that lacks a week or a day has no figure. -#}
{% set published = [
    ("SUP80", "covid_deaths_first_wave", "certificates_by_occurrence", "months"),
    ("SUP81", "all_deaths_first_wave", "occurrences", "months"),
    ("SUP82", "covid_deaths_by_month", "certificates_by_occurrence", "month"),
    ("SUP83", "all_deaths_by_month", "occurrences", "month"),
] %}
{% set cases, residents = "SUP63", "SUP20" %}
{% set registered, mean_of_five_years = "SUP84", "SUP85" %}
{% set deaths_of_the_year = "SUP86" %}
with
    area as (
        select area_code, area_name, area_type
        from {{ ref("dim_area").include(database=false) }}
        where is_answered
    ),

    councils as (select count(*) as n from area where area_type = 'council'),

    wave as (select * from {{ ref("dim_pandemic_wave").include(database=false) }}),

    figure as (
        select observation.*
        from {{ ref("fct_observation").include(database=false) }} as observation
        inner join area on observation.area_code = area.area_code
        where
            observation.sex = 'Persons'
            and observation.breakdown_type = 'Total'
            and observation.indicator_code in (
                {%- for code, _, _, _ in published %}'{{ code }}', {%- endfor %}
                '{{ cases }}',
                '{{ residents }}',
                '{{ registered }}',
                '{{ mean_of_five_years }}',
                '{{ deaths_of_the_year }}'
            )
    ),

    as_published as (
        select
            case
                figure.indicator_code
                {%- for code, measure, _, _ in published %}
                    when '{{ code }}' then '{{ measure }}'
                {%- endfor %}
            end as measure,
            case
                figure.indicator_code
                {%- for code, _, basis, _ in published %} when '{{ code }}' then '{{ basis }}' {%- endfor %}
            end as basis,
            case
                figure.indicator_code
                {%- for code, _, _, kind in published %} when '{{ code }}' then '{{ kind }}' {%- endfor %}
            end as period_kind,
            figure.indicator_code,
            figure.area_code,
            figure.age,
            figure.period_start,
            figure.period_end,
            figure.value,
            figure.lci_95,
            figure.uci_95,
            figure.numerator as observed,
            cast(null as double) as expected,
            cast(null as double) as population,
            figure.status,
            case when figure.value is null then figure.status end as reason,
            figure.status_note as note,
            figure.is_derived,
            'Published: age-standardised to the European Standard Population of 2013, with 95 % limits.'
            as method,
            figure.vintage_id
        from figure
        where
            figure.indicator_code
            in ({% for code, _, _, _ in published %}'{{ code }}' {{- "," if not loop.last }} {%- endfor %})
    ),

    -- The deaths of a year are what a share of them is of.
    of_the_year as (
        select
            'deaths_of_the_year' as measure,
            'registrations' as basis,
            'year' as period_kind,
            indicator_code,
            area_code,
            age,
            period_start,
            period_end,
            denominator as value,
            cast(null as double) as lci_95,
            cast(null as double) as uci_95,
            denominator as observed,
            cast(null as double) as expected,
            cast(null as double) as population,
            status,
            case when denominator is null then status end as reason,
            status_note as note,
            is_derived,
            'Published: deaths registered in the year, of which the indicator gives a share.' as method,
            vintage_id
        from figure
        where indicator_code = '{{ deaths_of_the_year }}'
    ),

    -- A series of an area begins with its first case.
    first_case as (
        select area_code, min(period_start) as first_day_there
        from figure
        where indicator_code = '{{ cases }}'
        group by area_code
    ),

    -- A cross join is a step of its own: DuckDB writes a view's text with a comma for it, which binds
    -- weaker than the join
    -- behind it.
    area_in_wave as (
        select wave.*, first_case.area_code, first_case.first_day_there from first_case cross join wave
    ),

    cases_of_wave as (
        select
            area_in_wave.wave,
            area_in_wave.area_code,
            sum(figure.value) as observed,
            count(figure.value) as n_there,
            {{
                dbt.datediff(
                    "max(case when first_day_there > area_in_wave.first_day then first_day_there else area_in_wave.first_day end)",
                    "max(area_in_wave.last_day)",
                    "day",
                )
            }}
            + 1 as n_wanted,
            max(figure.vintage_id) as vintage_id,
            cast(max(area_in_wave.first_day) + interval 30 day as date)
            >= max(area_in_wave.first_day_there) as begins_in_time
        from area_in_wave
        left join
            figure
            on area_in_wave.area_code = figure.area_code
            and figure.indicator_code = '{{ cases }}'
            and figure.period_start between area_in_wave.first_day and area_in_wave.last_day
        group by area_in_wave.wave, area_in_wave.area_code
    ),

    weeks as (
        select
            registration.area_code,
            registration.period_start,
            registration.period_end,
            registration.value as registered,
            five_years.value as mean_of_five_years,
            registration.vintage_id
        from figure as registration
        inner join
            figure as five_years
            on registration.area_code = five_years.area_code
            and registration.period_id = five_years.period_id
            and five_years.indicator_code = '{{ mean_of_five_years }}'
        where registration.indicator_code = '{{ registered }}'
    ),

    -- All weeks that are there from the first wave on stand beside the waves.
    newest_week as (select max(period_end) as last_day from weeks),

    span as (
        select wave, name, first_day, last_day
        from wave
        union all
        select 0 as wave, 'Since the first wave began' as name, min(wave.first_day), max(newest_week.last_day)
        from wave
        cross join newest_week
        having max(newest_week.last_day) is not null
    ),

    area_with_weeks as (select distinct area_code from weeks),

    area_in_span as (select span.*, area_with_weeks.area_code from area_with_weeks cross join span),

    weeks_of_span as (
        select
            area_in_span.wave,
            area_in_span.area_code,
            sum(weeks.registered) as observed,
            sum(weeks.mean_of_five_years) as expected,
            count(weeks.registered + weeks.mean_of_five_years) as n_there,
            -- Weeks end on Fridays: so many are in the span.
            max(
                cast(
                    floor(
                        {{ dbt.datediff("date '2000-01-07'", "area_in_span.last_day", "day") }}
                        / cast(7 as double)
                    ) as int
                ) - cast(
                    floor(
                        ({{ dbt.datediff("date '2000-01-07'", "area_in_span.first_day", "day") }} - 1)
                        / cast(7 as double)
                    ) as int
                )
            ) as n_wanted,
            max(weeks.vintage_id) as vintage_id
        from area_in_span
        left join
            weeks
            on area_in_span.area_code = weeks.area_code
            and weeks.period_end between area_in_span.first_day and area_in_span.last_day
        group by area_in_span.wave, area_in_span.area_code
    ),

    -- Counts of the nine councils together, where each of them has all.
    counted as (
        select
            'cases' as what,
            wave,
            area_code,
            observed,
            cast(null as double) as expected,
            n_there = n_wanted and begins_in_time as is_whole,
            vintage_id,
            false as is_pool
        from cases_of_wave
        union all
        select 'excess', wave, area_code, observed, expected, n_there = n_wanted, vintage_id, false
        from weeks_of_span
    ),

    with_subregion as (
        select *
        from counted
        union all
        select
            counted.what,
            counted.wave,
            'E54000008',
            sum(counted.observed),
            sum(counted.expected),
            count(case when counted.is_whole then 1 end) = max(councils.n),
            max(counted.vintage_id),
            true
        from counted
        inner join area on counted.area_code = area.area_code and area.area_type = 'council'
        cross join councils
        group by counted.what, counted.wave
    ),

    -- Residents of a year that England has, too, so that both are of one year.
    people as (
        select
            wave.wave,
            resident.area_code,
            resident.value as population,
            resident.period_start as counted_on,
            row_number() over (
                partition by wave.wave, resident.area_code
                order by
                    abs({{ dbt.datediff("wave.first_day", "resident.period_start", "day") }}),
                    resident.period_start
            ) as place
        from figure as resident
        inner join
            figure as england
            on resident.period_id = england.period_id
            and england.indicator_code = '{{ residents }}'
            and england.area_code = 'E92000001'
            and england.age = 'All ages'
        cross join wave
        where
            resident.indicator_code = '{{ residents }}'
            and resident.age = 'All ages'
            and resident.value is not null
    ),

    cases_per_100000 as (
        select
            'cases_by_wave' as measure,
            'specimens' as basis,
            'wave' as period_kind,
            '{{ cases }}' as indicator_code,
            counted.area_code,
            'All ages' as age,
            wave.first_day as period_start,
            wave.last_day as period_end,
            case when counted.is_whole then 100000 * counted.observed / people.population end as value,
            cast(null as double) as lci_95,
            cast(null as double) as uci_95,
            case when counted.is_whole then counted.observed end as observed,
            cast(null as double) as expected,
            people.population,
            case
                when counted.is_whole and people.population is not null then 'normal' else 'not_available'
            end as status,
            case
                when not counted.is_whole
                then 'days_missing'
                when people.population is null
                then 'no_population'
            end as reason,
            wave.note
            || ' Residents of '
            || cast(people.counted_on as string)
            || '. A series begins with the first case of its area.' as note,
            true as is_derived,
            '100000 * cases by day of the specimen in the wave / residents' as method,
            counted.vintage_id
        from with_subregion as counted
        inner join wave on counted.wave = wave.wave
        left join
            people on counted.wave = people.wave and counted.area_code = people.area_code and people.place = 1
        where counted.what = 'cases'
    ),

    excess as (
        select
            -- All weeks since the first wave are no wave: another measure.
            kind.measure || case when counted.wave = 0 then '_to_date' else '' end as measure,
            'registrations' as basis,
            case when counted.wave = 0 then 'to_date' else 'wave' end as period_kind,
            '{{ registered }}' as indicator_code,
            counted.area_code,
            'All ages' as age,
            span.first_day as period_start,
            span.last_day as period_end,
            case
                when not counted.is_whole
                then null
                when kind.measure = 'excess_deaths'
                then counted.observed - counted.expected
                else 100 * (counted.observed - counted.expected) / nullif(counted.expected, 0)
            end as value,
            cast(null as double) as lci_95,
            cast(null as double) as uci_95,
            case when counted.is_whole then counted.observed end as observed,
            case when counted.is_whole then counted.expected end as expected,
            cast(null as double) as population,
            case when counted.is_whole then 'normal' else 'not_available' end as status,
            case when not counted.is_whole then 'weeks_missing' end as reason,
            'Registered in the weeks that end in the period, against the mean of the weeks of the same number in 2015 to 2019.'
            || ' No limits: five years do not say how much years differ.' as note,
            true as is_derived,
            kind.method,
            counted.vintage_id
        from with_subregion as counted
        inner join span on counted.wave = span.wave
        cross join
            (
                select
                    'excess_deaths' as measure,
                    'deaths registered - mean of the same weeks of 2015 to 2019' as method
                union all
                select
                    'excess_deaths_per_cent',
                    '100 * (deaths registered - mean of the same weeks of 2015 to 2019) / that mean'
            ) as kind
        where counted.what = 'excess'
    ),

    every_measure as (
        select *
        from as_published
        union all
        select *
        from of_the_year
        union all
        select *
        from cases_per_100000
        union all
        select *
        from excess
    )

select
    every_measure.measure,
    case
        when every_measure.measure = 'cases_by_wave'
        then 'COVID-19 cases in the wave per 100,000 residents'
        when every_measure.measure in ('excess_deaths', 'excess_deaths_to_date')
        then 'Deaths above the mean of 2015 to 2019'
        when every_measure.measure in ('excess_deaths_per_cent', 'excess_deaths_per_cent_to_date')
        then 'Deaths above the mean of 2015 to 2019, as a share of it'
        when every_measure.measure = 'deaths_of_the_year'
        then 'Deaths registered in the year'
        else indicator.name
    end as measure_name,
    every_measure.basis,
    every_measure.indicator_code,
    every_measure.area_code,
    area.area_name,
    area.area_type,
    every_measure.age,
    every_measure.period_kind,
    coalesce(span.name || ', ', '')
    || cast(every_measure.period_start as string)
    || ' to '
    || cast(every_measure.period_end as string) as period,
    every_measure.period_start,
    every_measure.period_end,
    every_measure.value,
    case
        when every_measure.measure = 'cases_by_wave'
        then 'cases per 100,000'
        when every_measure.measure in ('excess_deaths_per_cent', 'excess_deaths_per_cent_to_date')
        then '%'
        when every_measure.measure in ('excess_deaths', 'excess_deaths_to_date', 'deaths_of_the_year')
        then 'deaths'
        else indicator.unit
    end as unit,
    every_measure.lci_95,
    every_measure.uci_95,
    england.value as england_value,
    england.lci_95 as england_lci_95,
    england.uci_95 as england_uci_95,
    -- A count follows the size of the population: two of them are not compared.
    case
        when
            every_measure.area_code <> 'E92000001'
            and every_measure.measure not in ('excess_deaths', 'excess_deaths_to_date', 'deaths_of_the_year')
        then round(every_measure.value - england.value, 9)
    end as difference,
    every_measure.observed,
    every_measure.expected,
    every_measure.population,
    every_measure.status,
    every_measure.reason,
    every_measure.is_derived,
    every_measure.method,
    every_measure.note,
    indicator.publisher || ', ' || indicator.page_url as source,
    vintage.origin,
    'vw_determinants_through_the_pandemic' as see_also
from every_measure
inner join area on every_measure.area_code = area.area_code
inner join
    {{ ref("dim_indicator").include(database=false) }} as indicator
    on every_measure.indicator_code = indicator.indicator_code
left join
    {{ ref("dim_vintage").include(database=false) }} as vintage
    on every_measure.vintage_id = vintage.vintage_id
left join
    span
    on every_measure.period_kind in ('wave', 'to_date')
    and every_measure.period_start = span.first_day
    and every_measure.period_end = span.last_day
left join
    every_measure as england
    on england.area_code = 'E92000001'
    and every_measure.measure = england.measure
    and every_measure.age = england.age
    and every_measure.period_start = england.period_start
    and every_measure.period_end = england.period_end
