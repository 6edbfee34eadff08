{#- Gaps and gradients, and how each changed over about five years: from the newest comparable period that began at least
    five years before the newest one, or from the earliest comparable one where the series is shorter. A period that
    touches the pandemic comes only where there is no other: a change since then would mostly be the return from it
    (claims were narrower over the councils since 2020, and wider since 2019).

    Comparable: a period of the same kind and length (and of the same season, below a year), of figures of the same
    status, that ended before the newest one began, with no break of the series in between. Two periods that do not
    overlap are taken as independent. The change of a difference is newest minus earlier, with sqrt(se1^2 + se2^2); that of
    a ratio is newest divided by earlier, with the same on the log scale. The standard errors are those of the two limits.

    Whether a gap widened is judged on its size, |gap| or |ln ratio|: a gap that changed sides is wider only where it is
    larger than it was. Where it kept its side, this is whether the interval of the change leaves out zero (or one). -#}
with
    level as (
        select
            indicator_code,
            area_code,
            period_id,
            period_start,
            period_end,
            sex,
            age,
            measure,
            group_a,
            group_b,
            value,
            lci_95,
            uci_95,
            method,
            cast(null as int) as seed,
            cast(null as int) as repetitions,
            direction,
            reason,
            2 as n_groups,
            quantile_edition,
            cast(null as string) as weighting,
            cast(null as double) as share_joined,
            status_to_compare,
            begins_anew
        from {{ ref("int_gap") }}
        union all
        select
            indicator_code,
            area_code,
            period_id,
            period_start,
            period_end,
            sex,
            age,
            measure,
            group_a,
            group_b,
            value,
            lci_95,
            uci_95,
            method,
            seed,
            repetitions,
            direction,
            reason,
            n_groups,
            quantile_edition,
            weighting,
            share_joined,
            status_to_compare,
            begins_anew
        from {{ ref("int_gradient") }}
        union all
        select
            indicator_code,
            area_code,
            period_id,
            period_start,
            period_end,
            sex,
            age,
            measure,
            group_a,
            group_b,
            value,
            lci_95,
            uci_95,
            method,
            cast(null as int) as seed,
            cast(null as int) as repetitions,
            direction,
            reason,
            n_groups,
            quantile_edition,
            weighting,
            cast(null as double) as share_joined,
            status_to_compare,
            begins_anew
        from {{ ref("int_council_slope") }}
    ),

    {% set series = ["indicator_code", "area_code", "sex", "age", "measure", "group_a", "group_b"] %}

    known as (
        select
            level.*,
            period.period_type,
            period.n_years,
            level.measure in ('relative_gap', 'relative_index') as is_ratio,
            case
                when level.measure in ('relative_gap', 'relative_index')
                then {{ log_standard_error("level.lci_95", "level.uci_95") }}
                else {{ standard_error("level.lci_95", "level.uci_95") }}
            end as error,
            case
                when level.measure not in ('relative_gap', 'relative_index')
                then abs(level.value)
                when level.value > 0
                then abs(ln(level.value))
            end as size,
            row_number() over (
                partition by level.{{ series | join(", level.") }}
                order by level.period_end desc, level.period_start desc, level.period_id
            ) as recency
        from level
        left join {{ ref("dim_period") }} as period on level.period_id = period.period_id
        -- What the area would have is a rate and no inequality, which neither widens nor narrows.
        where level.value is not null and level.measure <> 'rate_if_as_least_deprived'
    ),

    series_break as (
        select distinct known.{{ series | join(", known.") }}, declared.first_day
        from known
        inner join
            {{ source("raw", "catalogue_series_break") }} as declared
            on known.indicator_code = declared.indicator_code
        where declared.is_break and declared.first_day is not null
        union
        select {{ series | join(", ") }}, period_start as first_day
        from known
        where begins_anew
    ),

    comparable as (
        select
            newest.{{ series | join(", newest.") }},
            earlier.period_id as since_period_id,
            earlier.value,
            earlier.error,
            earlier.size,
            row_number() over (
                partition by newest.{{ series | join(", newest.") }}
                order by
                    case when {{ touches_the_pandemic("earlier") }} then 1 else 0 end,
                    case
                        when {{ years_apart("earlier.period_start", "newest.period_start") }} >= 5
                        then 0
                        else 1
                    end,
                    case
                        when {{ years_apart("earlier.period_start", "newest.period_start") }} >= 5
                        then - {{ years_apart("date '1900-01-01'", "earlier.period_start") }}
                        else {{ years_apart("date '1900-01-01'", "earlier.period_start") }}
                    end,
                    earlier.period_id
            ) as place
        from known as newest
        inner join
            known as earlier
            on newest.recency = 1
            and earlier.period_end < newest.period_start
            and earlier.period_type = newest.period_type
            and abs(earlier.n_years - newest.n_years) < 0.01
            and (
                newest.n_years >= 1
                or extract(month from earlier.period_start) = extract(month from newest.period_start)
            )
            and earlier.status_to_compare = newest.status_to_compare
            {% for column in series %} and earlier.{{ column }} = newest.{{ column }} {% endfor %}
        left join
            series_break
            on earlier.period_start < series_break.first_day
            and newest.period_end >= series_break.first_day
            {% for column in series %} and newest.{{ column }} = series_break.{{ column }} {% endfor %}
        where series_break.first_day is null
    ),

    paired as (
        select
            newest.*,
            comparable.since_period_id,
            case
                when newest.is_ratio
                then newest.value / nullif(comparable.value, 0)
                else newest.value - comparable.value
            end as change,
            sqrt(power(newest.error, 2) + power(comparable.error, 2)) as error_of_change,
            newest.size - comparable.size as growth
        from known as newest
        left join
            comparable on comparable.place = 1
            {% for column in series %} and newest.{{ column }} = comparable.{{ column }} {% endfor %}
        where newest.recency = 1
    ),

    change as (
        select
            *,
            case
                when is_ratio
                then change * exp(-{{ z_of("95") }} * error_of_change)
                else change - {{ z_of("95") }} * error_of_change
            end as change_lower,
            case
                when is_ratio
                then change * exp({{ z_of("95") }} * error_of_change)
                else change + {{ z_of("95") }} * error_of_change
            end as change_upper
        from paired
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    measure,
    group_a,
    group_b,
    value,
    lci_95,
    uci_95,
    method,
    seed,
    repetitions,
    direction,
    reason,
    n_groups,
    quantile_edition,
    weighting,
    share_joined,
    cast(null as string) as since_period_id,
    cast(null as string) as outcome
from level
union all
select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    measure || '_change' as measure,
    group_a,
    group_b,
    -- Without the last bits, which would make a difference of equal figures something.
    case when abs(change) < 5e-10 then 0 else round(change, 9) end as value,
    change_lower as lci_95,
    change_upper as uci_95,
    case
        when change_lower is null then null when is_ratio then 'ratio_of_periods' else 'difference_of_periods'
    end as method,
    case when change_lower is not null then seed end as seed,
    case when change_lower is not null then repetitions end as repetitions,
    concat_ws(
        '',
        case when is_ratio then 'Newest period divided by earlier (' else 'Newest period minus earlier (' end,
        direction,
        ')'
    ) as direction,
    case
        when since_period_id is null then 'no_comparable_period' when change_lower is null then 'no_interval'
    end as reason,
    n_groups,
    quantile_edition,
    weighting,
    share_joined,
    since_period_id,
    case
        when error_of_change is null
        then null
        when growth - {{ z_of("95") }} * error_of_change > 0
        then 'widening'
        when growth + {{ z_of("95") }} * error_of_change < 0
        then 'narrowing'
        else 'no_significant_change'
    end as outcome
from change
