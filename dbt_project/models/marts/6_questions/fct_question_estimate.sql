{#- What the points of each outcome say, in numbers: how many lie on which side, how many of them beyond chance, what the
    councils say together, and what could have been seen at all. vw_questions puts it into words.

    Votes are never counted by significance: "beyond chance in 0 of 9" is no "no", because nine small councils may each be too
    small to show what all nine show, and all point one way. So points are counted by their sign, the counts beyond chance
    stand beside them, nothing is added up over outcomes, and the estimate of all councils together has its own interval.
    Source: McKenzie and Brennan, in the Cochrane Handbook for Systematic Reviews of Interventions, chapter 12 (vote counting
    by direction of effect is lawful where effects cannot be pooled; by statistical significance never).

    Together: d = sum(w d_i) / sum(w), w = 1 / se_i^2, se = 1 / sqrt(sum(w)), se_i from the limits of each difference. It is
    approximate: councils are taken as independent, and it is a mean of councils and no figure of their people. Only where
    every figure has limits, all are of the same two periods, none has a caution and the councils do not differ among
    themselves by more than chance does: I2 = (Q - (n - 1)) / Q of Q = sum(w (d_i - d)^2) below one half (Higgins and
    Thompson 2002). Above it one number would be true of no council (Cochrane Handbook, 10.10.3: do not pool); the lowest
    and the highest are named instead. -#}
{% set key = ["question_no", "kind", "outcome", "indicator_code"] %}
{% set keyed = "point." ~ key | join(", point.") %}
{% set is_told = "(difference is not null or has_other_side)" %}

with
    all_points as (select * from {{ ref("vw_question_points") }}),

    card as (
        select
            indicator_code,
            decimals,
            evidence_group,
            -- What is in no group is a piece of evidence of its own.
            coalesce(evidence_group, indicator_code) as piece
        from {{ ref("dim_indicator") }}
    ),

    ended as (select label, max(period_end) as period_end from {{ ref("dim_period") }} group by label),

    {#- Of councils each; a slope over all councils is one figure of the area as a whole. -#}
    point as (
        select
            *,
            coalesce(measure, '') = 'council_slope' as is_over_councils,
            (uci_95 - lci_95) / (2 * {{ z_of("95") }}) as error,
            row_number() over (
                partition by {{ key | join(", ") }}
                order by case when difference is null then 1 else 0 end, difference, area_code
            ) as from_lowest,
            row_number() over (
                partition by {{ key | join(", ") }}
                order by case when difference is null then 1 else 0 end, difference desc, area_code
            ) as from_highest
        from all_points
        where area_type = 'council' or coalesce(measure, '') = 'council_slope'
    ),

    {#- Which side a point is on is known, or that the side has changed; of half of the councils at least, because the
        others may well lie on the other side. -#}
    told as (
        select *
        from
            (
                select
                    point.*,
                    card.decimals,
                    count(*) over (partition by {{ keyed }}) as n_asked,
                    count(case when point.difference is not null or point.has_other_side then 1 end) over (
                        partition by {{ keyed }}
                    ) as n_told
                from point
                inner join card on point.indicator_code = card.indicator_code
            ) as asked
        where 2 * n_told >= n_asked
    ),

    counted as (
        select
            {{ key | join(", ") }},
            sex,
            unit,
            polarity,
            is_over_councils,
            count(case when {{ is_told }} then 1 end) as n_areas,
            {{ listed("case when not " ~ is_told ~ " then area_name end") }} as areas_without,
            -- Two figures that are rounded differ by one unit of the last digit by rounding alone.
            count(
                case
                    when
                        lci_95 is null
                        and abs(difference) < 1.5 * power(10, - coalesce(decimals, 1))
                        and difference <> 0
                    then 1
                end
            ) as n_within_rounding,
            count(case when difference > 0 then 1 end) as n_higher,
            count(case when difference < 0 then 1 end) as n_lower,
            count(case when has_other_side then 1 end) as n_other_side,
            {{ listed("case when has_other_side then area_name end") }} as other_side_areas,
            count(case when verdict is not null then 1 end) as n_judged,
            count(case when verdict = 'higher' then 1 end) as n_higher_beyond_chance,
            count(case when verdict = 'lower' then 1 end) as n_lower_beyond_chance,
            count(case when verdict_by = 'publisher' then 1 end) as n_by_publisher,
            count(case when error > 0 then 1 end) as n_with_interval,
            {% for one in ["period", "beside"] %}
                min(case when {{ is_told }} then {{ one }} end) as {{ one }},
                max(case when {{ is_told }} then {{ one }} end) as other_{{ one }},
            {% endfor %}
            max(case when is_from_the_pandemic then 1 else 0 end) = 1 as is_from_the_pandemic,
            max(case when {{ is_told }} then caution end) as caution,
            min(difference) as lowest_difference,
            max(case when from_lowest = 1 then area_name end) as lowest_area,
            max(difference) as highest_difference,
            max(case when from_highest = 1 then area_name end) as highest_area,
            min(case when error > 0 then (uci_95 - lci_95) / 2 end) as half_width,
            max(case when error > 0 then (uci_95 - lci_95) / 2 end) as widest_half_width,
            max(case when is_over_councils and not has_no_chance then lci_95 end) as slope_lci_95,
            max(case when is_over_councils and not has_no_chance then uci_95 end) as slope_uci_95,
            sum(case when error > 0 then 1 / power(error, 2) end) as weight,
            sum(case when error > 0 then difference / power(error, 2) end) as weighted,
            sum(case when error > 0 then power(difference, 2) / power(error, 2) end) as weighted_square,
            {% for name in [
                "value",
                "beside_value",
                "lowest_without_one",
                "lowest_without",
                "highest_without_one",
                "highest_without",
            ] %}
                max(case when is_over_councils then {{ name }} end) as {{ name }}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from told
        group by {{ key | join(", ") }}, sex, unit, polarity, is_over_councils
    ),

    measured as (
        select
            *,
            period = other_period and beside = other_beside as is_of_one_period,
            n_areas > 1
            and n_with_interval = n_areas
            and n_other_side = 0
            and period = other_period
            and beside = other_beside
            and caution is null as is_comparable,
            greatest(
                1 - (n_areas - 1) / nullif(weighted_square - power(weighted, 2) / weight, 0), 0
            ) as inconsistency
        from counted
    ),

    {#- The figures of Cheshire and Merseyside itself and of England, of the same two periods. -#}
    larger as (
        select question_no, indicator_code, outcome, period, beside, area_type, difference, lci_95, uci_95
        from all_points
        where
            area_type in ('subregion', 'country')
            and coalesce(measure, '') <> 'council_slope'
            and difference is not null
    ),

    {#- One survey's questions, and measures of the same children: counted together they are one. -#}
    together as (
        select one.question_no, one.indicator_code, one.outcome, {{ listed("other.outcome", "; ") }} as others
        from counted as one
        inner join card as its on one.indicator_code = its.indicator_code
        inner join
            counted as other
            on one.question_no = other.question_no
            and one.sex = other.sex
            and one.is_over_councils = other.is_over_councils
            and (one.indicator_code <> other.indicator_code or one.outcome <> other.outcome)
        inner join card as theirs on other.indicator_code = theirs.indicator_code and its.piece = theirs.piece
        group by one.question_no, one.indicator_code, one.outcome
    )

select
    measured.question_no,
    measured.kind,
    measured.outcome,
    measured.indicator_code,
    measured.sex,
    measured.unit,
    measured.polarity,
    measured.is_over_councils,
    case when measured.is_of_one_period then measured.period end as period,
    case when measured.is_of_one_period then measured.beside end as beside,
    measured.is_from_the_pandemic,
    ended.period_end,
    cast(measured.n_areas as int) as n_areas,
    measured.areas_without,
    cast(measured.n_within_rounding as int) as n_within_rounding,
    cast(measured.n_higher as int) as n_higher,
    cast(measured.n_lower as int) as n_lower,
    cast(measured.n_other_side as int) as n_other_side,
    measured.other_side_areas,
    cast(measured.n_judged as int) as n_judged,
    cast(measured.n_higher_beyond_chance as int) as n_higher_beyond_chance,
    cast(measured.n_lower_beyond_chance as int) as n_lower_beyond_chance,
    case
        when measured.n_judged = 0
        then null
        when measured.n_by_publisher = measured.n_judged
        then 'publisher'
        when measured.n_by_publisher = 0
        then 'ours'
        else 'both'
    end as verdict_by,
    case when not measured.is_over_councils then measured.lowest_area end as lowest_area,
    measured.lowest_difference,
    case when not measured.is_over_councils then measured.highest_area end as highest_area,
    measured.highest_difference,
    case
        when measured.is_comparable and measured.inconsistency < 0.5
        then round(measured.weighted / measured.weight, 9)
    end as pooled_value,
    {% for one, sign in [("lci", "-"), ("uci", "+")] %}
        case
            when measured.is_comparable and measured.inconsistency < 0.5
            then
                round(
                    measured.weighted / measured.weight {{ sign }} {{ z_of("95") }} / sqrt(measured.weight), 9
                )
        end as pooled_{{ one }}_95,
    {% endfor %}
    case when measured.is_comparable then round(measured.inconsistency, 9) end as inconsistency,
    whole.difference as whole_value,
    case when measured.caution is null then whole.lci_95 end as whole_lci_95,
    case when measured.caution is null then whole.uci_95 end as whole_uci_95,
    england.difference as england_value,
    case when measured.n_judged > 0 then round(measured.half_width, 9) end as detectable_change,
    case
        when measured.n_judged > 0 then round(measured.widest_half_width, 9)
    end as largest_detectable_change,
    measured.value,
    measured.beside_value,
    measured.slope_lci_95,
    measured.slope_uci_95,
    measured.lowest_without_one,
    measured.lowest_without,
    measured.highest_without_one,
    measured.highest_without,
    card.evidence_group,
    together.others as one_evidence_with,
    measured.caution
from measured
inner join card on measured.indicator_code = card.indicator_code
left join ended on measured.other_period = ended.label
left join
    together
    on measured.question_no = together.question_no
    and measured.indicator_code = together.indicator_code
    and measured.outcome = together.outcome
{% for one, area_type in [("whole", "subregion"), ("england", "country")] %}
    left join
        (select * from larger where area_type = '{{ area_type }}') as {{ one }}
        on measured.question_no = {{ one }}.question_no
        and measured.indicator_code = {{ one }}.indicator_code
        and measured.outcome = {{ one }}.outcome
        and measured.period = {{ one }}.period
        and measured.beside = {{ one }}.beside
        and measured.other_period = {{ one }}.period
        and measured.other_beside = {{ one }}.beside
{% endfor %}
