{#- One view answers several questions, each with columns of its own: vw_question_points has them under one name. A question
    is (number, difference, verdict, its words for lower, higher and similar, whose verdict, what it is set beside). -#}
{#- The column of each question. -#}
{% macro by_question(questions, place) -%}
    case
        question_no
        {% for question in questions %} when '{{ question[0] }}' then {{ question[place] }} {% endfor %}
    end
{%- endmacro %}

{#- Lower, higher or similar of a view's own words. -#}
{% macro side_by_question(questions) -%}
    case
        question_no
        {% for no, _, verdict, words, _, _ in questions %}
            when '{{ no }}'
            then
                case
                    {{ verdict }}
                    when '{{ words[0] }}'
                    then 'lower'
                    when '{{ words[1] }}'
                    then 'higher'
                    when '{{ words[2] }}'
                    then 'similar'
                end
        {% endfor %}
    end
{%- endmacro %}

{#- Each row once for each question that it answers. -#}
{% macro asked_of(relation, questions) -%}
    select question.question_no, answer.*
    from {{ relation }} as answer
    cross join
        (
            {% for question in questions %}
                select '{{ question[0] }}' as question_no
                {% if not loop.last %}
                    union all
                {% endif %}
            {% endfor %}
        ) as question
{%- endmacro %}

{#- The view with the figures of a question. -#}
{% macro evidence_of(question_no) -%}
    case
        left({{ question_no }}, 1)
        when '1'
        then 'vw_life_expectancy_lower_and_falling'
        when '2'
        then 'vw_inequalities_wider_and_widening'
        when '3'
        then 'vw_determinants_through_the_pandemic'
        else 'vw_determinants_and_life_expectancy'
    end
{%- endmacro %}

{#- What an indicator is. -#}
{% macro kind_of(relation=none) -%}
    {%- set its = relation ~ "." if relation else "" -%}
    case
        when {{ its }}is_proxy
        then 'proxy'
        when {{ its }}beacon_no is not null
        then 'beacon'
        else 'supporting'
    end
{%- endmacro %}
