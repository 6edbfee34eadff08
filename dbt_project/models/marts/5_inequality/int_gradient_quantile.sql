{#- A figure in each quantile of deprivation, 1 the most deprived: as publishers break it down, and by the national
    decile of the neighbourhoods (LSOA) of an area, whose counts are summed here. The deciles are those of the Indices of
    Deprivation 2025, whose neighbourhoods are of the census of 2021: figures by neighbourhoods of 2011 are joined where
    the code is in both, and share_joined says how much of the area that is. -#}
with
    indicator as (select * from {{ source("raw", "catalogue_indicator") }}),

    area as (select area_code, area_type from {{ ref("dim_area") }} where is_answered),

    published as (
        select
            figure.indicator_code,
            figure.area_code,
            figure.period_id,
            figure.period_start,
            figure.period_end,
            figure.sex,
            figure.age,
            figure.breakdown_type as gradient,
            concat_ws(
                ' ',
                case
                    when
                        lower(figure.breakdown_type) like '%within area%'
                        and coalesce(area.area_type, '') <> 'country'
                    then 'local'
                    else 'national'
                end,
                case
                    {{ quantiles_of_breakdown("figure.breakdown_type") }}
                    when 10
                    then 'deciles'
                    else 'quintiles'
                end,
                case
                    when
                        lower(figure.breakdown_type) like '%lsoa%'
                        or lower(figure.breakdown_type) like '%within area%'
                    then 'of neighbourhoods,'
                    else 'of councils,'
                end,
                case
                    when regexp_extract(figure.breakdown_type, 'IMD ?(20[0-9]{2})', 1) <> ''
                    then
                        'Indices of Deprivation '
                        || regexp_extract(figure.breakdown_type, 'IMD ?(20[0-9]{2})', 1)
                    else 'edition as the publisher chose it for the period'
                end
            ) as quantile_edition,
            {{ quantiles_of_breakdown("figure.breakdown_type") }} as n_groups,
            {{ quantile_of_words("figure.breakdown_value", quantiles_of_breakdown("figure.breakdown_type")) }}
            as quantile,
            figure.value,
            figure.lci_95,
            figure.uci_95,
            -- A survey's denominators are its respondents, who are not spread as the population is.
            case
                when indicator.aggregation_rule in ('sum_ratio', 'sum', 'weighted_mean')
                then figure.denominator
            end as population,
            cast(null as double) as share_joined,
            false as lacks_denominators,
            false as hides_neighbourhood,
            figure.status
        from {{ ref("fct_observation") }} as figure
        inner join area on figure.area_code = area.area_code
        inner join indicator on figure.indicator_code = indicator.indicator_code
        where {{ quantiles_of_breakdown("figure.breakdown_type") }} is not null
    ),

    small_area as (
        select
            staged.indicator_code,
            staged.area_code as lsoa_code,
            -- A neighbourhood is called by its council and a running number: Halton 001A.
            nullif(regexp_extract(staged.area_name, '^(.*) [0-9]{3}[A-Z]$', 1), '') as council_name,
            staged.period_id,
            staged.period_start,
            staged.period_end,
            staged.sex,
            staged.age,
            case when not {{ status_hides_value("staged.status") }} then staged.numerator end as numerator,
            staged.denominator,
            staged.status,
            row_number() over (
                partition by staged.indicator_code, staged.area_code, staged.period_id, staged.sex, staged.age
                order by staged.precedence, staged.dataset, staged.part, staged.vintage_id, staged.source_row
            ) as preference
        from {{ ref("int_staged") }} as staged
        inner join
            {{ ref("int_period_in_force") }} as period
            on staged.vintage_id = period.vintage_id
            and staged.period_id = period.period_id
        where
            left(staged.area_code, 3) = 'E01'
            and staged.breakdown_type = 'Total'
            and staged.row_use = 'other_area'
            and staged.period_start is not null
    ),

    decile as (
        select lsoa.lsoa_code, lsoa.area_code, lsoa.imd_decile
        from {{ ref("stg_mhclg__iod_2025_lsoa") }} as lsoa
        inner join {{ ref("int_vintage_in_force") }} as vintage on lsoa.vintage_id = vintage.vintage_id
        where lsoa.imd_decile is not null
    ),

    member as (
        select group_code, member_code from {{ ref("int_area_group_member") }} where group_type = 'subregion'
    ),

    -- A council, and the group that it is in.
    part_of as (
        select group_code as area_code, member_code
        from member
        union
        select member_code as area_code, member_code
        from member
    ),

    placed as (
        select
            small_area.*,
            decile.imd_decile,
            coalesce(decile.area_code, named.area_code) as council_code,
            decile.imd_decile is not null
            and small_area.numerator is not null
            and small_area.denominator > 0 as is_usable
        from small_area
        left join decile on small_area.lsoa_code = decile.lsoa_code
        left join
            {{ source("raw", "catalogue_area") }} as named
            on decile.lsoa_code is null
            and named.area_type = 'council'
            and instr(named.names, '|' || small_area.council_name || '|') > 0
        where small_area.preference = 1
    ),

    joined as (
        select
            placed.indicator_code,
            part_of.area_code,
            placed.period_id,
            placed.period_start,
            placed.period_end,
            placed.sex,
            placed.age,
            case
                when sum(placed.denominator) > 0
                then
                    least(
                        coalesce(sum(case when placed.is_usable then placed.denominator end), 0)
                        / sum(placed.denominator),
                        cast(count(case when placed.is_usable then 1 end) as double) / count(*)
                    )
            end as share_joined,
            count(placed.numerator) < count(*) as hides_neighbourhood,
            min({{ status_to_compare("placed.status") }}) as least_status,
            max({{ status_to_compare("placed.status") }}) as greatest_status
        from placed
        inner join part_of on placed.council_code = part_of.member_code
        group by
            placed.indicator_code,
            part_of.area_code,
            placed.period_id,
            placed.period_start,
            placed.period_end,
            placed.sex,
            placed.age
    ),

    cell as (
        select
            placed.indicator_code,
            part_of.area_code,
            placed.period_id,
            placed.sex,
            placed.age,
            placed.imd_decile,
            sum(placed.numerator) as numerator,
            sum(placed.denominator) as denominator
        from placed
        inner join part_of on placed.council_code = part_of.member_code
        where placed.is_usable
        group by
            placed.indicator_code,
            part_of.area_code,
            placed.period_id,
            placed.sex,
            placed.age,
            placed.imd_decile
    ),

    -- The deciles in which the area has a neighbourhood at all.
    area_decile as (
        select distinct part_of.area_code, decile.imd_decile
        from decile
        inner join part_of on decile.area_code = part_of.member_code
    ),

    neighbourhood as (
        select
            joined.indicator_code,
            joined.area_code,
            joined.period_id,
            joined.period_start,
            joined.period_end,
            joined.sex,
            joined.age,
            'Neighbourhoods (LSOA) by national deprivation decile' as gradient,
            'national deciles of neighbourhoods, Indices of Deprivation 2025' as quantile_edition,
            10 as n_groups,
            area_decile.imd_decile as quantile,
            indicator.multiplier * cell.numerator / cell.denominator as value,
            {% for side, sign in [("lci_95", "-"), ("uci_95", "+")] %}
                indicator.multiplier * case
                    indicator.ci_method
                    when 'wilson'
                    then {{ wilson_limit("cell.numerator", "cell.denominator", "95", sign) }}
                    when 'byar'
                    then
                        {% if sign == "-" %} {{ byar_lower("cell.numerator", "95") }}
                        {% else %} {{ byar_upper("cell.numerator", "95") }}
                        {% endif %} / cell.denominator
                end as {{ side }},
            {% endfor %}
            cell.denominator as population,
            joined.share_joined,
            joined.share_joined is null as lacks_denominators,
            joined.hides_neighbourhood,
            case
                when joined.least_status = joined.greatest_status
                then joined.least_status
                else concat_ws('/', joined.least_status, joined.greatest_status)
            end as status
        from joined
        inner join area_decile on joined.area_code = area_decile.area_code
        inner join indicator on joined.indicator_code = indicator.indicator_code
        left join
            cell
            on joined.indicator_code = cell.indicator_code
            and joined.area_code = cell.area_code
            and joined.period_id = cell.period_id
            and joined.sex = cell.sex
            and joined.age = cell.age
            and area_decile.imd_decile = cell.imd_decile
    ),

    quantile as (
        select *
        from published
        union all
        select *
        from neighbourhood
    ),

    -- The area's own figure. A sum of ours that is only not there hides nothing.
    total as (
        select
            indicator_code,
            area_code,
            period_id,
            sex,
            age,
            {% for column in ["value", "lci_95", "uci_95"] %}
                case when not is_derived then {{ column }} end as area_{{ column }},
            {% endfor %}
            {{ status_hides_value("status") }} and (not is_derived or status = 'suppressed') as hides_area
        from {{ ref("fct_observation") }}
        where breakdown_type = 'Total'
    )

select
    quantile.*,
    total.area_value,
    total.area_lci_95,
    total.area_uci_95,
    coalesce(total.hides_area, false) as hides_area
from quantile
left join
    total
    on quantile.indicator_code = total.indicator_code
    and quantile.area_code = total.area_code
    and quantile.period_id = total.period_id
    and quantile.sex = total.sex
    and quantile.age = total.age
