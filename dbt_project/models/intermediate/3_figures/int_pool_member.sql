{#- Figures that may be pooled, each with the people by whom it is weighted. Weights are those of one day, the newest of
    the mid-year estimates, for every period: no other day has all councils. A figure of England and of the North West has
    its people, too: beside it stands the pool of its councils. -#}
with
    card as (
        select indicator_code, pooled_by, multiplier
        from {{ source("raw", "catalogue_indicator") }}
        where pooled_by is not null
    ),

    -- Figures under a code that was replaced by another for the same council are those of the council.
    recoded as (
        select old_code, new_code
        from {{ source("raw", "catalogue_area_change") }}
        where {{ keeps_its_area() }}
    ),

    estimate as (
        select
            staged.area_code,
            staged.sex,
            staged.age,
            case
                when staged.age <> 'All ages'
                then cast(nullif(regexp_extract(staged.age, '^([0-9]{1,2}) yrs$', 1), '') as int)
            end as year_of_age,
            staged.period_end,
            staged.value
        from {{ ref("stg_ons__population_estimates") }} as staged
        inner join {{ ref("int_vintage_in_force") }} as in_force on staged.vintage_id = in_force.vintage_id
        where staged.value is not null
    ),

    newest_day as (select max(period_end) as period_end from estimate),

    weight as (
        {% for age, years in weight_ages().items() %}
            {% set first, last = years %}
            select
                coalesce(recoded.new_code, estimate.area_code) as council_code,
                estimate.sex,
                '{{ age }}' as weight_age,
                max(estimate.period_end) as weight_day,
                {% if first is none %} max(case when age = 'All ages' then value end)
                {% elif last is none %}
                    case
                        when
                            count(distinct case when year_of_age < {{ first }} then year_of_age end)
                            = {{ first }}
                        then
                            max(case when age = 'All ages' then value end)
                            - sum(case when year_of_age < {{ first }} then value end)
                    end
                {% else %}
                    case
                        when
                            count(
                                distinct case
                                    when year_of_age between {{ first }} and {{ last }} then year_of_age
                                end
                            )
                            = {{ last - first + 1 }}
                        then sum(case when year_of_age between {{ first }} and {{ last }} then value end)
                    end
                {% endif %} as people
            from estimate
            inner join newest_day on estimate.period_end = newest_day.period_end
            left join recoded on estimate.area_code = recoded.old_code
            group by coalesce(recoded.new_code, estimate.area_code), estimate.sex
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    figure as (
        select
            history.*,
            card.pooled_by,
            card.multiplier,
            coalesce(recoded.new_code, history.area_code) as council_code,
            round({{ standard_error("history.lci_95", "history.uci_95", "95") }}, 9) as standard_error,
            row_number() over (
                partition by
                    history.indicator_code,
                    coalesce(recoded.new_code, history.area_code),
                    history.period_id,
                    history.sex,
                    history.age
                order by case when recoded.new_code is null then 0 else 1 end, history.area_code
            ) as place
        from {{ ref("int_observation_history") }} as history
        inner join card on history.indicator_code = card.indicator_code
        left join recoded on history.area_code = recoded.old_code
        where
            history.valid_to is null
            and history.change <> 'withdrawn'
            and history.breakdown_type = 'Total'
            and left(history.area_code, 3) in ('E06', 'E07', 'E08', 'E09', 'E10', 'E12', 'E92')
    )

select
    figure.indicator_code,
    figure.council_code as area_code,
    figure.period_id,
    figure.period_start,
    figure.period_end,
    figure.sex,
    figure.age,
    figure.value,
    figure.standard_error,
    figure.vintage_id,
    figure.valid_from,
    figure.pooled_by,
    weight.weight_day,
    case
        when figure.pooled_by <> 'own counts'
        then weight.people
        -- Of a share the publisher's own count says of how many: both are as printed.
        when figure.value > 0 and figure.numerator > 0
        then figure.multiplier * figure.numerator / figure.value
    end as weight
from figure
left join
    weight
    on figure.council_code = weight.council_code
    and figure.sex = weight.sex
    and figure.pooled_by = weight.weight_age
where figure.place = 1
