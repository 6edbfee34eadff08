{#- Spearman's rank correlation of each determinant with life expectancy over councils. Of both the newest total is taken
    that enough councils have; the determinant's period does not end later than that of the life expectancy. -#}
{% set longest_series = 200 %}
{% set pair = ["scope_area_code", "outcome_indicator_code", "outcome_sex", "indicator_code"] %}

with
    scope as (
        select 'E92000001' as scope_area_code, false as is_ours, 60 as fewest
        union all
        select area_code as scope_area_code, true as is_ours, 7 as fewest
        from {{ ref("dim_area") }}
        where area_type = 'subregion'
    ),

    ours as (
        select cast(count(distinct council_code) as int) as n_councils
        from {{ ref("int_council") }}
        where in_cheshire_merseyside
    ),

    total as (
        select
            scope.scope_area_code,
            scope.fewest,
            figure.indicator_code,
            figure.council_code,
            figure.period_id,
            figure.period_end,
            figure.sex,
            figure.age,
            figure.value,
            case when scope.is_ours then ours.n_councils else figure.n_councils end as n_areas_expected,
            card.value_type = 'life_expectancy' as is_outcome
        from {{ ref("int_council_figure") }} as figure
        inner join scope on figure.in_cheshire_merseyside or not scope.is_ours
        cross join ours
        inner join
            {{ ref("dim_indicator") }} as card
            on figure.indicator_code = card.indicator_code
            and figure.age = coalesce(card.headline_age, figure.age)
            and (figure.sex = card.headline_sex or card.value_type = 'life_expectancy')
            and card.value_type not in ('amount', 'slope_index')
            and card.frequency not in ('weekly', 'daily')
        where figure.tier = 'upper' and figure.value is not null
    ),

    counted as (
        select scope_area_code, indicator_code, sex, age, period_id, period_end, is_outcome
        from total
        group by scope_area_code, indicator_code, sex, age, period_id, period_end, is_outcome
        having count(*) >= max(fewest)
    ),

    outcome as (
        select
            *,
            row_number() over (
                partition by scope_area_code, indicator_code, sex order by period_end desc, period_id, age
            ) as recency
        from counted
        where is_outcome
    ),

    paired as (
        select
            outcome.scope_area_code,
            outcome.indicator_code as outcome_indicator_code,
            outcome.sex as outcome_sex,
            outcome.age as outcome_age,
            outcome.period_id as outcome_period_id,
            determinant.indicator_code,
            determinant.sex,
            determinant.age,
            determinant.period_id,
            row_number() over (
                partition by
                    outcome.scope_area_code, outcome.indicator_code, outcome.sex, determinant.indicator_code
                order by determinant.period_end desc, determinant.period_id, determinant.age
            ) as recency
        from outcome
        inner join
            counted as determinant
            on outcome.scope_area_code = determinant.scope_area_code
            and determinant.period_end <= outcome.period_end
            and not determinant.is_outcome
        where outcome.recency = 1
    ),

    both_known as (
        select
            paired.scope_area_code,
            paired.outcome_indicator_code,
            paired.outcome_sex,
            paired.outcome_period_id,
            paired.indicator_code,
            paired.sex,
            paired.age,
            paired.period_id,
            determinant.value as determinant_value,
            outcome.value as outcome_value,
            outcome.n_areas_expected
        from paired
        inner join
            total as determinant
            on paired.scope_area_code = determinant.scope_area_code
            and paired.indicator_code = determinant.indicator_code
            and paired.sex = determinant.sex
            and paired.age = determinant.age
            and paired.period_id = determinant.period_id
        inner join
            total as outcome
            on paired.scope_area_code = outcome.scope_area_code
            and paired.outcome_indicator_code = outcome.indicator_code
            and paired.outcome_sex = outcome.sex
            and paired.outcome_age = outcome.age
            and paired.outcome_period_id = outcome.period_id
            and determinant.council_code = outcome.council_code
        where paired.recency = 1
    ),

    ranked as (
        select
            *,
            {{ mid_rank("determinant_value", pair | join(", ")) }} as determinant_rank,
            {{ mid_rank("outcome_value", pair | join(", ")) }} as outcome_rank
        from both_known
    ),

    correlated as (
        select
            {{ pair | join(", ") }},
            outcome_period_id,
            sex,
            age,
            period_id,
            cast(count(*) as int) as n_areas,
            max(n_areas_expected) as n_areas_expected,
            -- Ranks are halves of whole numbers, so that their sums are exact in any order.
            sum(determinant_rank * outcome_rank) as sum_xy,
            sum(determinant_rank) as sum_x,
            sum(outcome_rank) as sum_y,
            sum(determinant_rank * determinant_rank) as sum_xx,
            sum(outcome_rank * outcome_rank) as sum_yy
        from ranked
        group by {{ pair | join(", ") }}, outcome_period_id, sex, age, period_id
    ),

    measured as (
        select
            *,
            case
                when n_areas * sum_xx > sum_x * sum_x and n_areas * sum_yy > sum_y * sum_y
                then
                    (n_areas * sum_xy - sum_x * sum_y)
                    / sqrt((n_areas * sum_xx - sum_x * sum_x) * (n_areas * sum_yy - sum_y * sum_y))
            end as rho
        from correlated
    ),

    tested as (
        select
            *,
            n_areas - 2 as df,
            case when abs(rho) < 1 - 1e-12 then rho * sqrt((n_areas - 2) / (1 - rho * rho)) end as t
        from measured
    ),

    step as (
        select number.k, parity.is_odd
        from range(0, {{ longest_series }}) as number(k)
        cross join
            (
                select 0 as is_odd
                union all
                select 1 as is_odd
            ) as parity
    ),

    t_series as (
        select
            k,
            is_odd,
            exp(
                sum(
                    case
                        when k = 0
                        then 0
                        when is_odd = 1
                        then ln(cast(2 * k as double) / (2 * k + 1))
                        else ln(cast(2 * k - 1 as double) / (2 * k))
                    end
                ) over (partition by is_odd order by k rows between unbounded preceding and current row)
            ) as coefficient
        from step
    ),

    summed as (
        select
            {% for column in pair %} tested.{{ column }}, {% endfor %}
            sum(
                t_series.coefficient
                * power(cos(atan(abs(tested.t) / sqrt(tested.df))), 2 * t_series.k + t_series.is_odd)
            ) as series
        from tested
        inner join
            t_series
            on mod(tested.df, 2) = t_series.is_odd
            and 2 * t_series.k + t_series.is_odd <= tested.df - 2
        where tested.t is not null
        group by {% for column in pair %} tested.{{ column }}{% if not loop.last %},{% endif %} {% endfor %}
    )

select
    tested.indicator_code,
    tested.outcome_indicator_code,
    tested.outcome_sex,
    tested.scope_area_code,
    tested.sex,
    tested.age,
    tested.period_id,
    tested.outcome_period_id,
    tested.n_areas,
    tested.n_areas_expected,
    'spearman' as method,
    round(tested.rho, 12) as rho,
    case
        when tested.rho is null
        then null
        when tested.t is null
        then 0
        -- The series leaves a difference of two numbers near one: beyond nine places there is nothing to see.
        else round(greatest({{ t_two_sided("tested.t", "tested.df", "summed.series") }}, 0), 9)
    end as p_value,
    case when tested.rho is null then 'no_variation' end as reason
from tested
left join
    summed
    on tested.scope_area_code = summed.scope_area_code
    and tested.outcome_indicator_code = summed.outcome_indicator_code
    and tested.outcome_sex = summed.outcome_sex
    and tested.indicator_code = summed.indicator_code
