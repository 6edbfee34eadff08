{#- Whether a figure differs from a benchmark. One place, so that fct_comparison and fct_revision decide alike.
    Source of the methods: OHID Fingertips technical guidance, comparators 1, 5, 12 and 17. At 95 % one figure in twenty
    differs by chance alone from a benchmark without an interval; two intervals that just touch lie further apart than
    5 % asks for, so that ci_overlaps_ci calls fewer figures different. -#}
{#- True where a is above b by more than a computer's rounding. The sums behind a derived benchmark may differ in
    their last bits with the order of the rows, and a limit that equals the benchmark must not become a difference
    by that. No publisher means the twelfth digit of a figure. -#}
{% macro is_above(a, b) -%}
    ({{ a }}) - ({{ b }}) > 1e-12 * greatest(abs({{ a }}), abs({{ b }}), 1e-3)
{%- endmacro %}

{#- Control limits of a proportion about a benchmark: Wilson's limits of n p0 events among the n people of the area,
    p0 being the benchmark's share. Unit: that of the value. Source: OHID Fingertips technical guidance, funnel plots,
    and the published program of the site (comparator 5); Wilson 1927. Null where there is no denominator, and where
    the benchmark is no share of one. Not for survey estimates, nor for counts that vary more than chance does. -#}
{% macro control_limit(benchmark_value, denominator, multiplier, level, sign) -%}
    {%- set share = "(" ~ benchmark_value ~ ") / (" ~ multiplier ~ ")" -%}
    case
        when ({{ multiplier }}) > 0
        then
            ({{ multiplier }})
            * {{
                wilson_limit(
                    "((" ~ denominator ~ ") * " ~ share ~ ")", "(" ~ denominator ~ ")", level, sign
                )
            }}
    end
{%- endmacro %}

{#- `lower`, `similar`, `higher` or `not_compared`, never null. Unit of all measures: that of the indicator.
    ci_overlaps_value (comparator 1): `lower` where the whole interval of the figure lies below the benchmark's value,
    `higher` where it lies above it. A limit that equals the value is `similar`, as in the program of OHID's site.
    two_levels (comparator 17): the same at 95 %; significant_998 tells it at 99.8 %, which makes five outcomes. A
    figure without 99.8 % limits keeps its outcome at 95 %, where OHID compares nothing.
    ci_overlaps_ci (comparator 12): `lower` or `higher` where the two intervals have no point in common.
    spc_proportion (comparator 5): `lower` or `higher` where the value lies outside control_limit(); it alone needs the
    denominator and the multiplier, and no interval of the figure.
    none: never.
    Comparator 6 (control limits of directly standardised rates) needs the population that each rate stands for, which
    no publisher gives us, and is left out.
    Without an interval of the figure there is no comparison; the order of two values says nothing of chance. -#}
{% macro compared(
    value,
    lci_95,
    uci_95,
    benchmark_value,
    benchmark_lci_95,
    benchmark_uci_95,
    method,
    denominator="cast(null as double)",
    multiplier="cast(null as double)",
    level="95"
) -%}
    {%- set control_lower = control_limit(benchmark_value, denominator, multiplier, level, "-") -%}
    {%- set control_upper = control_limit(benchmark_value, denominator, multiplier, level, "+") -%}
    case
        when
            {{
                not_compared_reason(
                    value,
                    lci_95,
                    uci_95,
                    benchmark_value,
                    benchmark_lci_95,
                    benchmark_uci_95,
                    method,
                    denominator,
                    multiplier,
                )
            }} is not null
        then 'not_compared'
        when {{ method }} = 'ci_overlaps_ci'
        then
            case
                when {{ is_above(benchmark_lci_95, uci_95) }}
                then 'lower'
                when {{ is_above(lci_95, benchmark_uci_95) }}
                then 'higher'
                else 'similar'
            end
        when {{ method }} = 'spc_proportion'
        then
            case
                when {{ value }} < {{ control_lower }}
                then 'lower'
                when {{ value }} > {{ control_upper }}
                then 'higher'
                else 'similar'
            end
        when {{ is_above(benchmark_value, uci_95) }}
        then 'lower'
        when {{ is_above(lci_95, benchmark_value) }}
        then 'higher'
        else 'similar'
    end
{%- endmacro %}

{#- Why there is no comparison, the first that applies; null where there is one. -#}
{% macro not_compared_reason(
    value,
    lci_95,
    uci_95,
    benchmark_value,
    benchmark_lci_95,
    benchmark_uci_95,
    method,
    denominator="cast(null as double)",
    multiplier="cast(null as double)"
) -%}
    case
        when
            {{ method }} is null
            or {{ method }} not in ('ci_overlaps_value', 'two_levels', 'ci_overlaps_ci', 'spc_proportion')
        then 'not_comparable'
        when {{ value }} is null
        then 'no_figure'
        when {{ benchmark_value }} is null
        then 'benchmark_has_no_figure'
        when
            {{ method }} = 'spc_proportion'
            and {{ control_limit(benchmark_value, denominator, multiplier, "95", "-") }} is null
        then 'no_denominator'
        when {{ method }} <> 'spc_proportion' and ({{ lci_95 }} is null or {{ uci_95 }} is null)
        then 'no_interval'
        when
            {{ method }} = 'ci_overlaps_ci'
            and ({{ benchmark_lci_95 }} is null or {{ benchmark_uci_95 }} is null)
        then 'benchmark_has_no_interval'
    end
{%- endmacro %}

{#- The same decision by the 99.8 % limits, as true or false; null where it cannot be made. -#}
{% macro significant_998(
    value,
    lci_998,
    uci_998,
    benchmark_value,
    benchmark_lci_998,
    benchmark_uci_998,
    method,
    denominator="cast(null as double)",
    multiplier="cast(null as double)"
) -%}
    case
        {{
            compared(
                value,
                lci_998,
                uci_998,
                benchmark_value,
                benchmark_lci_998,
                benchmark_uci_998,
                method,
                denominator,
                multiplier,
                "998",
            )
        }}
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
        when {{ outcome }} is null or {{ outcome }} not in ('lower', 'higher')
        then null
        when ({{ outcome }} = 'higher') = ({{ polarity }} = 'higher_is_better')
        then 'better'
        else 'worse'
    end
{%- endmacro %}

{#- Quantile of a rank among n, 1 to k, 1 holding the rank 1: floor((k + 1) - ceil(((n + 1) - rank) / (n / k))). Ties
    have the smallest of their ranks and stay together, so that quantiles may differ in size. Source: OHID Fingertips
    technical guidance, assigning deprivation categories. Written as k * ((n + 1) - rank) / n, one division of whole
    numbers, so that nothing hangs on how a computer rounds n / k beside a whole number. Null below k members. -#}
{% macro quantile_of_rank(rank, n, k) -%}
    case
        when {{ n }} >= {{ k }}
        then cast({{ k }} + 1 - ceil(cast({{ k }} * ({{ n }} + 1 - {{ rank }}) as double) / {{ n }}) as int)
    end
{%- endmacro %}

{#- A publisher's own verdict beside England in our words: better, similar, worse, lower or higher. Null for any other
    word: that a council is in the lowest fifth of councils says nothing of England. -#}
{% macro publisher_outcome(words) -%}
    case
        when lower(trim({{ words }})) in ('better', 'similar', 'worse', 'lower', 'higher')
        then lower(trim({{ words }}))
    end
{%- endmacro %}

{#- The same verdict as `lower`, `similar` or `higher`: a publisher's better and worse turned back by the polarity. Null
    without a verdict, and where the polarity does not say which side is the better one. -#}
{% macro side_of_verdict(verdict, polarity) -%}
    case
        when {{ verdict }} in ('lower', 'similar', 'higher')
        then {{ verdict }}
        when
            {{ verdict }} not in ('better', 'worse')
            or {{ polarity }} not in ('higher_is_better', 'lower_is_better')
        then null
        when ({{ verdict }} = 'better') = ({{ polarity }} = 'higher_is_better')
        then 'higher'
        when {{ verdict }} is not null and {{ polarity }} is not null
        then 'lower'
    end
{%- endmacro %}

{#- Whose verdict a row shows: ours wherever it can be made, else the publisher's, else nobody's. -#}
{% macro outcome_by(ours, verdict) -%}
    case
        when {{ ours }} in ('lower', 'similar', 'higher')
        then 'ours'
        when {{ verdict }} is not null
        then 'publisher'
    end
{%- endmacro %}
