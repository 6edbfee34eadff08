{#- Two groups side by side. group_a is the one that the question is about, group_b the reference: eligible and not
    eligible for free school meals (or not known to be), disadvantaged and not, female and male, and the most and the least deprived council
    of Cheshire and Merseyside, which is a gap of that area. Left out: numbers of people and the like, which grow with a
    group's size, and slope indices, which are inequalities already. -#}
with
    indicator as (
        select *
        from {{ source("raw", "catalogue_indicator") }}
        where value_type <> 'slope_index' and (value_type <> 'amount' or unit = '£')
    ),

    figure as (
        select observation.*
        from {{ ref("fct_observation") }} as observation
        inner join {{ ref("dim_area") }} as area on observation.area_code = area.area_code
        -- Of two approximate pools nobody knows how good their difference is.
        where area.is_answered and coalesce(observation.derived_by, '') <> 'approximate_pool'
    ),

    member as (
        select group_code, member_code from {{ ref("int_area_group_member") }} where group_type = 'subregion'
    ),

    ranked as (
        select
            member.group_code,
            member.member_code,
            area.area_name,
            deprivation.edition,
            row_number() over (
                partition by member.group_code, deprivation.edition
                order by deprivation.rank_of_average_score, member.member_code
            ) as from_most,
            row_number() over (
                partition by member.group_code, deprivation.edition
                order by deprivation.rank_of_average_score desc, member.member_code desc
            ) as from_least
        from member
        inner join
            {{ ref("dim_area_deprivation") }} as deprivation on member.member_code = deprivation.area_code
        inner join {{ ref("dim_area") }} as area on member.member_code = area.area_code
        where deprivation.rank_of_average_score is not null
    ),

    -- The newest edition that ranks every council of the group.
    newest_edition as (
        select whole.group_code, max(whole.edition) as edition
        from
            (
                select group_code, edition, count(*) as n_ranked from ranked group by group_code, edition
            ) as whole
        inner join
            (select group_code, count(*) as n_members from member group by group_code) as expected
            on whole.group_code = expected.group_code
            and whole.n_ranked = expected.n_members
        group by whole.group_code
    ),

    extreme as (
        select
            ranked.group_code,
            ranked.edition,
            max(case when ranked.from_most = 1 then ranked.member_code end) as most_deprived,
            max(case when ranked.from_most = 1 then ranked.area_name end) as most_deprived_name,
            max(case when ranked.from_least = 1 then ranked.member_code end) as least_deprived,
            max(case when ranked.from_least = 1 then ranked.area_name end) as least_deprived_name
        from ranked
        inner join
            newest_edition
            on ranked.group_code = newest_edition.group_code
            and ranked.edition = newest_edition.edition
        group by ranked.group_code, ranked.edition
    ),

    -- Publishers' words for the groups, see macros/ees.sql; a word that is not known is in neither group.
    worded as (
        select
            *,
            case
                when {{ ees_is_free_school_meals("breakdown_type") }}
                then 'eligible for free school meals'
                when lower(breakdown_type) like 'disadvantage%'
                then 'disadvantaged'
            end as trait,
            case
                when {{ ees_is_free_school_meals("breakdown_type") }}
                then
                    case
                        {{ ees_eligible("breakdown_value") }}
                        when 'Eligible'
                        then 'a'
                        when 'Not eligible'
                        then 'b'
                        when 'Not known to be eligible'
                        then 'b'
                    end
                when
                    lower(breakdown_value) like 'not %'
                    or lower(breakdown_value) like 'non%'
                    or lower(breakdown_value) like 'all other%'
                then 'b'
                when lower(breakdown_value) like 'disadvantaged%'
                then 'a'
            end as side,
            case
                when
                    {{ ees_is_free_school_meals("breakdown_type") }}
                    and {{ ees_eligible("breakdown_value") }} = 'Not known to be eligible'
                then 'Not known to be '
                else 'Not '
            end as reference
        from figure
        where breakdown_type <> 'Total'
    ),

    -- Who is not known to be eligible is another reference than who is not: the same pupils stand beside
    -- each of them.
    referenced as (
        select worded.*, worded.reference || worded.trait as group_b
        from worded
        where worded.trait is not null and worded.side is not null

        union all
        select worded.*, 'Not known to be ' || worded.trait as group_b
        from worded
        where
            worded.side = 'a'
            and exists (
                select 1
                from worded as other
                where
                    other.side = 'b'
                    and other.reference = 'Not known to be '
                    and other.trait = worded.trait
                    and other.indicator_code = worded.indicator_code
                    and other.area_code = worded.area_code
                    and other.period_id = worded.period_id
                    and other.sex = worded.sex
                    and other.age = worded.age
            )
    ),

    side as (
        select
            indicator_code,
            area_code,
            period_id,
            period_start,
            period_end,
            sex,
            age,
            case
                trait when 'disadvantaged' then 'Disadvantaged' else 'Eligible for free school meals'
            end as group_a,
            group_b,
            case
                trait when 'disadvantaged' then 'Disadvantaged' else 'Eligible for free school meals'
            end as name_a,
            group_b as name_b,
            cast(null as string) as quantile_edition,
            side,
            value,
            numerator,
            denominator,
            lci_95,
            uci_95,
            status
        from referenced

        union all
        select
            indicator_code,
            area_code,
            period_id,
            period_start,
            period_end,
            'Persons' as sex,
            age,
            'Female' as group_a,
            'Male' as group_b,
            'Female' as name_a,
            'Male' as name_b,
            cast(null as string) as quantile_edition,
            case sex when 'Female' then 'a' else 'b' end as side,
            value,
            numerator,
            denominator,
            lci_95,
            uci_95,
            status
        from figure
        where breakdown_type = 'Total' and sex in ('Female', 'Male')

        union all
        select
            figure.indicator_code,
            extreme.group_code as area_code,
            figure.period_id,
            figure.period_start,
            figure.period_end,
            figure.sex,
            figure.age,
            extreme.most_deprived as group_a,
            extreme.least_deprived as group_b,
            extreme.most_deprived_name as name_a,
            extreme.least_deprived_name as name_b,
            concat_ws(
                '',
                'most and least deprived council of the area by rank of average score, Indices of Deprivation ',
                cast(extreme.edition as string)
            ) as quantile_edition,
            case when figure.area_code = extreme.most_deprived then 'a' else 'b' end as side,
            figure.value,
            figure.numerator,
            figure.denominator,
            figure.lci_95,
            figure.uci_95,
            figure.status
        from figure
        inner join
            extreme
            on (figure.area_code = extreme.most_deprived or figure.area_code = extreme.least_deprived)
            and extreme.most_deprived <> extreme.least_deprived
        where figure.breakdown_type = 'Total'
    )

select
    side.indicator_code,
    side.area_code,
    side.period_id,
    side.period_start,
    side.period_end,
    side.sex,
    side.age,
    side.group_a,
    side.group_b,
    side.name_a,
    side.name_b,
    side.quantile_edition,
    {% for one in ["a", "b"] %}
        cast(count(case when side.side = '{{ one }}' then 1 end) as int) as n_{{ one }},
        {% for column in ["value", "numerator", "denominator", "lci_95", "uci_95"] %}
            max(case when side.side = '{{ one }}' then side.{{ column }} end) as {{ column }}_{{ one }},
        {% endfor %}
    {% endfor %}
    concat_ws(
        '/',
        max(case when side.side = 'a' then {{ status_to_compare("side.status") }} end),
        max(case when side.side = 'b' then {{ status_to_compare("side.status") }} end)
    ) as status_to_compare,
    max(case when side.status = 'break' then 1 else 0 end) = 1 as begins_anew
from side
inner join indicator on side.indicator_code = indicator.indicator_code
group by
    side.indicator_code,
    side.area_code,
    side.period_id,
    side.period_start,
    side.period_end,
    side.sex,
    side.age,
    side.group_a,
    side.group_b,
    side.name_a,
    side.name_b,
    side.quantile_edition
