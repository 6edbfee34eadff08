{#- How deprived the councils of an area are in one edition, and with what weight each comes into a slope over all of them. -#}
with
    member as (
        select
            member.group_code as area_code,
            member.member_code,
            deprivation.edition,
            deprivation.average_score as score,
            count(*) over (partition by member.group_code, deprivation.edition) as n_members,
            count(deprivation.average_score) over (
                partition by member.group_code, deprivation.edition
            ) as n_scored,
            avg(deprivation.average_score) over (
                partition by member.group_code, deprivation.edition
            ) as mean_score,
            max(deprivation.average_score) over (partition by member.group_code, deprivation.edition)
            - min(deprivation.average_score) over (
                partition by member.group_code, deprivation.edition
            ) as spread
        from {{ ref("int_area_group_member") }} as member
        inner join
            {{ ref("dim_area_deprivation") }} as deprivation on member.member_code = deprivation.area_code
        where member.group_type = 'subregion'
    ),

    expected as (
        select group_code as area_code, count(*) as n_expected
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
        group by group_code
    )

-- Editions that score every council of the area. Two scores make a line through two points.
select
    member.area_code,
    member.member_code,
    member.edition,
    concat_ws(
        '', 'councils of the area by average score, Indices of Deprivation ', cast(member.edition as string)
    ) as quantile_edition,
    member.score,
    member.n_members,
    member.spread,
    (member.score - member.mean_score)
    * member.spread
    / sum(power(member.score - member.mean_score, 2)) over (
        partition by member.area_code, member.edition
    ) as weight
from member
inner join
    expected
    on member.area_code = expected.area_code
    and member.n_scored = expected.n_expected
    and expected.n_expected > 2
where member.spread > 0
