{#- Indicators that a question is about and that say nothing, with the reason: named, and counted nowhere. -#}
{% set questions = ["1a", "1b", "1c", "2a", "2b", "3", "3b", "4"] %}

with
    card as (
        select
            indicator_code,
            short_name,
            value_type,
            frequency,
            is_context,
            polarity = 'none' as has_no_better,
            {{ kind_of() }} as kind
        from {{ ref("dim_indicator") }}
    ),

    about as (
        select
            question.question_no,
            card.kind,
            card.indicator_code,
            card.short_name,
            card.has_no_better,
            count(*) over (partition by question.question_no, card.kind) as n_asked
        from card
        inner join
            (
                {% for no in questions %}
                    select '{{ no }}' as question_no
                    {% if not loop.last %}
                        union all
                    {% endif %}
                {% endfor %}
            ) as question
            on case
                when left(question.question_no, 1) = '1'
                then card.value_type = 'life_expectancy'
                when left(question.question_no, 1) = '2'
                then card.value_type <> 'amount'
                else card.value_type not in ('life_expectancy', 'slope_index', 'amount')
            end
            and card.frequency not in ('weekly', 'daily')
            -- What happened is no determinant, and no question.
            and not coalesce(card.is_context, false)
    ),

    {#- Of question 4 the pairs of rankings are the points. -#}
    point as (
        select
            question_no,
            indicator_code,
            outcome,
            reason,
            case when difference is not null or has_other_side then 1 else 0 end as is_told,
            case when measure = 'council_slope' then 1 else 0 end as is_over_councils
        from {{ ref("vw_question_points") }}
        where area_type = 'council' or measure = 'council_slope'
        union all
        select
            '4' as question_no,
            indicator_code,
            indicator_code as outcome,
            cast(null as string) as reason,
            case when polarity <> 'none' and rho is not null then 1 else 0 end as is_told,
            0 as is_over_councils
        from {{ ref("vw_determinants_and_life_expectancy") }}
    ),

    {#- As fct_question_estimate has it: half of the councils at least. -#}
    by_outcome as (
        select
            question_no,
            indicator_code,
            outcome,
            max(reason) as reason,
            sum(is_told) as n_told,
            count(*) as n_asked,
            max(is_over_councils) as is_over_councils
        from point
        group by question_no, indicator_code, outcome
    ),

    answered as (
        select
            question_no,
            indicator_code,
            max(
                case
                    when question_no <> '4' and n_told > 0 and 2 * n_told < n_asked
                    then 'comparable figures of fewer than half of the councils'
                    else reason
                end
            ) as reason,
            max(case when n_told > 0 and (question_no = '4' or 2 * n_told >= n_asked) then 1 else 0 end)
            = 1 as is_told,
            max(is_over_councils) = 1 as is_over_councils
        from by_outcome
        group by question_no, indicator_code
    )

select
    about.question_no,
    about.kind,
    about.indicator_code,
    about.short_name as indicator_name,
    case
        when about.question_no = '4' and about.has_no_better
        then 'neither better nor worse'
        when about.question_no = '4'
        then 'no figures of enough councils'
        when answered.reason is not null
        then answered.reason
        -- A slope over our councils is a point of 2b alone.
        when about.question_no = '2a' and widening.is_over_councils
        then 'only a slope over our councils, of which England has none'
        when left(about.question_no, 1) = '2'
        then 'no figures by deprivation, free school meals or disadvantage'
        else 'no figure'
    end as reason,
    cast(about.n_asked as int) as n_asked
from about
left join
    answered on about.question_no = answered.question_no and about.indicator_code = answered.indicator_code
left join
    (select indicator_code, is_over_councils from answered where question_no = '2b') as widening
    on about.indicator_code = widening.indicator_code
where not coalesce(answered.is_told, false)
