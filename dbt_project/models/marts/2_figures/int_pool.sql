{#- Cheshire and Merseyside as a pool of its councils, weighted by people, where nothing better can be had: the publisher
    gives no figure of its own, and neither counts nor a life table give one. Shown where the same pool over England is
    good enough, and where all councils have a figure; else a row that says why not. Worked out from what is in force now. -#}
{% set key = ["indicator_code", "period_id", "sex", "age"] %}

with
    member as (
        select membership.group_code as group_code, member.*
        from {{ ref("int_pool_member") }} as member
        inner join
            {{ ref("int_area_group_member") }} as membership
            on member.area_code = membership.member_code
            and membership.group_type = 'subregion'
    ),

    expected as (
        select group_code, count(*) as n_areas_expected
        from {{ ref("int_area_group_member") }}
        where group_type = 'subregion'
        group by group_code
    ),

    pooled as (
        select
            {% for column in key %} {{ column }}, {% endfor %}
            group_code as area_code,
            period_start,
            period_end,
            pooled_by,
            max(weight_day) as weight_day,
            count(value) as n_areas_included,
            count(case when value is not null and weight > 0 then 1 end) as n_weighted,
            count(case when weight > 0 then standard_error end) as n_standard_errors,
            {{
                pooled_value(
                    "case when weight > 0 then value end",
                    "case when value is not null and weight > 0 then weight end",
                )
            }} as together,
            {{
                pooled_error(
                    "standard_error", "case when value is not null and weight > 0 then weight end"
                )
            }} as standard_error,
            max(vintage_id) as vintage_id,
            max(valid_from) as first_seen_at
        from member
        group by {{ key | join(", ") }}, group_code, period_start, period_end, pooled_by
    ),

    keyed as (select *, 'Total' as breakdown_type, 'Total' as breakdown_value from pooled),

    named as (select *, {{ observation_key() }} as observation_key from keyed),

    -- The publisher's own figure first, also where it is hidden; then what counts or deaths give.
    better as (
        select observation_key
        from {{ ref("int_observation_history") }}
        where valid_to is null and change <> 'withdrawn'
        union
        select observation_key
        from {{ ref("int_group_history") }}
        where valid_to is null and change <> 'withdrawn'
        union
        select {{ observation_key() }} as observation_key
        from {{ ref("int_life_table") }}
    ),

    judged as (
        select
            named.*,
            expected.n_areas_expected,
            card.aggregation_rule,
            card.decimals,
            named.n_standard_errors = named.n_areas_included as has_limits,
            measured.difference,
            measured.benchmark_area_code,
            case
                when named.n_areas_included < expected.n_areas_expected
                then 'incomplete_councils'
                when named.n_weighted < named.n_areas_included and card.aggregation_rule = 'life_table'
                then 'deaths_not_published'
                when named.n_weighted < named.n_areas_included
                then 'weights_not_published'
                when measured.outcome = 'too_coarse'
                then 'approximation_too_coarse'
                when coalesce(measured.outcome, 'not_measured') = 'not_measured'
                then 'approximation_not_measured'
            end as reason
        from named
        inner join expected on named.area_code = expected.group_code
        inner join
            {{ source("raw", "catalogue_indicator") }} as card on named.indicator_code = card.indicator_code
        left join
            {{ ref("fct_pool_check") }} as measured
            {% for column in key %}
                {% if loop.first %} on {% else %} and{% endif %} named.{{ column }} = measured.{{ column }}
            {% endfor %}
        left join better on named.observation_key = better.observation_key
        where better.observation_key is null and named.n_areas_included > 0
    ),

    worded as (
        select
            *,
            case
                pooled_by
                when 'own counts'
                then 'those of whom the publisher counts a share'
                else
                    concat_ws(
                        ' ',
                        case
                            sex
                            when 'Female'
                            then 'women and girls'
                            when 'Male'
                            then 'men and boys'
                            else 'residents'
                        end,
                        case
                            when pooled_by = 'All ages'
                            then 'of all ages'
                            else
                                concat_ws(
                                    ' ',
                                    'aged',
                                    replace(
                                        replace(replace(pooled_by, ' yrs', ''), '+', ' and over'), '-', ' to '
                                    )
                                )
                        end,
                        case when pooled_by <> age then concat_ws('', '(nearest at hand to ', age, ')') end,
                        'on 30 June',
                        cast(extract(year from weight_day) as string)
                    )
            end as weighted_by,
            case
                when aggregation_rule = 'life_table'
                then 'No life table: deaths by sex and five-year age are not at hand for councils.'
            end as no_life_table,
            case
                benchmark_area_code when 'E92000001' then 'England' when 'E12000002' then 'the North West'
            end as measured_on
        from judged
    )

select
    indicator_code,
    area_code,
    period_id,
    period_start,
    period_end,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    case when reason is null then together end as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    {% for level in ["95", "998"] %}
        {% for limit, sign in [("lci_" ~ level, "-"), ("uci_" ~ level, "+")] %}
            case
                when reason is null and has_limits
                then round({{ normal_limit("together", "standard_error", level, sign) }}, 9)
            end as {{ limit }},
        {% endfor %}
    {% endfor %}
    case when reason is null and has_limits then 'approximate_pool' else 'none' end as ci_method,
    case
        when reason is null
        then 'estimated'
        when reason in ('approximation_too_coarse', 'approximation_not_measured')
        then 'unreliable'
        else 'not_available'
    end as status,
    case
        when reason is null
        then
            concat_ws(
                ' ',
                concat_ws('', 'Approximate: the councils weighted by ', weighted_by, '.'),
                case when has_limits then 'Limits by combining the variances of the councils.' end,
                concat_ws(
                    '',
                    'The same pool over the councils of ',
                    measured_on,
                    ' differs from its published figure by ',
                    cast(round(difference, 2) as string),
                    '.'
                ),
                no_life_table
            )
        when reason = 'incomplete_councils'
        then concat_ws(' ', 'Figures are there for', n_areas_included, 'of', n_areas_expected, 'councils.')
        when reason = 'approximation_too_coarse'
        then
            concat_ws(
                '',
                'Not shown: the same pool over the councils of ',
                measured_on,
                ' differs from its published figure by ',
                cast(round(difference, 2) as string),
                '.'
            )
        when reason = 'approximation_not_measured'
        then 'Not shown: how good a pool of the councils is cannot be measured for this period.'
        else concat_ws(' ', 'Not shown: no weights of the councils are at hand.', no_life_table)
    end as status_note,
    cast(n_areas_expected as int) as n_areas_expected,
    cast(n_weighted as int) as n_areas_included,
    vintage_id,
    first_seen_at,
    reason
from worded
