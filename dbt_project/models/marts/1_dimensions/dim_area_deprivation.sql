{#- A council's decile among all councils of the edition, most deprived first, by the rule
    floor((k + 1) - ceil(((N + 1) - rank) / (N / k))) with k = 10 and rank 1 the most deprived. It is written as
    ceil(k * ((N + 1) - rank) / N), which a computer does not round beside a whole number. -#}
with
    summary as (
        {% for edition, code_year in [("2019", 2019), ("2025", 2024)] %}
            select
                district.area_code,
                {{ edition }} as edition,
                {{ code_year }} as code_year,
                district.average_score,
                district.rank_of_average_score,
                district.share_of_lsoas_most_deprived_10,
                district.vintage_id,
                count(district.rank_of_average_score) over (partition by district.vintage_id) as n_ranked
            from {{ ref("stg_mhclg__iod_" ~ edition ~ "_districts") }} as district
            inner join
                {{ ref("int_vintage_in_force") }} as vintage on district.vintage_id = vintage.vintage_id
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    counted as (
        select
            lsoa.area_code,
            2025 as edition,
            2024 as code_year,
            count(*) as n_lsoas,
            count(case when lsoa.imd_decile = 1 then 1 end) as n_most_deprived,
            count(lsoa.imd_decile) as n_with_decile,
            max(lsoa.vintage_id) as vintage_id
        from {{ ref("stg_mhclg__iod_2025_lsoa") }} as lsoa
        inner join {{ ref("int_vintage_in_force") }} as vintage on lsoa.vintage_id = vintage.vintage_id
        group by lsoa.area_code
    ),

    area_edition as (
        select area_code, edition, code_year
        from summary
        union
        select area_code, edition, code_year
        from counted
    )

select
    area_edition.area_code,
    area_edition.edition,
    summary.average_score,
    summary.rank_of_average_score,
    cast(
        floor(
            11 - ceil(
                cast(10 * (summary.n_ranked + 1 - summary.rank_of_average_score) as double) / summary.n_ranked
            )
        ) as int
    ) as decile,
    case
        when counted.n_with_decile = counted.n_lsoas
        then cast(counted.n_most_deprived as double) / counted.n_lsoas
        else summary.share_of_lsoas_most_deprived_10
    end as share_of_lsoas_most_deprived_10,
    cast(counted.n_lsoas as int) as lsoa_count,
    area_edition.code_year,
    coalesce(summary.vintage_id, counted.vintage_id) as vintage_id,
    counted.vintage_id as lsoa_vintage_id
from area_edition
inner join {{ ref("dim_area") }} as area on area_edition.area_code = area.area_code
left join summary on area_edition.area_code = summary.area_code and area_edition.edition = summary.edition
left join counted on area_edition.area_code = counted.area_code and area_edition.edition = counted.edition
