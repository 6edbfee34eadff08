{{ config(materialized="view") }}
{#- The programme's questions, one row a question, outcome and kind of indicator: how many figures point which way, how many of
    them beyond chance, what the councils say together, and what could have been seen at all.

    Votes are never counted by significance: "beyond chance in 0 of 9" is no "no", because nine small councils may each be too
    small to show what all nine show, and all point one way. So points are counted by their sign, the counts beyond chance
    stand beside them, nothing is added up over outcomes, and the estimate of all councils together has its own interval.
    Source: McKenzie and Brennan, in the Cochrane Handbook for Systematic Reviews of Interventions, chapter 12 (vote counting
    by direction of effect is lawful where effects cannot be pooled; by statistical significance never).

    Together: d = sum(w d_i) / sum(w), w = 1 / se_i^2, se = 1 / sqrt(sum(w)), se_i from the limits of each difference. It is
    approximate: councils are taken as independent, and it is a mean of councils and no figure of their people. I2 =
    (Q - (n - 1)) / Q of Q = sum(w (d_i - d)^2) says how much they differ among themselves (Higgins and Thompson 2002). Only
    where every figure has limits, all are of the same two periods and none has a caution. -#}
{% set indicators = ref("dim_indicator").include(database=false) %}
{% set questions = [
    ("1a", "Is life expectancy below that of England?"),
    ("1b", "Is life expectancy below what it was before the pandemic?"),
    ("1c", "Is life expectancy below the newest earlier period that shares no year?"),
    ("2a", "Are inequalities wider than in England?"),
    ("2b", "Are inequalities widening?"),
    ("3", "Did the social determinants get worse through the pandemic?"),
    ("4", "Do better determinants go with longer life expectancy across councils?"),
] %}

with
    all_points as (select * from {{ ref("vw_question_points").include(database=false) }}),

    card as (
        select
            indicator_code,
            short_name,
            value_type,
            frequency,
            decimals,
            -- What is in no group is a piece of evidence of its own.
            coalesce(evidence_group, indicator_code) as piece,
            evidence_group,
            reader_note,
            case
                when is_proxy then 'proxy' when beacon_no is not null then 'beacon' else 'supporting'
            end as kind
        from {{ indicators }}
    ),

    {#- Of councils each; a slope over all councils is one figure of the area as a whole. -#}
    point as (
        select
            *,
            coalesce(measure, '') = 'council_slope' as is_over_councils,
            (uci_95 - lci_95) / (2 * {{ z_of("95") }}) as error
        from all_points
        where area_type = 'council' or coalesce(measure, '') = 'council_slope'
    ),

    counted as (
        select
            question_no,
            kind,
            outcome,
            indicator_code,
            sex,
            unit,
            polarity,
            is_over_councils,
            count(difference) as n_areas,
            count(case when difference > 0 then 1 end) as n_higher,
            count(case when difference < 0 then 1 end) as n_lower,
            count(case when verdict is not null then 1 end) as n_judged,
            count(case when verdict = 'higher' then 1 end) as n_higher_beyond_chance,
            count(case when verdict = 'lower' then 1 end) as n_lower_beyond_chance,
            count(case when verdict_by = 'publisher' then 1 end) as n_by_publisher,
            count(case when difference is not null and error > 0 then 1 end) as n_with_interval,
            min(case when difference is not null then period end) as period,
            max(case when difference is not null then period end) as other_period,
            min(case when difference is not null then beside end) as beside,
            max(case when difference is not null then beside end) as other_beside,
            max(case when difference is not null then caution end) as caution,
            min(
                case when difference is not null and error > 0 then (uci_95 - lci_95) / 2 end
            ) as detectable_change,
            max(difference) as only_difference,
            max(value) as only_value,
            sum(case when error > 0 then 1 / power(error, 2) end) as weight,
            sum(case when error > 0 then difference / power(error, 2) end) as weighted,
            sum(case when error > 0 then power(difference, 2) / power(error, 2) end) as weighted_square
        from point
        group by question_no, kind, outcome, indicator_code, sex, unit, polarity, is_over_councils
        having count(difference) > 0
    ),

    pooled as (
        select
            *,
            period = other_period and beside = other_beside as is_of_one_period,
            case
                when
                    n_areas > 1
                    and n_with_interval = n_areas
                    and period = other_period
                    and beside = other_beside
                    and caution is null
                then weighted / weight
            end as pooled_value,
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
    ),

    {#- Which way the question asks first, and the words for both. -#}
    asked as (
        select
            pooled.*,
            card.decimals,
            card.evidence_group,
            case when pooled.is_over_councils then card.reader_note end as reader_note,
            together.others,
            england.difference as england_value,
            whole.difference as whole_value,
            case when pooled.caution is null then whole.lci_95 end as whole_lci_95,
            case when pooled.caution is null then whole.uci_95 end as whole_uci_95,
            case
                when
                    left(pooled.question_no, 1) = '1'
                    or pooled.polarity = 'higher_is_better'
                    and pooled.question_no = '3'
                then 'lower'
                else 'higher'
            end as first_way,
            case when left(pooled.question_no, 1) = '2' then 'wider' else 'higher' end as word_higher,
            case when left(pooled.question_no, 1) = '2' then 'narrower' else 'lower' end as word_lower,
            concat_ws(
                ' ',
                'than in',
                case
                    when pooled.is_of_one_period then pooled.beside else 'the earlier period of each council'
                end
            ) as than
        from pooled
        inner join card on pooled.indicator_code = card.indicator_code
        left join
            together
            on pooled.question_no = together.question_no
            and pooled.indicator_code = together.indicator_code
            and pooled.outcome = together.outcome
        {% for one, area_type in [("whole", "subregion"), ("england", "country")] %}
            left join
                larger as {{ one }}
                on pooled.question_no = {{ one }}.question_no
                and pooled.indicator_code = {{ one }}.indicator_code
                and pooled.outcome = {{ one }}.outcome
                and pooled.period = {{ one }}.period
                and pooled.beside = {{ one }}.beside
                and pooled.is_of_one_period
                and {{ one }}.area_type = '{{ area_type }}'
        {% endfor %}
    ),

    worded as (
        select
            *,
            case first_way when 'lower' then n_lower else n_higher end as n_first,
            case first_way when 'lower' then n_higher else n_lower end as n_second,
            case
                first_way when 'lower' then n_lower_beyond_chance else n_higher_beyond_chance
            end as n_first_beyond,
            case
                first_way when 'lower' then n_higher_beyond_chance else n_lower_beyond_chance
            end as n_second_beyond,
            case first_way when 'lower' then word_lower else word_higher end as first_word,
            case first_way when 'lower' then word_higher else word_lower end as second_word,
            -- Of a determinant, better and worse; a gap and a life expectancy need no word.
            case when question_no = '3' and polarity <> 'none' then ', which is worse,' end as judgement,
            {{ unit_of_difference("unit") }} as unit_words
        from asked
    ),

    sentence as (
        select
            *,
            concat_ws(
                '',
                outcome,
                case when is_of_one_period then ', ' || period else ', newest period' end,
                ': ',
                case
                    when not is_over_councils
                    then
                        concat_ws(
                            ' ',
                            first_word,
                            than || coalesce(judgement, ''),
                            'in',
                            n_first,
                            'of',
                            n_areas,
                            'councils,',
                            second_word,
                            'in',
                            n_second
                        )
                    when n_first + n_second = 0
                    then
                        concat_ws(
                            ' ',
                            {{ plain_number("only_value", "decimals + 1") }},
                            unit_words || ', as wide as in',
                            beside
                        )
                    else
                        concat_ws(
                            ' ',
                            {{ plain_number("only_value", "decimals + 1") }},
                            unit_words || ',',
                            case when n_first > 0 then first_word else second_word end,
                            than,
                            'by',
                            {{ plain_number("abs(only_difference)", "decimals + 1") }},
                            unit_words
                        )
                end,
                case
                    when not is_over_councils and n_first + n_second < n_areas
                    then ', the same in ' || (n_areas - n_first - n_second)
                end,
                case
                    when n_judged = 0 and n_with_interval > 0
                    then '; whether by more than chance is not said, see the caution'
                    when n_judged = 0
                    then '; whether by more than chance cannot be told, because we hold no interval'
                    when is_over_councils and n_first_beyond + n_second_beyond > 0
                    then '; that is more than chance'
                    when is_over_councils
                    then '; that is within chance'
                    else
                        '; ' || concat_ws(
                            ' ',
                            case
                                when n_by_publisher = n_judged then 'by the verdict of the publisher itself'
                            end,
                            'beyond chance',
                            first_word,
                            'in',
                            n_first_beyond,
                            'and',
                            second_word,
                            'in',
                            n_second_beyond,
                            'of the',
                            n_judged,
                            'that can be judged'
                        )
                end,
                '.',
                case
                    when pooled_value is not null
                    then
                        concat_ws(
                            '',
                            ' Over the councils together the difference is about ',
                            {{ plain_number("pooled_value", "decimals") }},
                            ' ',
                            unit_words,
                            ' (95 % limits ',
                            {{ plain_number("pooled_value - " ~ z_of("95") ~ " / sqrt(weight)", "decimals") }},
                            ' to ',
                            {{ plain_number("pooled_value + " ~ z_of("95") ~ " / sqrt(weight)", "decimals") }},
                            ', approximate).'
                        )
                end,
                case
                    when whole_value is not null
                    then
                        concat_ws(
                            '',
                            ' Cheshire and Merseyside as a whole: a difference of ',
                            {{ plain_number("whole_value", "decimals") }},
                            ' ',
                            unit_words,
                            case
                                when whole_lci_95 is not null
                                then
                                    concat_ws(
                                        '',
                                        ' (95 % limits ',
                                        {{ plain_number("whole_lci_95", "decimals") }},
                                        ' to ',
                                        {{ plain_number("whole_uci_95", "decimals") }},
                                        ')'
                                    )
                                when caution is null
                                then ', without an interval'
                            end,
                            '.'
                        )
                end,
                case
                    when england_value is not null
                    then
                        concat_ws(
                            '',
                            ' England: a difference of ',
                            {{ plain_number("england_value", "decimals") }},
                            ' ',
                            unit_words,
                            '.'
                        )
                end
            ) as sentence
        from worded
    ),

    answered as (
        select
            question_no,
            kind,
            outcome,
            indicator_code,
            sex,
            unit,
            polarity,
            case when is_of_one_period then period end as period,
            case when is_of_one_period then beside end as beside,
            n_areas,
            n_areas as n_figures,
            n_higher,
            n_lower,
            n_judged,
            n_higher_beyond_chance,
            n_lower_beyond_chance,
            round(pooled_value, 9) as pooled_value,
            round(pooled_value - {{ z_of("95") }} / sqrt(weight), 9) as pooled_lci_95,
            round(pooled_value + {{ z_of("95") }} / sqrt(weight), 9) as pooled_uci_95,
            case
                when pooled_value is not null
                then
                    concat_ws(
                        ' ',
                        'inverse variance over',
                        n_areas,
                        'councils, fixed effect, approximate; I2',
                        cast(cast(round(100 * coalesce(inconsistency, 0)) as int) as string),
                        '%'
                    )
            end as pooled_method,
            whole_value,
            whole_lci_95,
            whole_uci_95,
            england_value,
            detectable_change,
            case
                when n_judged = 0
                then null
                when n_by_publisher = n_judged
                then 'publisher'
                when n_by_publisher = 0
                then 'ours'
                else 'both'
            end as verdict_by,
            evidence_group,
            sentence,
            concat_ws(
                ' ',
                case
                    when detectable_change is not null and n_judged > 0
                    then
                        concat_ws(
                            ' ',
                            case
                                when is_over_councils then 'Less than' else 'In no council could less than'
                            end,
                            {{ plain_number("detectable_change", "decimals") }},
                            unit_words,
                            case
                                when is_over_councils
                                then 'could not be told from chance.'
                                else 'be told from chance.'
                            end
                        )
                end,
                case
                    when n_areas > 1 and n_judged > 0 and n_judged < n_areas
                    then concat_ws(' ', n_areas - n_judged, 'of', n_areas, 'figures have no interval.')
                end,
                case
                    when n_by_publisher > 0
                    then
                        'We cannot make our own test: the verdict is that of the publisher, by its own method.'
                end,
                case
                    when n_judged > 1 and n_higher_beyond_chance + n_lower_beyond_chance > 0
                    then 'At 95 % about one figure in twenty differs by chance alone.'
                end,
                case
                    when pooled_value is not null and inconsistency >= 0.5
                    then
                        'The councils differ much among themselves, see pooled_method: what they say together is true of no single one.'
                end,
                case
                    when not is_of_one_period
                    then 'The councils do not have the same periods, so that they are not taken together.'
                end,
                case
                    when question_no = '1c'
                    then
                        'The earlier period is the newest one and may lie in the pandemic, from where nearly everything rises: read it beside question 1b.'
                end,
                case
                    when others is not null
                    then
                        concat_ws(
                            '',
                            'One piece of evidence with: ',
                            others,
                            coalesce(' (' || evidence_group || ')', ''),
                            '. Do not count them apart.'
                        )
                end,
                reader_note,
                caution
            ) as caution,
            case
                left(question_no, 1)
                when '1'
                then 'vw_life_expectancy_lower_and_falling'
                when '2'
                then 'vw_inequalities_wider_and_widening'
                else 'vw_determinants_through_the_pandemic'
            end as evidence
        from sentence
    ),

    {#- Indicators that a question is about and that say nothing: named, and counted nowhere. -#}
    about as (
        select question.question_no, card.kind, card.indicator_code, card.short_name
        from card
        inner join
            (
                {% for no, _ in questions if no != "4" %}
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
    ),

    unanswered as (
        select
            about.question_no,
            about.kind,
            about.short_name,
            coalesce(
                max(point.reason),
                case when left(about.question_no, 1) = '2' then 'no such gap' else 'no figure' end
            ) as reason
        from about
        left join
            point on about.question_no = point.question_no and about.indicator_code = point.indicator_code
        group by about.question_no, about.kind, about.indicator_code, about.short_name
        having count(point.difference) = 0
    ),

    by_reason as (
        select
            question_no,
            kind,
            count(*) as n,
            upper(left(reason, 1)) || substr(reason, 2) || ': ' || {{ listed("short_name", "; ") }} as names
        from unanswered
        group by question_no, kind, reason
    ),

    silent as (
        select
            by_reason.question_no,
            by_reason.kind,
            concat_ws(
                ' ',
                'Without an answer here:',
                sum(by_reason.n),
                'of',
                max(of_kind.n),
                by_reason.kind,
                'indicators.',
                {{ listed("by_reason.names", ". ") }} || '.'
            ) as sentence
        from by_reason
        inner join
            (select question_no, kind, count(*) as n from about group by question_no, kind) as of_kind
            on by_reason.question_no = of_kind.question_no
            and by_reason.kind = of_kind.kind
        group by by_reason.question_no, by_reason.kind
    ),

    {#- How rankings go together: of each life expectancy, over the determinants of one kind. -#}
    association as (
        select
            association.*,
            card.kind,
            card.piece,
            card.reader_note,
            (association.rho > 0) = (association.polarity = 'higher_is_better') as is_with
        from {{ ref("vw_determinants_and_life_expectancy").include(database=false) }} as association
        inner join card on association.indicator_code = card.indicator_code
        where association.polarity <> 'none' and association.rho is not null
    ),

    gone_together as (
        select
            kind,
            outcome_indicator_code,
            outcome_name,
            outcome_sex,
            scope_area_code <> 'E92000001' as is_ours,
            min(outcome_period) as period,
            max(n_areas) as n_areas,
            count(*) as n_figures,
            count(distinct piece) as n_pieces,
            count(case when is_with and rho <> 0 then 1 end) as n_higher,
            count(case when not is_with and rho <> 0 then 1 end) as n_lower,
            count(case when is_with and p_adjusted < 0.05 then 1 end) as n_higher_beyond_chance,
            count(case when not is_with and p_adjusted < 0.05 then 1 end) as n_lower_beyond_chance,
            min(abs(rho)) as smallest,
            max(abs(rho)) as largest,
            max(first_axis_share) as first_axis_share,
            {{ listed("case when not is_with and rho <> 0 then indicator_name end", "; ") }} as the_other_way,
            {{ listed("case when not is_with and rho <> 0 then reader_note end", " ") }} as notes
        from association
        group by kind, outcome_indicator_code, outcome_name, outcome_sex, scope_area_code <> 'E92000001'
    ),

    told as (
        select
            question_no,
            kind,
            outcome,
            indicator_code,
            sex,
            unit,
            polarity,
            period,
            beside,
            n_areas,
            n_figures,
            n_higher,
            n_lower,
            n_judged,
            n_higher_beyond_chance,
            n_lower_beyond_chance,
            pooled_value,
            pooled_lci_95,
            pooled_uci_95,
            pooled_method,
            whole_value,
            whole_lci_95,
            whole_uci_95,
            england_value,
            detectable_change,
            verdict_by,
            evidence_group,
            sentence,
            caution,
            evidence
        from answered

        union all
        select
            '4' as question_no,
            kind,
            concat_ws(
                ', ',
                outcome_name,
                case outcome_sex when 'Female' then 'females' when 'Male' then 'males' end,
                case
                    when is_ours
                    then 'over the councils of Cheshire and Merseyside'
                    else 'over councils of England'
                end
            ) as outcome,
            outcome_indicator_code as indicator_code,
            outcome_sex as sex,
            cast(null as string) as unit,
            cast(null as string) as polarity,
            period,
            cast(null as string) as beside,
            n_areas,
            n_figures,
            n_higher,
            n_lower,
            n_figures as n_judged,
            n_higher_beyond_chance,
            n_lower_beyond_chance,
            cast(null as double) as pooled_value,
            cast(null as double) as pooled_lci_95,
            cast(null as double) as pooled_uci_95,
            cast(null as string) as pooled_method,
            cast(null as double) as whole_value,
            cast(null as double) as whole_lci_95,
            cast(null as double) as whole_uci_95,
            cast(null as double) as england_value,
            cast(null as double) as detectable_change,
            'ours' as verdict_by,
            cast(null as string) as evidence_group,
            concat_ws(
                '',
                concat_ws(
                    ' ',
                    'Over',
                    n_areas,
                    case
                        when is_ours
                        then 'councils of Cheshire and Merseyside'
                        else 'councils of England, or fewer,'
                    end,
                    n_higher,
                    'of',
                    n_figures,
                    kind,
                    'determinants rank better where',
                    outcome_name
                    || ', '
                    || case outcome_sex when 'Female' then 'females' else 'males' end
                    || ',',
                    'is longer, and',
                    n_lower,
                    'rank worse'
                ),
                ' (' || the_other_way || ')',
                concat_ws(
                    ' ',
                    '; rank correlations are from',
                    {{ plain_number("smallest", "2") }},
                    'to',
                    {{ plain_number("largest", "2") }},
                    'in size; adjusted for the number of pairs',
                    n_higher_beyond_chance,
                    'of the better and',
                    n_lower_beyond_chance,
                    'of the worse are beyond chance.'
                )
            ) as sentence,
            concat_ws(
                ' ',
                case
                    when is_ours and first_axis_share is not null
                    then
                        concat_ws(
                            ' ',
                            'Of the variation of all determinants over these councils',
                            cast(cast(round(100 * first_axis_share) as int) as string),
                            '% lies on one axis: this is nearly one finding, and not',
                            n_figures || '.'
                        )
                end,
                concat_ws(
                    ' ',
                    'The determinants are',
                    n_pieces,
                    'pieces of evidence. Ecological: rankings of councils, not people; neither shows what causes the other.'
                ),
                notes
            ) as caution,
            'vw_determinants_and_life_expectancy' as evidence
        from gone_together

        union all
        select
            question_no,
            kind,
            'indicators without an answer' as outcome,
            cast(null as string) as indicator_code,
            cast(null as string) as sex,
            cast(null as string) as unit,
            cast(null as string) as polarity,
            cast(null as string) as period,
            cast(null as string) as beside,
            0 as n_areas,
            0 as n_figures,
            0 as n_higher,
            0 as n_lower,
            0 as n_judged,
            0 as n_higher_beyond_chance,
            0 as n_lower_beyond_chance,
            cast(null as double) as pooled_value,
            cast(null as double) as pooled_lci_95,
            cast(null as double) as pooled_uci_95,
            cast(null as string) as pooled_method,
            cast(null as double) as whole_value,
            cast(null as double) as whole_lci_95,
            cast(null as double) as whole_uci_95,
            cast(null as double) as england_value,
            cast(null as double) as detectable_change,
            cast(null as string) as verdict_by,
            cast(null as string) as evidence_group,
            sentence,
            cast(null as string) as caution,
            case
                left(question_no, 1)
                when '1'
                then 'vw_life_expectancy_lower_and_falling'
                when '2'
                then 'vw_inequalities_wider_and_widening'
                else 'vw_determinants_through_the_pandemic'
            end as evidence
        from silent
    )

select
    told.question_no,
    case
        told.question_no
        {% for no, question in questions %} when '{{ no }}' then '{{ question }}' {% endfor %}
    end as question,
    told.kind,
    told.outcome,
    told.indicator_code,
    told.sex,
    told.unit,
    told.polarity,
    told.period,
    told.beside,
    cast(told.n_areas as int) as n_areas,
    cast(told.n_figures as int) as n_figures,
    cast(told.n_higher as int) as n_higher,
    cast(told.n_lower as int) as n_lower,
    cast(told.n_judged as int) as n_judged,
    cast(told.n_higher_beyond_chance as int) as n_higher_beyond_chance,
    cast(told.n_lower_beyond_chance as int) as n_lower_beyond_chance,
    told.pooled_value,
    told.pooled_lci_95,
    told.pooled_uci_95,
    told.pooled_method,
    told.whole_value,
    told.whole_lci_95,
    told.whole_uci_95,
    told.england_value,
    told.detectable_change,
    told.verdict_by,
    told.evidence_group,
    told.sentence,
    nullif(told.caution, '') as caution,
    told.evidence
from told
