{#- Which councils a total is compared across: those of the figure's own period, each once, under whichever code the
    publisher wrote. -#}
{% set figure = ["tier", "indicator_code", "period_id", "sex", "age"] %}
{#- The lists of councils at hand begin on this day; an earlier period is given to the councils of that day. -#}
{% set lists_begin = "date '2009-04-01'" %}

with
    change as (select old_code, new_code from {{ source("raw", "catalogue_area_change") }}),

    {#- Councils of the same ground at different times: what a council was made of, and what it became. -#}
    became as (
        select distinct old.tier, old.council_code, new.council_code as later_code
        from change
        inner join {{ ref("int_council") }} as old on change.old_code = old.area_code
        inner join {{ ref("int_council") }} as new on change.new_code = new.area_code and old.tier = new.tier
        where old.council_code <> new.council_code
    ),

    became_in_the_end as (
        select tier, council_code, later_code
        from became
        union
        select first.tier, first.council_code, second.later_code
        from became as first
        inner join became as second on first.later_code = second.council_code and first.tier = second.tier
    ),

    same_ground as (
        select tier, council_code, later_code as other_code
        from became_in_the_end
        union
        select tier, later_code as council_code, council_code as other_code
        from became_in_the_end
    ),

    total as (
        select
            council.tier,
            council.council_code,
            council.in_cheshire_merseyside,
            council.first_day,
            council.last_day,
            observation.indicator_code,
            observation.area_code,
            observation.period_id,
            observation.period_end,
            observation.sex,
            observation.age,
            observation.breakdown_type,
            observation.breakdown_value,
            observation.value,
            observation.lci_95,
            observation.uci_95,
            observation.vintage_id,
            row_number() over (
                partition by
                    council.tier,
                    council.council_code,
                    observation.indicator_code,
                    observation.period_id,
                    observation.sex,
                    observation.age
                order by
                    case when observation.value is null then 1 else 0 end,
                    case when observation.area_code = council.council_code then 0 else 1 end,
                    observation.area_code desc
            ) as place
        from {{ ref("fct_observation") }} as observation
        inner join {{ ref("int_council") }} as council on observation.area_code = council.area_code
        where observation.breakdown_type = 'Total'
    ),

    council_total as (
        select *, greatest(period_end, {{ lists_begin }}) between first_day and last_day as is_of_the_period
        from total
        where place = 1
    ),

    {#- A council that was not there, or no longer, beside the councils whose ground it has. -#}
    beside_another as (
        select distinct {% for column in figure %} later.{{ column }}, {% endfor %} later.council_code
        from council_total as later
        inner join
            same_ground on later.tier = same_ground.tier and later.council_code = same_ground.council_code
        inner join
            council_total as own on same_ground.other_code = own.council_code
            {% for column in figure %} and later.{{ column }} = own.{{ column }} {% endfor %}
        where not later.is_of_the_period and own.is_of_the_period and own.value is not null
    ),

    kept as (
        select council_total.*
        from council_total
        left join
            beside_another on council_total.council_code = beside_another.council_code
            {% for column in figure %}
                and council_total.{{ column }} = beside_another.{{ column }}
            {% endfor %}
        where beside_another.council_code is null
    ),

    moment as (select distinct greatest(period_end, {{ lists_begin }}) as last_day from kept),

    council as (select distinct tier, council_code, first_day, last_day from {{ ref("int_council") }}),

    of_the_period as (
        select council.tier, council.council_code, moment.last_day
        from moment
        inner join council on moment.last_day between council.first_day and council.last_day
    ),

    number_of_the_period as (
        select tier, last_day, count(*) as n_councils from of_the_period group by tier, last_day
    ),

    {#- Publishers give old periods for councils that were made later. Such a council stands for those that it was made of. -#}
    other_ground as (
        select
            {% for column in figure %} kept.{{ column }}, {% endfor %}
            count(distinct kept.council_code) as n_instead,
            count(distinct of_the_period.council_code) as n_replaced
        from kept
        left join same_ground on kept.tier = same_ground.tier and kept.council_code = same_ground.council_code
        left join
            of_the_period
            on same_ground.tier = of_the_period.tier
            and same_ground.other_code = of_the_period.council_code
            and greatest(kept.period_end, {{ lists_begin }}) = of_the_period.last_day
        where not kept.is_of_the_period
        group by {% for column in figure %} kept.{{ column }}{% if not loop.last %}, {% endif %} {% endfor %}
    )

select
    {% for column in figure %} kept.{{ column }}, {% endfor %}
    kept.council_code,
    kept.area_code,
    kept.in_cheshire_merseyside,
    kept.period_end,
    kept.breakdown_type,
    kept.breakdown_value,
    kept.value,
    kept.lci_95,
    kept.uci_95,
    kept.vintage_id,
    cast(
        number_of_the_period.n_councils
        + coalesce(other_ground.n_instead, 0)
        - coalesce(other_ground.n_replaced, 0) as int
    ) as n_councils
from kept
inner join
    number_of_the_period
    on kept.tier = number_of_the_period.tier
    and greatest(kept.period_end, {{ lists_begin }}) = number_of_the_period.last_day
left join
    other_ground
    {% for column in figure %}
        {% if loop.first %} on {% else %} and {% endif %} kept.{{ column }} = other_ground.{{ column }}
    {% endfor %}
