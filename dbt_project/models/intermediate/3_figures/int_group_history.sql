{#- What groups of councils have together, from moment to moment, where the publisher gives no figure of its own. A rate
    is never averaged: counts are summed, and means and survey estimates are weighted by those they stand for. With a
    member missing there is no figure; the partial one stands beside it, with what it covers. The state changes when
    that of a member does. -#}
{% set rules = ["sum_ratio", "sum", "weighted_mean", "survey_ratio"] %}
{% set key = [
    "indicator_code",
    "area_code",
    "period_id",
    "sex",
    "age",
    "breakdown_type",
    "breakdown_value",
] %}

with
    summed_indicator as (
        select *
        from {{ source("raw", "catalogue_indicator") }}
        where aggregation_rule in ('{{ rules | join("', '") }}') and frequency not in ('weekly', 'daily')
    ),

    expected as (
        select group_code, group_type, count(*) as n_areas_expected
        from {{ ref("int_area_group_member") }}
        group by group_code, group_type
    ),

    {#- Publishers go on with a council's code after it was replaced by another for the same council. The new one is
        the member; figures under the old one are its figures where the publisher gives none under the new one. -#}
    recoded as (
        select old_code, new_code
        from {{ source("raw", "catalogue_area_change") }}
        where {{ keeps_its_area() }}
    ),

    under_new_code as (
        select history.indicator_code, history.area_code, history.period_id
        from {{ ref("int_observation_history") }} as history
        inner join recoded on history.area_code = recoded.new_code
        group by history.indicator_code, history.area_code, history.period_id
    ),

    history as (
        select figure.*, coalesce(recoded.new_code, figure.area_code) as member_code
        from {{ ref("int_observation_history") }} as figure
        left join recoded on figure.area_code = recoded.old_code
        left join
            under_new_code
            on figure.indicator_code = under_new_code.indicator_code
            and recoded.new_code = under_new_code.area_code
            and figure.period_id = under_new_code.period_id
        where under_new_code.area_code is null
    ),

    member as (
        select
            history.indicator_code,
            membership.group_code as area_code,
            history.period_id,
            history.sex,
            history.age,
            history.breakdown_type,
            history.breakdown_value,
            history.period_start,
            history.period_end,
            membership.member_code,
            history.valid_from,
            history.valid_to,
            history.change,
            history.value,
            history.numerator,
            history.denominator,
            {{ standard_error("history.lci_95", "history.uci_95", "95") }} as standard_error,
            history.status,
            history.vintage_id,
            indicator.aggregation_rule,
            case
                when history.change = 'withdrawn'
                then false
                when indicator.aggregation_rule = 'sum'
                then history.value is not null
                when indicator.aggregation_rule = 'weighted_mean'
                then history.value is not null and history.denominator > 0
                else history.numerator is not null and history.denominator > 0
            end as is_included
        from history
        inner join
            {{ ref("int_area_group_member") }} as membership on history.member_code = membership.member_code
        inner join summed_indicator as indicator on history.indicator_code = indicator.indicator_code
    ),

    keyed as (select *, {{ observation_key() }} as observation_key from member),

    group_key as (
        select observation_key, {{ key | join(", ") }}, period_start, period_end, aggregation_rule
        from keyed
        group by observation_key, {{ key | join(", ") }}, period_start, period_end, aggregation_rule
    ),

    {#- The publisher's own figure of the group, where it gives one. -#}
    published as (
        select history.observation_key, history.valid_from, history.valid_to
        from {{ ref("int_observation_history") }} as history
        inner join group_key on history.observation_key = group_key.observation_key
        where history.change <> 'withdrawn'
    ),

    moment as (
        select observation_key, valid_from as moment
        from keyed
        union
        select observation_key, valid_from as moment
        from published
        union
        select observation_key, valid_to as moment
        from published
        where valid_to is not null
    ),

    unpublished as (
        select moment.observation_key, moment.moment
        from moment
        left join
            published
            on moment.observation_key = published.observation_key
            and published.valid_from <= moment.moment
            and {{ or_never("published.valid_to") }} > moment.moment
        where published.observation_key is null
    ),

    summed as (
        select
            unpublished.observation_key,
            unpublished.moment,
            count(case when keyed.is_included then 1 end) as n_areas_included,
            count(case when keyed.denominator > 0 then 1 end) as n_denominators,
            count(case when keyed.is_included then keyed.standard_error end) as n_standard_errors,
            {{ steady_sum("case when keyed.is_included then keyed.numerator end") }} as numerator,
            {{ steady_sum("case when keyed.is_included then keyed.denominator end") }} as denominator,
            {{ steady_sum("case when keyed.denominator > 0 then keyed.denominator end") }}
            as known_denominator,
            {{ steady_sum("case when keyed.is_included then keyed.value end") }} as sum_of_values,
            sum(case when keyed.is_included then keyed.denominator * keyed.value end) as weighted_sum,
            sum(
                case when keyed.is_included then power(keyed.denominator * keyed.standard_error, 2) end
            ) as weighted_variance,
            max(case when keyed.status = 'estimated' then 1 else 0 end) as has_estimate,
            max(case when keyed.status = 'provisional' then 1 else 0 end) as has_provisional,
            max(case when keyed.status = 'break' then 1 else 0 end) as has_break,
            max(keyed.vintage_id) as vintage_id
        from unpublished
        inner join
            keyed
            on unpublished.observation_key = keyed.observation_key
            and keyed.valid_from <= unpublished.moment
            and {{ or_never("keyed.valid_to") }} > unpublished.moment
            and keyed.change <> 'withdrawn'
        group by unpublished.observation_key, unpublished.moment
    ),

    worked_out as (
        select
            summed.*,
            {% for column in key %} group_key.{{ column }}, {% endfor %}
            expected.group_type,
            expected.n_areas_expected,
            summed.n_areas_included = expected.n_areas_expected as is_complete,
            indicator.aggregation_rule,
            indicator.multiplier,
            indicator.ci_method as card_method,
            indicator.counts_rounded_to,
            case
                when indicator.aggregation_rule = 'sum'
                then summed.sum_of_values
                when indicator.aggregation_rule = 'weighted_mean'
                then round(summed.weighted_sum / summed.denominator, 9)
                else indicator.multiplier * summed.numerator / summed.denominator
            end as together,
            case
                when
                    indicator.aggregation_rule in ('weighted_mean', 'survey_ratio')
                    and summed.n_standard_errors = summed.n_areas_included
                then sqrt(summed.weighted_variance) / summed.denominator
            end as standard_error
        from summed
        inner join group_key on summed.observation_key = group_key.observation_key
        inner join expected on group_key.area_code = expected.group_code
        inner join summed_indicator as indicator on group_key.indicator_code = indicator.indicator_code
        where summed.n_areas_included > 0
    ),

    limited as (
        select
            *,
            {% for level in ["95", "998"] %}
                case
                    when standard_error is not null
                    then round({{ normal_limit("together", "standard_error", level, "-") }}, 9)
                    when aggregation_rule = 'sum_ratio'
                    then
                        {{
                            count_limit(
                                "card_method", "numerator", "denominator", "multiplier", level, "lower"
                            )
                        }}
                end as lower_{{ level }},
                case
                    when standard_error is not null
                    then round({{ normal_limit("together", "standard_error", level, "+") }}, 9)
                    when aggregation_rule = 'sum_ratio'
                    then
                        {{
                            count_limit(
                                "card_method", "numerator", "denominator", "multiplier", level, "upper"
                            )
                        }}
                end as upper_{{ level }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from worked_out
        -- Of a group of neighbours that is not complete nobody wants to know.
        where is_complete or group_type = 'subregion'
    ),

    figure as (
        select
            observation_key,
            moment,
            case when is_complete then together end as value,
            case when is_complete then numerator end as numerator,
            case when is_complete then denominator end as denominator,
            {% for limit, side in [
                ("lci_95", "lower_95"),
                ("uci_95", "upper_95"),
                ("lci_998", "lower_998"),
                ("uci_998", "upper_998"),
            ] %}
                case when is_complete then {{ side }} end as {{ limit }},
            {% endfor %}
            case
                when not is_complete or lower_95 is null
                then 'none'
                when standard_error is not null
                then 'combined_variances'
                else card_method
            end as ci_method,
            case
                when not is_complete
                then 'not_available'
                when
                    counts_rounded_to is not null
                    or has_estimate = 1
                    or aggregation_rule in ('weighted_mean', 'survey_ratio')
                then 'estimated'
                when has_provisional = 1
                then 'provisional'
                when has_break = 1
                then 'break'
                else 'normal'
            end as status,
            case
                when not is_complete
                then
                    concat_ws(
                        ' ', 'Counts are known for', n_areas_included, 'of', n_areas_expected, 'councils.'
                    )
                when counts_rounded_to is not null
                then
                    concat_ws(
                        ' ', 'Sum of counts that the publisher rounds to the nearest', counts_rounded_to
                    )
                when aggregation_rule = 'weighted_mean'
                then 'Mean of the councils, weighted by the number of people that each of them stands for.'
                when aggregation_rule = 'survey_ratio'
                then 'Ratio of sums of survey estimates; limits by combining the variances, approximately.'
                when has_estimate = 1
                then 'Sum of figures of which some are estimated.'
                when has_provisional = 1
                then 'Sum of figures of which some are provisional.'
            end as status_note,
            n_areas_expected,
            n_areas_included,
            case
                when is_complete
                then cast(1 as double)
                when n_denominators = n_areas_expected
                then denominator / known_denominator
            end as denominator_coverage,
            case when not is_complete then together end as partial_value,
            vintage_id
        from limited
    ),

    {#- Every moment of a key, those at which it has no figure of ours among them. -#}
    state as (
        select
            moment.observation_key,
            moment.moment,
            figure.value,
            figure.numerator,
            figure.denominator,
            figure.lci_95,
            figure.uci_95,
            figure.lci_998,
            figure.uci_998,
            figure.ci_method,
            figure.status,
            figure.status_note,
            figure.n_areas_expected,
            figure.n_areas_included,
            figure.denominator_coverage,
            figure.partial_value,
            figure.vintage_id,
            unpublished.observation_key is null as is_published,
            case
                when unpublished.observation_key is null
                then 'published'
                when figure.observation_key is null
                then 'withdrawn'
                else
                    concat_ws(
                        '|',
                        figure.status,
                        figure.n_areas_included,
                        coalesce(cast(round(figure.value, 9) as string), ''),
                        coalesce(cast(round(figure.partial_value, 9) as string), ''),
                        coalesce(cast(round(figure.denominator, 6) as string), ''),
                        coalesce(cast(round(figure.lci_95, 9) as string), '')
                    )
            end as state
        from moment
        left join
            unpublished
            on moment.observation_key = unpublished.observation_key
            and moment.moment = unpublished.moment
        left join figure on moment.observation_key = figure.observation_key and moment.moment = figure.moment
    ),

    stepped as (
        select
            *,
            lag(state) over (partition by observation_key order by moment) as state_before,
            lag(vintage_id) over (partition by observation_key order by moment) as vintage_id_before,
            lag(n_areas_expected) over (partition by observation_key order by moment) as n_areas_before
        from state
    ),

    change as (
        select *, lead(moment) over (partition by observation_key order by moment) as valid_to
        from stepped
        where state is distinct from state_before
    )

select
    {% for column in key %} group_key.{{ column }}, {% endfor %}
    group_key.period_start,
    group_key.period_end,
    change.observation_key,
    change.moment as valid_from,
    change.valid_to,
    case
        when change.state = 'withdrawn'
        then 'withdrawn'
        when change.state_before is null or change.state_before in ('withdrawn', 'published')
        then 'new'
        else 'revised'
    end as change,
    change.value,
    change.numerator,
    change.denominator,
    change.lci_95,
    change.uci_95,
    change.lci_998,
    change.uci_998,
    coalesce(change.ci_method, 'none') as ci_method,
    coalesce(change.status, 'withdrawn') as status,
    change.status_note,
    cast(coalesce(change.n_areas_expected, change.n_areas_before, 0) as int) as n_areas_expected,
    cast(coalesce(change.n_areas_included, 0) as int) as n_areas_included,
    change.denominator_coverage,
    change.partial_value,
    group_key.aggregation_rule as derived_by,
    coalesce(change.vintage_id, change.vintage_id_before) as vintage_id
from change
inner join group_key on change.observation_key = group_key.observation_key
where
    not change.is_published
    -- Nothing was ever there to be withdrawn.
    and (change.state <> 'withdrawn' or coalesce(change.state_before, 'published') <> 'published')
