{#- Whether a figure differs from a benchmark. One place, so that fct_comparison and fct_revision decide alike.
    Source of the methods: OHID Fingertips technical guidance, comparators 1, 12 and 17. They compare intervals and
    are no tests of significance: at 95 % one figure in twenty differs by chance alone, more seldom where a benchmark
    has an interval of its own. -#}
{#- True where a is above b by more than a computer's rounding. The sums behind a derived benchmark may differ in
    their last bits with the order of the rows, and a limit that equals the benchmark must not become a difference
    by that. Publishers give no more than about ten digits. -#}
{% macro is_above(a, b) -%}
    ({{ a }}) - ({{ b }}) > 1e-12 * greatest(abs({{ a }}), abs({{ b }}), 1e-3)
{%- endmacro %}

{#- `lower`, `similar`, `higher` or `not_compared`, never null. Unit of all measures: that of the indicator.
    ci_overlaps_value (comparator 1): `lower` where the whole interval of the figure lies below the benchmark's value,
    `higher` where it lies above it. A limit that equals the value is `similar`, as in OHID's own comparisons.
    two_levels (comparator 17): the same at 95 %; significant_998 tells it at 99.8 %, which makes five outcomes.
    ci_overlaps_ci (comparator 12): `lower` or `higher` where the two intervals have no point in common.
    none: never.
    Without an interval of the figure there is no comparison; the rank of two values says nothing of chance. -#}
{% macro compared(value, lci_95, uci_95, benchmark_value, benchmark_lci_95, benchmark_uci_95, method) -%}
    case
        when
            {{
                not_compared_reason(
                    value, lci_95, uci_95, benchmark_value, benchmark_lci_95, benchmark_uci_95, method
                )
            }} is not null
        then 'not_compared'
        when {{ method }} = 'ci_overlaps_ci' and {{ is_above(benchmark_lci_95, uci_95) }}
        then 'lower'
        when {{ method }} = 'ci_overlaps_ci' and {{ is_above(lci_95, benchmark_uci_95) }}
        then 'higher'
        when {{ method }} <> 'ci_overlaps_ci' and {{ is_above(benchmark_value, uci_95) }}
        then 'lower'
        when {{ method }} <> 'ci_overlaps_ci' and {{ is_above(lci_95, benchmark_value) }}
        then 'higher'
        else 'similar'
    end
{%- endmacro %}

{#- Why there is no comparison, the first that applies; null where there is one. -#}
{% macro not_compared_reason(
    value, lci_95, uci_95, benchmark_value, benchmark_lci_95, benchmark_uci_95, method
) -%}
    case
        when {{ method }} is null or {{ method }} not in ('ci_overlaps_value', 'two_levels', 'ci_overlaps_ci')
        then 'not_comparable'
        when {{ value }} is null
        then 'no_figure'
        when {{ benchmark_value }} is null
        then 'benchmark_has_no_figure'
        when {{ lci_95 }} is null or {{ uci_95 }} is null
        then 'no_interval'
        when
            {{ method }} = 'ci_overlaps_ci'
            and ({{ benchmark_lci_95 }} is null or {{ benchmark_uci_95 }} is null)
        then 'benchmark_has_no_interval'
    end
{%- endmacro %}

{#- The same decision by the 99.8 % limits, as true or false; null where it cannot be made. -#}
{% macro significant_998(
    value, lci_998, uci_998, benchmark_value, benchmark_lci_998, benchmark_uci_998, method
) -%}
    case
        {{ compared(value, lci_998, uci_998, benchmark_value, benchmark_lci_998, benchmark_uci_998, method) }}
        when 'similar'
        then false
        when 'not_compared'
        then null
        else true
    end
{%- endmacro %}

{#- `better`, `similar` or `worse` of an outcome of compared(), by the polarity of the indicator. Null where nothing
    was compared, and for the polarity `none` (blue, orange, blue), where a difference is neither good nor bad. -#}
{% macro judged(outcome, polarity) -%}
    case
        when {{ polarity }} is null or {{ polarity }} not in ('higher_is_better', 'lower_is_better')
        then null
        when {{ outcome }} = 'similar'
        then 'similar'
        when {{ outcome }} not in ('lower', 'higher')
        then null
        when ({{ outcome }} = 'higher') = ({{ polarity }} = 'higher_is_better')
        then 'better'
        else 'worse'
    end
{%- endmacro %}
