{#- What came in place of the headline: totals of another sex, age or period length than the card's, of a later period
    than the newest headline figure of the area, or where it has none. -#}
with
    card as (select * from {{ source("raw", "catalogue_indicator") }}),

    -- What the catalogue says of all figures of a dataset is no row's mistake: men's figures may come
    -- before women's.
    told_by_dataset as (
        select dataset.dataset, dataset.indicator_code
        from {{ source("raw", "catalogue_dataset") }} as dataset
        inner join card on dataset.indicator_code = card.indicator_code
        where dataset.sex <> card.headline_sex or dataset.age <> card.headline_age
    ),

    published as (
        select
            observation.indicator_code,
            observation.area_code,
            observation.sex,
            observation.age,
            observation.period_end,
            observation.value,
            observation.vintage_id,
            observation.is_derived,
            card.headline_sex,
            card.headline_age,
            {{ is_headline("observation", "card") }} as is_headline
        from {{ ref("fct_observation") }} as observation
        inner join card on observation.indicator_code = card.indicator_code
        inner join {{ ref("dim_area") }} as area on observation.area_code = area.area_code
        where observation.breakdown_type = 'Total' and area.is_answered
    ),

    headline as (
        select indicator_code, area_code, max(period_end) as headline_end
        from published
        where is_headline
        group by indicator_code, area_code
    ),

    -- Figures of a length that the indicator does not take are not in the mart.
    of_other_length as (
        select
            staged.indicator_code,
            staged.area_code,
            staged.period_length as came,
            staged.wanted_period_length as expected,
            max(staged.period_end) as period_end
        from {{ ref("int_staged") }} as staged
        inner join {{ ref("int_vintage_in_force") }} as in_force on staged.vintage_id = in_force.vintage_id
        inner join {{ ref("dim_area") }} as area on staged.area_code = area.area_code
        left join
            (
                select distinct vintage_id, indicator_code
                from {{ ref("int_staged") }}
                where row_use in ('kept', 'exact_duplicate')
            ) as taken
            on staged.vintage_id = taken.vintage_id
            and staged.indicator_code = taken.indicator_code
        where
            staged.row_use = 'other_period_length'
            and staged.value is not null
            and staged.breakdown_type = 'Total'
            and area.is_answered
            -- Beside periods of the wanted length, others are the publisher's other table.
            and taken.vintage_id is null
        group by staged.indicator_code, staged.area_code, staged.period_length, staged.wanted_period_length
    ),

    of_other_people as (
        select
            published.indicator_code,
            published.area_code,
            concat_ws(
                ', ',
                case when published.sex <> published.headline_sex then published.sex end,
                case when published.age <> published.headline_age then published.age end
            ) as came,
            concat_ws(
                ', ',
                case when published.sex <> published.headline_sex then published.headline_sex end,
                case when published.age <> published.headline_age then published.headline_age end
            ) as expected,
            max(published.period_end) as period_end
        from published
        inner join {{ source("raw", "vintage") }} as vintage on published.vintage_id = vintage.vintage_id
        left join
            told_by_dataset
            on vintage.dataset = told_by_dataset.dataset
            and published.indicator_code = told_by_dataset.indicator_code
        where
            not published.is_headline
            and not published.is_derived
            and published.value is not null
            and told_by_dataset.dataset is null
        group by
            published.indicator_code,
            published.area_code,
            published.sex,
            published.age,
            published.headline_sex,
            published.headline_age
    ),

    came as (
        select *
        from of_other_people
        union all
        select *
        from of_other_length
    )

select
    came.indicator_code,
    came.area_code,
    came.came,
    came.expected,
    came.period_end as came_end,
    headline.headline_end
from came
left join headline on came.indicator_code = headline.indicator_code and came.area_code = headline.area_code
where headline.headline_end is null or came.period_end > headline.headline_end
