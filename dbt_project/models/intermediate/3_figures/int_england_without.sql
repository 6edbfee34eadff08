{#- England less the nine councils of Cheshire and Merseyside: (N_E - sum N) / (D_E - sum D), with the limits that the card
    has for sums (Wilson's or Byar's on the differences). Councils are a part of England, so that England's figure moves
    with theirs; what is left does not. Only where the publisher's own counts say it:
    - counts of the card may be summed (aggregation_rule sum_ratio), and England's value is that of its counts;
    - England and all nine councils have both counts, in force and shown, for the same key. One hidden council would
      follow from the difference and the other eight;
    - all ten come from one dataset: two tables may count other people;
    - where counts are rounded, ten times half a unit is less than a quarter of the way from the figure to its limits.
    Worked out from what is in force now. -#}
{% set key = ["indicator_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value"] %}

with
    card as (
        select *
        from {{ source("raw", "catalogue_indicator") }}
        where aggregation_rule = 'sum_ratio' and frequency not in ('weekly', 'daily')
    ),

    shown as (
        select history.*, vintage.dataset
        from {{ ref("int_observation_history") }} as history
        inner join {{ source("raw", "vintage") }} as vintage on history.vintage_id = vintage.vintage_id
        where
            history.valid_to is null
            and history.change <> 'withdrawn'
            and history.value is not null
            and history.numerator is not null
            and history.denominator > 0
    ),

    expected as (
        select group_code, count(*) as n_councils
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
        group by group_code
    ),

    councils as (
        select
            {% for column in key %} shown.{{ column }}, {% endfor %}
            member.group_code,
            count(*) as n_councils,
            {{ steady_sum("shown.numerator") }} as numerator,
            {{ steady_sum("shown.denominator") }} as denominator,
            min(shown.dataset) as first_dataset,
            max(shown.dataset) as last_dataset,
            max(case when shown.status = 'estimated' then 1 else 0 end) as has_estimate,
            max(case when shown.status = 'provisional' then 1 else 0 end) as has_provisional,
            max(case when shown.status = 'break' then 1 else 0 end) as has_break,
            max(shown.valid_from) as valid_from
        from shown
        inner join
            {{ ref("int_area_group_member") }} as member
            on shown.area_code = member.member_code
            and member.group_type = 'subregion'
        group by {% for column in key %} shown.{{ column }}, {% endfor %} member.group_code
    ),

    difference as (
        select
            {% for column in key %} england.{{ column }}, {% endfor %}
            england.period_start,
            england.period_end,
            councils.group_code,
            councils.n_councils + 1 as n_areas,
            card.multiplier,
            card.value_type,
            card.ci_method as card_method,
            card.counts_rounded_to,
            round(england.numerator - councils.numerator, 6) as numerator,
            round(england.denominator - councils.denominator, 6) as denominator,
            case
                when
                    councils.has_estimate = 1
                    or england.status = 'estimated'
                    or card.counts_rounded_to is not null
                then 'estimated'
                when councils.has_provisional = 1 or england.status = 'provisional'
                then 'provisional'
                when councils.has_break = 1 or england.status = 'break'
                then 'break'
                else 'normal'
            end as status,
            england.vintage_id,
            greatest(england.valid_from, councils.valid_from) as first_seen_at
        from shown as england
        inner join
            councils
            {% for column in key %}
                {{ "on" if loop.first else "and" }} england.{{ column }} = councils.{{ column }}
            {% endfor %}
            and england.dataset = councils.first_dataset
            and england.dataset = councils.last_dataset
        inner join
            expected
            on councils.group_code = expected.group_code
            and councils.n_councils = expected.n_councils
        inner join card on england.indicator_code = card.indicator_code
        where
            england.area_code = 'E92000001'
            and abs(card.multiplier * england.numerator / england.denominator - england.value)
            <= 0.5 * power(10, - card.decimals) + 0.000000001
    ),

    limited as (
        select
            *,
            multiplier * numerator / nullif(denominator, 0) as value,
            {% for level in ["95", "998"] %}
                {% for side in ["lower", "upper"] %}
                    {{ count_limit("card_method", "numerator", "denominator", "multiplier", level, side) }}
                    as {{ side }}_{{ level }},
                {% endfor %}
            {% endfor %}
            counts_rounded_to / 2e0 * n_areas * multiplier / nullif(denominator, 0) as most_by_rounding
        from difference
        where numerator >= 0 and denominator > 0 and (value_type <> 'proportion' or numerator <= denominator)
    )

select
    indicator_code,
    {{ england_without("group_code") }} as area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    value,
    numerator,
    denominator,
    lower_95 as lci_95,
    upper_95 as uci_95,
    lower_998 as lci_998,
    upper_998 as uci_998,
    case when lower_95 is null then 'none' else card_method end as ci_method,
    status,
    concat_ws(
        ' ',
        'Counts of England less those of the councils of Cheshire and Merseyside.',
        case
            when counts_rounded_to is not null
            then
                concat_ws(
                    ' ', 'The publisher rounds them to the nearest', concat_ws('', counts_rounded_to, '.')
                )
        end
    ) as status_note,
    cast(n_areas as int) as n_areas_expected,
    cast(n_areas as int) as n_areas_included,
    vintage_id,
    first_seen_at
from limited
where
    most_by_rounding is null
    or coalesce(most_by_rounding < least(value - lower_95, upper_95 - value) / 4, false)
