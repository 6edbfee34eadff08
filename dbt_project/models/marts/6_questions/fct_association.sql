{#- Spearman's rank correlation of each determinant with life expectancy over councils. Of both the newest total is taken
    that enough councils have; the determinant's period does not end later than that of the life expectancy.

    The probability of so few councils is exact: of all orders of the ranks, how many are at least as far from "nothing goes
    together" (macros/correlation.sql). It is conditional on the ranks, ties included. Source: Kendall and Gibbons 1990,
    Rank Correlation Methods, chapters 3 and 4. For more councils it is Student's t with n - 2 degrees of freedom.
    Adjusted for the number of pairs of the scope: with the probabilities in order, p(1) <= ... <= p(m), the adjusted p(i) is
    the smallest m p(j) / j with j >= i, at most 1. Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical
    Society B 57, 289-300; valid also for tests that depend on each other as these do, in one direction (Benjamini and
    Yekutieli 2001). -#}
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
            and not coalesce(card.is_context, false)
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
            determinant.council_code,
            determinant.period_end,
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

    {#- The exact distribution depends on which ranks are tied and on nothing else. -#}
    in_order as (
        select
            {{ pair | join(", ") }},
            cast(count(*) over (partition by {{ pair | join(", ") }}) as int) as n,
            {% for side, rank in [("a", "determinant_rank"), ("b", "outcome_rank")] %}
                cast(2 * {{ rank }} as int) as doubled_{{ side }},
                cast(
                    row_number() over (
                        partition by {{ pair | join(", ") }} order by {{ rank }}, council_code
                    ) as int
                ) as place_{{ side }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from ranked
    ),

    few as (
        select
            *,
            {% for side in ["a", "b"] %}
                case
                    when
                        lag(doubled_{{ side }}) over (
                            partition by {{ pair | join(", ") }} order by place_{{ side }}
                        )
                        = doubled_{{ side }}
                    then cast(power(2, place_{{ side }}) as int)
                    else 0
                end as tied_{{ side }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from in_order
        where n <= {{ most_permuted() }}
    ),

    pattern as (
        select
            {{ pair | join(", ") }},
            n,
            cast(sum(tied_a) as int) as pattern_a,
            cast(sum(tied_b) as int) as pattern_b
        from few
        group by {{ pair | join(", ") }}, n
    ),

    pattern_rank as (
        {% for side in ["a", "b"] %}
            select distinct
                few.n,
                pattern.pattern_{{ side }} as pattern,
                few.place_{{ side }} as place,
                few.doubled_{{ side }} as doubled
            from few
            inner join
                pattern
                {% for column in pair %}
                    {{ "on" if loop.first else "and" }} few.{{ column }} = pattern.{{ column }}
                {% endfor %}
            {% if not loop.last %}
                union
            {% endif %}
        {% endfor %}
    ),

    rankings as (select distinct n, pattern_a, pattern_b from pattern),

    {{ permutations_counted("rankings", "pattern_rank") }},

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

    exact as (
        select
            {% for column in pair %} pattern.{{ column }}, {% endfor %}
            -- The mean of the doubled ranks is n + 1.
            sum(
                case
                    when
                        abs(permuted.total - pattern.n * power(pattern.n + 1, 2))
                        >= abs(4 * measured.sum_xy - pattern.n * power(pattern.n + 1, 2))
                    then permuted.ways
                    else 0
                end
            )
            / sum(permuted.ways) as p_value
        from pattern
        inner join
            measured
            {% for column in pair %}
                {{ "on" if loop.first else "and" }} pattern.{{ column }} = measured.{{ column }}
            {% endfor %}
        inner join
            permuted
            on pattern.n = permuted.n
            and pattern.pattern_a = permuted.pattern_a
            and pattern.pattern_b = permuted.pattern_b
        group by {% for column in pair %} pattern.{{ column }}{% if not loop.last %},{% endif %} {% endfor %}
    ),

    tested as (
        select
            *,
            n_areas - 2 as df,
            case when abs(rho) < 1 - 1e-12 then rho * sqrt((n_areas - 2) / (1 - rho * rho)) end as t
        from measured
        where n_areas > {{ most_permuted() }}
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
    ),

    judged as (
        select
            measured.*,
            case
                when measured.rho is null
                then null
                when exact.p_value is not null
                then exact.p_value
                -- The series leaves a difference of two numbers near one: beyond nine places there is
                -- nothing to see.
                when tested.t is null
                then 1e-9
                else greatest(round({{ t_two_sided("tested.t", "tested.df", "summed.series") }}, 9), 1e-9)
            end as p_value,
            case
                when measured.rho is null
                then null
                when exact.p_value is not null
                then 'exact_permutation'
                else 'student_t'
            end as p_method
        from measured
        {% for joined in ["exact", "tested", "summed"] %}
            left join
                {{ joined }}
                {% for column in pair %}
                    {{ "on" if loop.first else "and" }} measured.{{ column }} = {{ joined }}.{{ column }}
                {% endfor %}
        {% endfor %}
    ),

    placed as (
        select
            *,
            row_number() over (
                partition by scope_area_code, p_value is null
                order by p_value, indicator_code, outcome_indicator_code, outcome_sex
            ) as place,
            count(p_value) over (partition by scope_area_code) as n_pairs
        from judged
    ),

    {#- How far the determinants of our councils are one and the same ranking: those that every council has, each in its
        newest period here. -#}
    known_of_ours as (
        select
            both_known.*,
            row_number() over (
                partition by both_known.scope_area_code, both_known.indicator_code, both_known.council_code
                order by
                    both_known.period_end desc,
                    both_known.period_id,
                    both_known.outcome_indicator_code,
                    both_known.outcome_sex
            ) as recency
        from both_known
        inner join scope on both_known.scope_area_code = scope.scope_area_code and scope.is_ours
    ),

    newest_known as (
        select
            scope_area_code,
            indicator_code,
            council_code,
            n_areas_expected,
            count(*) over (partition by scope_area_code, indicator_code) as n_councils,
            {{ mid_rank("determinant_value", "scope_area_code, indicator_code") }} as place_among
        from known_of_ours
        where recency = 1
    ),

    newest_of_all as (select * from newest_known where n_councils = n_areas_expected),

    standardised as (
        select
            scope_area_code,
            indicator_code,
            council_code,
            (place_among - avg(place_among) over (partition by scope_area_code, indicator_code))
            / nullif(stddev_pop(place_among) over (partition by scope_area_code, indicator_code), 0) as value
        from newest_of_all
    ),

    product as (
        select
            one.scope_area_code,
            one.council_code as i,
            other.council_code as j,
            sum(one.value * other.value) as value
        from standardised as one
        inner join
            standardised as other
            on one.scope_area_code = other.scope_area_code
            and one.indicator_code = other.indicator_code
        group by one.scope_area_code, one.council_code, other.council_code
    ),

    {{ largest_root_of("product") }},

    on_axis as (
        select scope_area_code, cast(count(distinct indicator_code) as int) as n_determinants
        from standardised
        where value is not null
        group by scope_area_code
    )

select
    placed.indicator_code,
    placed.outcome_indicator_code,
    placed.outcome_sex,
    placed.scope_area_code,
    placed.sex,
    placed.age,
    placed.period_id,
    placed.outcome_period_id,
    placed.n_areas,
    placed.n_areas_expected,
    'spearman' as method,
    round(placed.rho, 12) as rho,
    placed.p_value,
    placed.p_method,
    -- From the largest down, so that a smaller one is never adjusted to more than a larger one.
    case
        when placed.p_value is not null
        then
            least(
                min(placed.n_pairs * placed.p_value / placed.place) over (
                    partition by placed.scope_area_code, placed.p_value is null
                    order by placed.place desc
                    rows between unbounded preceding and current row
                ),
                1
            )
    end as p_adjusted,
    largest_root.share as first_axis_share,
    on_axis.n_determinants as first_axis_n_determinants,
    case when placed.rho is null then 'no_variation' end as reason
from placed
left join largest_root on placed.scope_area_code = largest_root.scope_area_code
left join on_axis on placed.scope_area_code = on_axis.scope_area_code
