{#- How much of a change in the slope over all councils hangs on one of them: the same change without each council in turn.
    Over the councils that are left, with the same scores and the same spread, the slope of either period is
        sum((s - mean s) y) / sum((s - mean s)^2) (max s - min s of all councils)
    and the change is the one less the other. Source: leave-one-out (jackknife) influence; Belsley, Kuh and Welsch 1980,
    Regression Diagnostics, chapter 2. -#}
{% set key = [
    "changed.indicator_code",
    "changed.area_code",
    "changed.period_id",
    "changed.since_period_id",
    "changed.sex",
    "changed.age",
    "changed.quantile_edition",
] %}

with
    changed as (
        select indicator_code, area_code, period_id, since_period_id, sex, age, quantile_edition, value
        from {{ ref("fct_inequality") }}
        where measure = 'council_slope_change' and value is not null
    ),

    figure as (
        select
            {{ key | join(", ") }},
            changed.value as change,
            score.member_code,
            score.score,
            score.spread,
            case when indicator.polarity = 'higher_is_better' then -1 else 1 end as sign,
            now.value as value,
            since.value as since_value
        from changed
        inner join
            {{ ref("int_council_score") }} as score
            on changed.area_code = score.area_code
            and changed.quantile_edition = score.quantile_edition
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on changed.indicator_code = indicator.indicator_code
        {% for one, period in [("now", "period_id"), ("since", "since_period_id")] %}
            inner join
                {{ ref("fct_observation") }} as {{ one }}
                on changed.indicator_code = {{ one }}.indicator_code
                and score.member_code = {{ one }}.area_code
                and changed.{{ period }} = {{ one }}.period_id
                and changed.sex = {{ one }}.sex
                and changed.age = {{ one }}.age
                and {{ one }}.breakdown_type = 'Total'
        {% endfor %}
    ),

    {#- Sums over all councils, from which those of one council are taken away; in one order, so that their last bits are
        the same in each refresh. -#}
    summed as (
        select
            *,
            {% set all_of_one = "over (partition by indicator_code, area_code, period_id, since_period_id, sex, age, quantile_edition order by member_code rows between unbounded preceding and unbounded following)" %}
            count(*) {{ all_of_one }} - 1 as n_left,
            sum(score) {{ all_of_one }} - score as s,
            sum(score * score) {{ all_of_one }} - score * score as ss,
            sum(value) {{ all_of_one }} - value as y_now,
            sum(score * value) {{ all_of_one }} - score * value as sy_now,
            sum(since_value) {{ all_of_one }} - since_value as y_since,
            sum(score * since_value) {{ all_of_one }} - score * since_value as sy_since
        from figure
    ),

    fitted as (
        select
            *,
            sign * spread * (sy_now - s * y_now / n_left) / nullif(ss - s * s / n_left, 0) as value_without,
            sign
            * spread
            * (sy_since - s * y_since / n_left)
            / nullif(ss - s * s / n_left, 0) as since_value_without
        from summed
    )

select
    indicator_code,
    area_code,
    period_id,
    since_period_id,
    sex,
    age,
    quantile_edition,
    member_code as left_out_area_code,
    round(change, 9) as change,
    -- Without the last bits, which hang on the order of a sum.
    round(value_without, 9) as value_without,
    round(since_value_without, 9) as since_value_without,
    round(value_without - since_value_without, 9) as change_without
from fitted
where n_left > 2
