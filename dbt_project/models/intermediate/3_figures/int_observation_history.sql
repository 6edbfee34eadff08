{#- The figure in force for each key from moment to moment, worked out from the admitted vintages alone, so
    that a deleted warehouse comes back with its history. At each arrival of a vintage the figure in force
    is that of the dataset with the lowest precedence number that then carries the key. -#}
with
    period as ({{ periods_of_vintages() }}),

    arrival as (
        select vintage.dataset, vintage.part, vintage.seen_at as active_from
        from {{ source("raw", "vintage") }} as vintage
        inner join {{ source("raw", "admission") }} as admission on vintage.vintage_id = admission.vintage_id
        where admission.verdict = 'admitted'
    ),

    figure as (
        select staged.*, period.part_order, period.active_from, period.active_to
        from {{ ref("int_staged") }} as staged
        inner join
            period
            on staged.vintage_id = period.vintage_id
            and coalesce(staged.period_id, '') = period.period_id
        where staged.row_use = 'kept'
    ),

    key_source as (
        select observation_key, dataset, part, min(active_from) as first_active
        from figure
        group by observation_key, dataset, part
    ),

    moment as (
        select distinct key_source.observation_key, arrival.active_from as moment
        from key_source
        inner join
            arrival
            on key_source.dataset = arrival.dataset
            and key_source.part = arrival.part
            and arrival.active_from >= key_source.first_active
    ),

    candidate as (
        select
            moment.observation_key,
            moment.moment,
            figure.vintage_id,
            figure.source_row,
            coalesce(figure.measures_hash, 'withdrawn') as state,
            row_number() over (
                partition by moment.observation_key, moment.moment
                order by
                    case when figure.vintage_id is null then 1 else 0 end,
                    figure.precedence,
                    figure.part_order,
                    figure.vintage_id,
                    figure.source_row
            ) as preference
        from moment
        left join
            figure
            on moment.observation_key = figure.observation_key
            and figure.active_from <= moment.moment
            and {{ or_never("figure.active_to") }} > moment.moment
    ),

    in_force as (
        select *, lag(state) over (partition by observation_key order by moment) as state_before
        from candidate
        where preference = 1
    ),

    change as (
        select
            observation_key,
            moment as valid_from,
            lead(moment) over (partition by observation_key order by moment) as valid_to,
            vintage_id,
            source_row,
            case
                when state = 'withdrawn'
                then 'withdrawn'
                when state_before is null or state_before = 'withdrawn'
                then 'new'
                else 'revised'
            end as change,
            lag(vintage_id) over (partition by observation_key order by moment) as vintage_id_before,
            lag(source_row) over (partition by observation_key order by moment) as source_row_before
        from in_force
        where state is distinct from state_before
    ),

    described_change as (
        select
            described.indicator_code,
            described.area_code,
            described.period_id,
            described.period_start,
            described.period_end,
            described.sex,
            described.age,
            described.breakdown_type,
            described.breakdown_value,
            change.observation_key,
            change.valid_from,
            change.valid_to,
            change.change,
            change.vintage_id,
            change.source_row,
            change.vintage_id_before,
            case when not {{ status_hides_value("figure.status") }} then figure.value end as value,
            case when not {{ status_hides_value("figure.status") }} then figure.numerator end as numerator,
            figure.denominator,
            case when not {{ status_hides_value("figure.status") }} then figure.lci_95 end as lci_95,
            case when not {{ status_hides_value("figure.status") }} then figure.uci_95 end as uci_95,
            case when not {{ status_hides_value("figure.status") }} then figure.lci_998 end as lci_998,
            case when not {{ status_hides_value("figure.status") }} then figure.uci_998 end as uci_998,
            case when change.change = 'withdrawn' then 'withdrawn' else figure.status end as status,
            figure.status_note
        from change
        -- A landed row may hold several figures, so that the key is needed to name one.
        left join
            figure
            on change.vintage_id = figure.vintage_id
            and change.source_row = figure.source_row
            and change.observation_key = figure.observation_key
        inner join
            figure as described
            on described.vintage_id = coalesce(change.vintage_id, change.vintage_id_before)
            and described.source_row = coalesce(change.source_row, change.source_row_before)
            and described.observation_key = change.observation_key
    ),

    {#- Where a publisher gives counts of people and no limits, the card says whose limits they have. Survey estimates,
        whose counts are grossed up, keep those that are published or none. -#}
    limited as (
        select
            figure.*,
            case
                when
                    figure.lci_95 is null
                    and figure.uci_95 is null
                    and figure.lci_998 is null
                    and figure.uci_998 is null
                    and figure.value is not null
                    and figure.numerator is not null
                    and figure.denominator > 0
                    and indicator.ci_method in ('wilson', 'byar')
                then indicator.ci_method
            end as computed_method,
            indicator.multiplier
        from described_change as figure
        left join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on figure.indicator_code = indicator.indicator_code
    ),

    computed as (
        select
            *,
            {% for level in ["95", "998"] %}
                {{ count_limit("computed_method", "numerator", "denominator", "multiplier", level, "lower") }}
                as computed_lci_{{ level }},
                {{ count_limit("computed_method", "numerator", "denominator", "multiplier", level, "upper") }}
                as computed_uci_{{ level }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
        from limited
    ),

    {#- A value that its own counts do not bear out, such as one of a rounded count, has no limits from them. -#}
    settled as (
        select
            *,
            computed_method is not null and value between computed_lci_95 and computed_uci_95 as is_computed
        from computed
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
    observation_key,
    valid_from,
    valid_to,
    change,
    vintage_id,
    source_row,
    vintage_id_before,
    value,
    numerator,
    denominator,
    {% for limit in ["lci_95", "uci_95", "lci_998", "uci_998"] %}
        case when is_computed then computed_{{ limit }} else {{ limit }} end as {{ limit }},
    {% endfor %}
    case
        when is_computed
        then computed_method
        when lci_95 is null and lci_998 is null
        then 'none'
        else 'published'
    end as ci_method,
    status,
    status_note
from settled
