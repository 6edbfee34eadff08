{{ config(materialized="view") }}
{#- The programme's questions in words, one row a question, outcome and kind of indicator: what the figures of
    fct_question_estimate say, what to beware of, how rankings go together, and which indicators say nothing. -#}
{% set printed_change %}
    abs(
        abs(cast({{ plain_number("value", "decimals + 1") }} as double))
        - abs(cast({{ plain_number("beside_value", "decimals + 1") }} as double))
    )
{% endset %}
{% set questions = [
    ("1a", "Is life expectancy below that of England?"),
    ("1b", "Is life expectancy below what it was before the pandemic?"),
    ("1c", "Is life expectancy below the newest earlier period that shares no year?"),
    ("2a", "Are inequalities wider than in England?"),
    ("2b", "Are inequalities widening?"),
    ("3", "Did the social determinants get worse through the pandemic?"),
    ("3b", "Are the social determinants worse now than before the pandemic?"),
    ("4", "Do better determinants go with longer life expectancy across councils?"),
] %}

with
    card as (
        select indicator_code, decimals, reader_note, statistic_status
        from {{ ref("dim_indicator").include(database=false) }}
    ),

    estimate as (
        select
            *,
            max(period_end) over () as newest_end,
            sign(n_higher - n_lower) as side_of_most,
            -- What the newest figures say where the first after the pandemic say the opposite, and the
            -- other way round.
            sum(sign(n_higher - n_lower)) over (partition by left(question_no, 1), outcome)
            - sign(n_higher - n_lower) as side_of_other
        from {{ ref("fct_question_estimate").include(database=false) }}
    ),

    {#- The side on which most points lie comes first; where they are as many, the one that the question asks about. -#}
    sided as (
        select
            estimate.*,
            card.decimals,
            case
                when estimate.is_over_councils or left(estimate.question_no, 1) = '3' then card.reader_note
            end as reader_note,
            case
                when card.statistic_status like '%in development' or card.statistic_status like 'not %'
                then card.statistic_status
            end as statistic_status,
            case
                when
                    left(estimate.question_no, 1) = '3' and estimate.side_of_most * estimate.side_of_other < 0
                then case estimate.question_no when '3' then '3b' else '3' end
            end as other_question,
            coalesce(
                extract(year from estimate.newest_end) - extract(year from estimate.period_end) > 3, false
            ) as is_old,
            case
                when estimate.n_lower > estimate.n_higher
                then true
                when estimate.n_lower < estimate.n_higher
                then false
                else
                    left(estimate.question_no, 1) = '1'
                    or (left(estimate.question_no, 1) = '3' and estimate.polarity = 'higher_is_better')
            end as is_lower_first,
            case when left(estimate.question_no, 1) = '2' then 'wider' else 'higher' end as word_higher,
            case when left(estimate.question_no, 1) = '2' then 'narrower' else 'lower' end as word_lower,
            {{ unit_of_difference("estimate.unit") }} as unit_words,
            -- Of the size of a gap, whichever group is ahead.
            case when estimate.value < 0 then -1 else 1 end as side
        from estimate
        inner join card on estimate.indicator_code = card.indicator_code
    ),

    worded as (
        select
            *,
            case when is_lower_first then n_lower else n_higher end as n_first,
            case when is_lower_first then n_higher else n_lower end as n_second,
            case
                when is_lower_first then n_lower_beyond_chance else n_higher_beyond_chance
            end as n_first_beyond,
            case
                when is_lower_first then n_higher_beyond_chance else n_lower_beyond_chance
            end as n_second_beyond,
            case when is_lower_first then word_lower else word_higher end as first_word,
            case when is_lower_first then word_higher else word_lower end as second_word,
            -- Of a determinant, better and worse; a gap and a life expectancy need no word.
            case
                when left(question_no, 1) <> '3' or polarity = 'none'
                then null
                when is_lower_first = (polarity = 'higher_is_better')
                then ', which is worse,'
                else ', which is better,'
            end as judgement,
            case when value > 0 then 'worse off' else 'better off' end as word_now,
            case when beside_value > 0 then 'worse off' else 'better off' end as word_then,
            -- Without which council a change of a slope is smallest, and without which it is largest.
            {% for name, falling, rising in [
                ("weakest", "highest_without", "lowest_without"),
                ("strongest", "lowest_without", "highest_without"),
            ] %}
                side * case
                    when value < beside_value then {{ falling }}_one else {{ rising }}_one
                end as {{ name }},
                case when value < beside_value then {{ falling }} else {{ rising }} end as {{ name }}_without
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from sided
    ),

    sentence as (
        select
            *,
            concat_ws(
                ' ',
                -- What is where.
                case
                    when is_over_councils
                    then
                        concat_ws(
                            '',
                            outcome,
                            ': a line through all councils puts the most deprived one ',
                            {{ plain_number("abs(beside_value)", "decimals + 1") }},
                            ' ',
                            unit_words,
                            ' ',
                            word_then,
                            ' than the least deprived one ',
                            {{ at_period("beside") }},
                            ', and ',
                            {{ plain_number("abs(value)", "decimals + 1") }},
                            case when n_other_side > 0 then ' ' || word_now end,
                            ' ',
                            {{ at_period("period") }},
                            case
                                when n_other_side > 0
                                then null
                                when highest_difference = 0
                                then ', as wide as before'
                                else
                                    -- Of the two numbers as they are printed, so that they add up.
                                    ': '
                                    || {{ plain_number(printed_change, "decimals + 1") }}
                                    || ' '
                                    || first_word
                            end,
                            case
                                when slope_lci_95 is not null
                                then
                                    concat_ws(
                                        '',
                                        ' (95 % limits of the sampling error: ',
                                        {{
                                            difference_words(
                                                "slope_lci_95", "decimals", "word_higher", "word_lower"
                                            )
                                        }},
                                        ' to ',
                                        {{
                                            difference_words(
                                                "slope_uci_95", "decimals", "word_higher", "word_lower"
                                            )
                                        }},
                                        case
                                            when slope_lci_95 <= 0 and slope_uci_95 >= 0
                                            then ', which includes no change'
                                        end,
                                        ')'
                                    )
                            end,
                            '.'
                        )
                    else
                        concat_ws(
                            '',
                            outcome,
                            case when period is not null then ', ' || period else ', newest period' end,
                            ': ',
                            case
                                when n_first + n_second > 0
                                then
                                    concat_ws(
                                        ' ',
                                        first_word,
                                        'than in',
                                        coalesce(beside, 'the earlier period of each council')
                                        || coalesce(judgement, ''),
                                        'in',
                                        n_first,
                                        'of',
                                        n_areas,
                                        'councils,',
                                        second_word,
                                        'in',
                                        {{ none_or("n_second") }}
                                    )
                            end,
                            case
                                when n_first + n_second + n_other_side < n_areas
                                then
                                    case when n_first + n_second > 0 then ', ' else '' end
                                    || 'the same in '
                                    || (n_areas - n_first - n_second - n_other_side)
                            end,
                            case
                                when n_other_side > 0
                                then
                                    concat_ws(
                                        '',
                                        case when n_other_side < n_areas then '; ' else '' end,
                                        'in ',
                                        n_other_side,
                                        ' (',
                                        other_side_areas,
                                        ') the group that ',
                                        case
                                            question_no
                                            when '2a'
                                            then 'is ahead in England is behind'
                                            else 'was ahead is behind now'
                                        end
                                    )
                            end,
                            '.'
                        )
                end,
                -- Which council makes it.
                case
                    when is_over_councils and weakest_without is not null and n_other_side = 0
                    then
                        concat_ws(
                            '',
                            'Without ',
                            weakest_without,
                            ' it would be ',
                            {{ difference_words("weakest", "decimals + 1", "word_higher", "word_lower") }},
                            ', without ',
                            strongest_without,
                            ' ',
                            {{ difference_words("strongest", "decimals + 1", "word_higher", "word_lower") }},
                            '.'
                        )
                end,
                -- Chance.
                case
                    when is_over_councils and slope_lci_95 is null and caution is null
                    then 'How exact this is cannot be told, because we hold no intervals.'
                    when is_over_councils
                    then null
                    when n_judged = 0 and caution is not null
                    then 'We make no test of chance.'
                    when n_judged = 0
                    then 'Whether by more than chance cannot be told, because we hold no intervals.'
                    else
                        concat_ws(
                            ' ',
                            case
                                when verdict_by = 'publisher'
                                then 'By more than chance, says the publisher itself:'
                                else 'By more than chance:'
                            end,
                            case
                                when n_first_beyond + n_second_beyond > 0
                                then
                                    concat_ws(
                                        ' ',
                                        first_word,
                                        'in',
                                        {{ none_or("n_first_beyond") }},
                                        'and',
                                        second_word,
                                        'in',
                                        {{ none_or("n_second_beyond") }}
                                    )
                                else 'in none'
                            end,
                            'of the',
                            n_judged,
                            'that can be judged.'
                        )
                end,
                -- All councils.
                case
                    when pooled_value is not null
                    then
                        concat_ws(
                            '',
                            'The councils together: about ',
                            {{
                                difference_words(
                                    "pooled_value", "decimals", "word_higher", "word_lower", "unit_words"
                                )
                            }},
                            ' (95 % limits ',
                            {{ difference_words("pooled_lci_95", "decimals", "word_higher", "word_lower") }},
                            ' to ',
                            {{ difference_words("pooled_uci_95", "decimals", "word_higher", "word_lower") }},
                            '; approximate',
                            case
                                when pooled_lci_95 <= 0 and pooled_uci_95 >= 0
                                then '; they include no difference'
                            end,
                            ').'
                        )
                    when n_areas - n_other_side > 1 and lowest_difference < highest_difference
                    then
                        concat_ws(
                            '',
                            'From ',
                            {{
                                difference_words(
                                    "lowest_difference",
                                    "decimals",
                                    "word_higher",
                                    "word_lower",
                                    "unit_words",
                                )
                            }},
                            ' (',
                            lowest_area,
                            ') to ',
                            {{
                                difference_words(
                                    "highest_difference", "decimals", "word_higher", "word_lower"
                                )
                            }},
                            ' (',
                            highest_area,
                            ').'
                        )
                end,
                case
                    when whole_value is not null
                    then
                        concat_ws(
                            '',
                            'Cheshire and Merseyside as a whole',
                            case
                                when left(question_no, 1) = '2' then ', differences between councils included'
                            end,
                            ': ',
                            {{
                                difference_words(
                                    "whole_value", "decimals", "word_higher", "word_lower", "unit_words"
                                )
                            }},
                            case
                                when whole_lci_95 is not null
                                then
                                    concat_ws(
                                        '',
                                        ' (95 % limits ',
                                        {{
                                            difference_words(
                                                "whole_lci_95", "decimals", "word_higher", "word_lower"
                                            )
                                        }},
                                        ' to ',
                                        {{
                                            difference_words(
                                                "whole_uci_95", "decimals", "word_higher", "word_lower"
                                            )
                                        }},
                                        ')'
                                    )
                            end,
                            '.'
                        )
                end,
                case
                    when england_value is not null
                    then
                        concat_ws(
                            '',
                            'England: ',
                            {{
                                difference_words(
                                    "england_value", "decimals", "word_higher", "word_lower", "unit_words"
                                )
                            }},
                            '.'
                        )
                end
            ) as sentence
        from worded
    ),

    answered as (
        select
            *,
            n_areas as n_figures,
            case
                when pooled_value is not null
                then
                    concat_ws(
                        ' ',
                        'inverse variance over',
                        n_areas,
                        'councils, fixed effect, approximate; I2',
                        cast(cast(round(100 * inconsistency) as int) as string),
                        '%'
                    )
                when inconsistency is not null
                then
                    concat_ws(
                        ' ', 'not pooled; I2', cast(cast(round(100 * inconsistency) as int) as string), '%'
                    )
            end as pooled_method,
            concat_ws(
                ' ',
                case
                    when is_old
                    then
                        'The newest such figures are of '
                        || coalesce(period, 'years ago')
                        || ', and say nothing of today.'
                end,
                case
                    when statistic_status is not null
                    then 'The publisher calls the figures ' || statistic_status || '.'
                end,
                case
                    when areas_without is not null
                    then 'Without comparable figures, and not counted: ' || areas_without || '.'
                end,
                case
                    when n_within_rounding > 0
                    then
                        concat_ws(
                            ' ',
                            n_within_rounding,
                            'of',
                            n_areas,
                            'differences are no larger than the rounding of the figures.'
                        )
                end,
                case
                    when detectable_change is not null
                    then
                        concat_ws(
                            ' ',
                            'For one council alone a difference counts as more than chance from',
                            {{ plain_number("detectable_change", "decimals") }},
                            unit_words,
                            'upwards',
                            case
                                when largest_detectable_change > detectable_change
                                then
                                    concat_ws(
                                        ' ',
                                        'where the figures are most exact, and from',
                                        {{ plain_number("largest_detectable_change", "decimals") }},
                                        'where they are least'
                                    )
                            end
                        )
                        || '.'
                end,
                case
                    when n_areas > 1 and n_judged > 0 and n_judged < n_areas
                    then concat_ws(' ', n_areas - n_judged, 'of', n_areas, 'figures have no interval.')
                end,
                case
                    when verdict_by in ('publisher', 'both')
                    then
                        'We cannot make our own test: the verdict is that of the publisher, by its own method.'
                end,
                case
                    when n_judged > 1 and n_higher_beyond_chance + n_lower_beyond_chance > 0
                    then
                        concat_ws(
                            ' ',
                            'If no council differed,',
                            {{ plain_number("0.05 * n_judged", "1") }},
                            'of',
                            n_judged,
                            'figures would on average still seem to, by chance alone.'
                        )
                    when n_judged > 1 and n_judged = n_areas and (pooled_lci_95 > 0 or pooled_uci_95 < 0)
                    then 'No council alone differs by more than chance; all together do.'
                end,
                case
                    when inconsistency >= 0.5
                    then
                        concat_ws(
                            ' ',
                            'The councils differ among themselves by more than chance, which does not explain',
                            cast(cast(round(100 * inconsistency) as int) as string),
                            '% of the spread between them (I2), so that no one number stands for all.'
                        )
                end,
                case
                    when period is null
                    then 'The councils do not have the same periods, so that they are not taken together.'
                end,
                case
                    when is_from_the_pandemic and question_no = '1c' and n_higher > n_lower
                    then
                        'The earlier period touches the pandemic, when life expectancy was low: a rise since then may be a return. Read it beside question 1b.'
                    when is_from_the_pandemic and question_no = '1c'
                    then 'The earlier period touches the pandemic: read it beside question 1b.'
                    when is_from_the_pandemic
                    then
                        'The earlier period touches the pandemic, when figures were unusual: a change since then may be a return.'
                end,
                case
                    when weakest_without is null or n_other_side > 0 or highest_difference = 0
                    then null
                    when weakest / highest_difference < 0
                    then 'Whether it is wider or narrower depends on which council is left out.'
                    when weakest / highest_difference < 0.5
                    then 'One council makes most of this change: ' || weakest_without || '.'
                end,
                case
                    when
                        question_no = '2a'
                        and not is_over_councils
                        and n_lower > 0
                        and outcome like '%, gap %'
                    then
                        'A narrower gap is no success where both groups do badly: see their own figures in fct_observation.'
                end,
                case
                    when other_question is not null
                    then concat_ws('', 'Question ', other_question, ' points the other way.')
                end,
                case
                    when one_evidence_with is not null
                    then
                        concat_ws(
                            '',
                            'One piece of evidence with: ',
                            one_evidence_with,
                            coalesce(' (' || evidence_group || ')', ''),
                            '. Do not count them apart.'
                        )
                end,
                reader_note,
                caution
            ) as all_cautions,
            {{ evidence_of("question_no") }} as evidence
        from sentence
    ),

    by_reason as (
        select
            question_no,
            kind,
            count(*) as n,
            max(n_asked) as n_asked,
            upper(left(reason, 1))
            || substr(reason, 2)
            || ': '
            || {{ listed("indicator_name", "; ") }} as names
        from {{ ref("fct_question_unanswered").include(database=false) }}
        group by question_no, kind, reason
    ),

    silent as (
        select
            question_no,
            kind,
            concat_ws(
                ' ',
                'Without an answer here:',
                sum(n),
                'of',
                max(n_asked),
                kind,
                'indicators.',
                {{ listed("names", ". ") }} || '.'
            ) as sentence
        from by_reason
        group by question_no, kind
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
            all_cautions as caution,
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
                    when is_over_our_councils
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
            n_determinants as n_figures,
            n_better as n_higher,
            n_worse as n_lower,
            n_determinants as n_judged,
            n_better_beyond_chance as n_higher_beyond_chance,
            n_worse_beyond_chance as n_lower_beyond_chance,
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
                    case when least_areas < n_areas then 'up to' end,
                    n_areas,
                    case
                        when is_over_our_councils
                        then 'councils of Cheshire and Merseyside:'
                        else 'councils of England that have both figures:'
                    end,
                    n_better,
                    'of',
                    n_determinants,
                    kind,
                    'determinants are better where',
                    outcome_name
                    || ', '
                    || case outcome_sex when 'Female' then 'females' else 'males' end
                    || ', is longer; worse:',
                    {{ none_or("n_worse") }}
                ),
                ' (' || worse_determinants || ')',
                concat_ws(
                    ' ',
                    '. Rank correlations:',
                    {{ plain_number("smallest_rho", "2") }},
                    'to',
                    {{ plain_number("largest_rho", "2") }},
                    'in size. By more than chance, adjusted for the number of pairs:',
                    {{ none_or("n_better_beyond_chance") }},
                    'of the better,',
                    {{ none_or("n_worse_beyond_chance") }},
                    'of the worse.'
                )
            ) as sentence,
            concat_ws(
                ' ',
                concat_ws(
                    ' ',
                    'Do not count these as',
                    n_determinants,
                    case when n_determinants = 1 then 'finding:' else 'findings:' end,
                    'they are at most',
                    n_pieces_of_evidence,
                    case when n_pieces_of_evidence = 1 then 'piece' else 'pieces' end,
                    'of evidence'
                ) || case
                    when is_over_our_councils and first_axis_share is not null
                    then
                        concat_ws(
                            ' ',
                            ', and',
                            cast(cast(round(100 * first_axis_share) as int) as string),
                            '% of the variation of all determinants over these councils is one common pattern.'
                        )
                    else '.'
                end,
                'Their years differ, see the evidence. These are rankings of councils, not of people, and do not show what causes what.',
                reader_notes
            ) as caution,
            {{ evidence_of("'4'") }} as evidence
        from {{ ref("vw_question_rankings").include(database=false) }}

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
            {{ evidence_of("question_no") }} as evidence
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
