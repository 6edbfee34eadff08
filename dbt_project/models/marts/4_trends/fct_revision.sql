{#- What changed with a revision, beside the figure itself. Most figures were never revised: the history is looked up
    for those that were, by the moment at which the figure before ended. -#}
{% set benchmark = "'E92000001'" %}
{% set sides = {
    "before": "history.valid_from < revision.seen_at and (history.valid_to is null or history.valid_to >= revision.seen_at)",
    "since": "history.valid_from <= revision.seen_at and (history.valid_to is null or history.valid_to > revision.seen_at)",
} %}

with
    history as (select * from {{ ref("fct_observation_history") }}),

    revision as (
        select
            {% for column in observation_key_columns() %} newer.{{ column }}, {% endfor %}
            newer.valid_from as seen_at,
            {% for measure in ["value", "denominator", "lci_95", "uci_95", "status", "vintage_id"] %}
                older.{{ measure }} as old_{{ measure }}, newer.{{ measure }} as new_{{ measure }},
            {% endfor %}
            newer.is_derived,
            {{ series_key("newer") }} as series_key,
            indicator.comparison_method,
            indicator.multiplier,
            {{ is_headline("newer", "indicator") }} as is_headline
        from history as newer
        inner join
            history as older
            on {{ same_in_both(observation_key_columns(), "newer", "older") }}
            and newer.valid_from = older.valid_to
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on newer.indicator_code = indicator.indicator_code
        where newer.change = 'revised'
    ),

    {#- England beside the figure, as it was known just before the revision and from then on. -#}
    {% for side, condition in sides.items() %}
        england_{{ side }} as (
            select
                {% for column in observation_key_columns() %} revision.{{ column }}, {% endfor %}
                revision.seen_at,
                history.value,
                history.lci_95,
                history.uci_95
            from revision
            inner join
                history
                on history.area_code = {{ benchmark }}
                and {{
                    same_in_both(
                        observation_key_columns() | reject("equalto", "area_code"), "revision", "history"
                    )
                }}
                and revision.area_code <> {{ benchmark }}
            where {{ condition }}
        ),
    {% endfor %}

    judged as (
        select
            revision.*,
            case
                when revision.area_code <> {{ benchmark }}
                then
                    {{
                        compared(
                            "revision.old_value",
                            "revision.old_lci_95",
                            "revision.old_uci_95",
                            "england_before.value",
                            "england_before.lci_95",
                            "england_before.uci_95",
                            "revision.comparison_method",
                            "revision.old_denominator",
                            "revision.multiplier",
                        )
                    }}
            end as old_outcome_statistical,
            case
                when revision.area_code <> {{ benchmark }}
                then
                    {{
                        compared(
                            "revision.new_value",
                            "revision.new_lci_95",
                            "revision.new_uci_95",
                            "england_since.value",
                            "england_since.lci_95",
                            "england_since.uci_95",
                            "revision.comparison_method",
                            "revision.new_denominator",
                            "revision.multiplier",
                        )
                    }}
            end as new_outcome_statistical,
            trend_before.outcome as old_trend,
            trend_since.outcome as new_trend,
            window_point.period_id is not null as is_in_trend
        from revision
        {% for side in sides %}
            left join
                england_{{ side }}
                on {{ same_in_both(observation_key_columns() + ["seen_at"], "revision", "england_" ~ side) }}
            left join
                {{ ref("int_trend") }} as trend_{{ side }}
                on revision.series_key = trend_{{ side }}.series_key
                and revision.seen_at = trend_{{ side }}.moment
                and trend_{{ side }}.known = '{{ side }}'
        {% endfor %}
        left join
            {{ ref("int_trend_point") }} as window_point
            on revision.series_key = window_point.series_key
            and revision.seen_at = window_point.moment
            and revision.period_id = window_point.period_id
            and window_point.known = 'before'
    )

select
    {% for column in observation_key_columns() %} {{ column }}, {% endfor %}
    seen_at,
    is_derived,
    old_value,
    new_value,
    new_value - old_value as difference,
    old_status,
    new_status,
    old_vintage_id,
    new_vintage_id,
    old_outcome_statistical,
    new_outcome_statistical,
    case
        when old_outcome_statistical <> 'not_compared' or new_outcome_statistical <> 'not_compared'
        then old_outcome_statistical <> new_outcome_statistical
    end as comparison_changed,
    old_trend,
    new_trend,
    case
        when
            coalesce(old_trend, 'cannot_be_calculated') <> 'cannot_be_calculated'
            or coalesce(new_trend, 'cannot_be_calculated') <> 'cannot_be_calculated'
        then
            is_in_trend
            and coalesce(old_trend, 'cannot_be_calculated') <> coalesce(new_trend, 'cannot_be_calculated')
    end as trend_changed,
    {{ observation_key() }} as observation_key,
    is_headline
from judged
