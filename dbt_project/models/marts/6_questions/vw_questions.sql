{{ config(materialized="view") }}
{#- The programme's questions, each with how many figures say yes, the opposite, neither, or cannot tell. -#}
with
    figure as (
        select
            '1a' as question_no,
            'Is life expectancy below that of England?' as question,
            area_code,
            {{ says("compared_with_england", "lower", "higher", "similar") }} as says
        from {{ ref("vw_life_expectancy_lower_and_falling").include(database=false) }}
        union all
        select
            '1b' as question_no,
            'Is life expectancy falling?' as question,
            area_code,
            {{ says("direction", "falling", "rising", "no_significant_change") }} as says
        from {{ ref("vw_life_expectancy_lower_and_falling").include(database=false) }}
        union all
        select
            '2a' as question_no,
            'Are inequalities wider than in England?' as question,
            area_code,
            {{ says("compared_with_england", "wider", "narrower", "similar") }} as says
        from {{ ref("vw_inequalities_wider_and_widening").include(database=false) }}
        -- The slope over our councils has no counterpart in England.
        where measure <> 'council_slope'
        union all
        select
            '2b' as question_no,
            'Are inequalities widening?' as question,
            area_code,
            {{ says("direction", "widening", "narrowing", "no_significant_change") }} as says
        from {{ ref("vw_inequalities_wider_and_widening").include(database=false) }}
        union all
        select
            '3' as question_no,
            'Did the social determinants get worse through the pandemic?' as question,
            area_code,
            case
                when caution is not null
                then 'not_known'
                else {{ says("answer", "worse", "better", "no_significant_change") }}
            end as says
        from {{ ref("vw_determinants_through_the_pandemic").include(database=false) }}
        where polarity <> 'none'
    ),

    counted as (
        select
            figure.question_no,
            figure.question,
            area.area_type = 'subregion' as is_subregion,
            count(*) as n_figures,
            count(case when figure.says = 'yes' then 1 end) as n_yes,
            count(case when figure.says = 'opposite' then 1 end) as n_opposite,
            count(case when figure.says = 'neither' then 1 end) as n_neither,
            count(case when figure.says = 'not_known' then 1 end) as n_not_known
        from figure
        inner join
            {{ ref("dim_area").include(database=false) }} as area
            on figure.area_code = area.area_code
            and area.in_cheshire_merseyside
        group by figure.question_no, figure.question, area.area_type = 'subregion'
        union all
        select
            '4' as question_no,
            'Do better determinants go with longer life expectancy across councils?' as question,
            scope_area_code <> 'E92000001' as is_subregion,
            count(*) as n_figures,
            count(
                case when p_value < 0.05 and (rho > 0) = (polarity = 'higher_is_better') then 1 end
            ) as n_yes,
            count(
                case when p_value < 0.05 and (rho > 0) <> (polarity = 'higher_is_better') then 1 end
            ) as n_opposite,
            count(case when p_value >= 0.05 then 1 end) as n_neither,
            count(case when p_value is null then 1 end) as n_not_known
        from {{ ref("vw_determinants_and_life_expectancy").include(database=false) }}
        where polarity <> 'none'
        group by scope_area_code <> 'E92000001'
    )

select
    question_no,
    question,
    case
        when question_no = '4' and is_subregion
        then 'the nine councils of Cheshire and Merseyside'
        when question_no = '4'
        then 'upper-tier councils of England'
        when is_subregion
        then 'Cheshire and Merseyside as a whole'
        else 'its nine councils, one by one'
    end as scope,
    cast(n_figures as int) as n_figures,
    cast(n_yes as int) as n_yes,
    cast(n_opposite as int) as n_opposite,
    cast(n_neither as int) as n_neither,
    cast(n_not_known as int) as n_not_known,
    concat_ws(
        ' ',
        'Of',
        n_figures,
        'figures',
        n_yes,
        'say yes,',
        n_opposite,
        'the opposite,',
        n_neither,
        'neither beyond chance;',
        n_not_known,
        'cannot tell.'
    ) as answer,
    case
        when question_no = '4'
        then 'Ecological: councils, not people. One pair in twenty is below 0.05 by chance.'
        when n_not_known = n_figures
        then 'No figure at hand has the limits or the counterpart that an answer needs.'
        else
            'At 95 % one figure in twenty differs by chance; figures of one council and of overlapping groups are not independent.'
    end as caution,
    case
        question_no
        when '1a'
        then 'vw_life_expectancy_lower_and_falling'
        when '1b'
        then 'vw_life_expectancy_lower_and_falling'
        when '2a'
        then 'vw_inequalities_wider_and_widening'
        when '2b'
        then 'vw_inequalities_wider_and_widening'
        when '3'
        then 'vw_determinants_through_the_pandemic'
        else 'vw_determinants_and_life_expectancy'
    end as evidence
from counted
