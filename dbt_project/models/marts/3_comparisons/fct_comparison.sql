{#- Each figure beside the figure of its benchmark for the very same key: period, sex, age and breakdown. -#}
with
    figure as (
        select observation.*, indicator.polarity, indicator.multiplier, indicator.comparison_method as method
        from {{ ref("fct_observation") }} as observation
        inner join
            {{ source("raw", "catalogue_indicator") }} as indicator
            on observation.indicator_code = indicator.indicator_code
        where observation.value is not null
    ),

    paired as (
        select
            figure.*,
            benchmark.benchmark_area_code,
            benchmark.includes_area,
            compared_with.value as benchmark_value,
            compared_with.lci_95 as benchmark_lci_95,
            compared_with.uci_95 as benchmark_uci_95,
            compared_with.lci_998 as benchmark_lci_998,
            compared_with.uci_998 as benchmark_uci_998,
            compared_with.vintage_id as benchmark_vintage_id,
            -- What is approximate is never compared as if it were published, on neither side.
            case
                when figure.derived_by = 'approximate_pool'
                then 'approximate_figure'
                when compared_with.derived_by = 'approximate_pool'
                then 'approximate_benchmark'
            end as approximate
        from figure
        inner join {{ ref("int_benchmark") }} as benchmark on figure.area_code = benchmark.area_code
        left join
            figure as compared_with
            on benchmark.benchmark_area_code = compared_with.area_code
            and figure.indicator_code = compared_with.indicator_code
            and figure.period_id = compared_with.period_id
            and figure.sex = compared_with.sex
            and figure.age = compared_with.age
            and figure.breakdown_type = compared_with.breakdown_type
            and figure.breakdown_value = compared_with.breakdown_value
        where compared_with.value is not null or benchmark.benchmark_area_code = 'E92000001'
    ),

    {#- The benchmark is a column and no condition of the join: an engine then joins by a hash and not row by row. -#}
    said as (select *, 'E92000001' as benchmark_area_code from {{ ref("int_publisher_outcome") }}),

    decided as (
        select
            paired.*,
            said.publisher_outcome,
            {% set at_95 = [
                "value",
                "lci_95",
                "uci_95",
                "benchmark_value",
                "benchmark_lci_95",
                "benchmark_uci_95",
                "method",
                "denominator",
                "multiplier",
            ] %}
            {% set at_998 = [
                "value",
                "lci_998",
                "uci_998",
                "benchmark_value",
                "benchmark_lci_998",
                "benchmark_uci_998",
                "method",
                "denominator",
                "multiplier",
            ] %}
            case
                when approximate is not null then 'not_compared' else {{ compared(*at_95) }}
            end as outcome_statistical,
            case when approximate is null then {{ significant_998(*at_998) }} end as is_significant_998,
            coalesce(approximate, {{ not_compared_reason(*at_95) }}) as reason
        from paired
        left join
            said on paired.benchmark_area_code = said.benchmark_area_code
            {% for column in observation_key_columns() %}
                and paired.{{ column }} = said.{{ column }}
            {% endfor %}
    )

select
    indicator_code,
    area_code,
    period_id,
    sex,
    age,
    breakdown_type,
    breakdown_value,
    benchmark_area_code,
    benchmark_value,
    benchmark_lci_95,
    benchmark_uci_95,
    -- Without the last bits, which are a computer's.
    round(value - benchmark_value, 9) as difference,
    method,
    outcome_statistical,
    {{ judged("outcome_statistical", "polarity") }} as outcome_judged,
    publisher_outcome,
    is_significant_998,
    reason,
    includes_area,
    benchmark_vintage_id,
    observation_key,
    is_headline,
    indicator_key,
    area_key,
    period_key
from decided
