{#- Confidence limits of counts, proportions and means. `level` is '95' or '998' (99.8 %), always two-sided.
    Numbers that must be doubles on each engine are written with an exponent: 1.5 alone is a decimal. -#}
{#- The two-sided standard normal quantile of a level. -#}
{% macro z_of(level) -%}
    {{ {"95": "1.9599639845400543e0", "998": "3.0902323061678136e0"}[level] }}
{%- endmacro %}

{#- Limits of a count x of independent events. Unit: events; divide by the population for those of a rate. Source:
    Breslow and Day 1987; APHO Technical Briefing 3 (2008). x >= 10, Byar's approximation:
        x (1 - 1/9x - z / 3 sqrt(x))^3   and   (x + 1) (1 - 1/9(x + 1) + z / 3 sqrt(x + 1))^3
    x < 10, exact, with c the level and chi2(p; df) a quantile (Armitage and Berry 2002):
        chi2((1 - c)/2; 2x) / 2, which is 0 for x = 0   and   chi2((1 + c)/2; 2x + 2) / 2
    Exact limits are those of whole counts: null for a weighted count such as 3.5 below ten, and below zero.
    PHStatsMethods differs in two places and is not followed there. Its tests hold 99.04 for the lower 95 % limit of
    100 events, which is the limit for a level of 5 %: the level was taken for its complement; 81.36 is right. For no
    events it asks for a quantile with 0 degrees of freedom, which is not a number; the lower limit is 0. -#}
{% macro byar_lower(x, level) -%}
    case
        when ({{ x }}) >= 10
        then ({{ x }}) * power(1 - 1 / (9 * ({{ x }})) - {{ z_of(level) }} / (3 * sqrt({{ x }})), 3)
        else {{ exact_limit(x, level, "lower") }}
    end
{%- endmacro %}

{% macro byar_upper(x, level) -%}
    case
        when ({{ x }}) >= 10
        then
            (({{ x }}) + 1)
            * power(1 - 1 / (9 * (({{ x }}) + 1)) + {{ z_of(level) }} / (3 * sqrt(({{ x }}) + 1)), 3)
        else {{ exact_limit(x, level, "upper") }}
    end
{%- endmacro %}

{#- Exact Poisson limits of 0 to 9 events, from 50-digit arithmetic. -#}
{% macro exact_limit(x, level, side) -%}
    {%- set limits = {
        "lower 95": [
            "0 0.025317807984289876 0.2422092785439649 0.6186721228956013 1.0898653736263249",
            "1.6234863901184204 2.2018942534908508 2.814363051519866 3.4538321767485014 4.115373097378332",
        ],
        "upper 95": [
            "3.6888794541139363 5.571643390938899 7.224687667723961 8.767273069742327 10.241588675403698",
            "11.668332079322669 13.059474022518685 14.42267536170238 15.763189220193315 17.08480345141917",
        ],
        "lower 998": [
            "0 0.0010005003335835335 0.04540201776948956 0.1905333775684032 0.42855241362842295",
            "0.7393717319178326 1.1071046602556394 1.520336260398809 1.9708139217403657 2.452424404363775",
        ],
        "upper 998": [
            "6.907755278982137 9.233413476451586 11.228872242412663 13.062240779188071 14.794149222537209",
            "16.45474520368011 18.06163684019907 19.62617739538424 21.15619816583998 22.65737330906293",
        ],
    } -%}
    case
        ({{ x }})
        {%- for limit in (limits[side ~ " " ~ level] | join(" ")).split() %}
            when {{ loop.index0 }} then {{ limit }}e0
        {%- endfor %}
    end
{%- endmacro %}

{#- Wilson's score limits of a proportion x / n, sign '-' or '+'. Unit: share of one. Source: Wilson 1927; APHO Technical
    Briefing 3 (2008):
        (2x + z^2 -/+ z sqrt(z^2 + 4x (1 - x/n))) / (2 (n + z^2))
    The lower limit is written as the product of the two roots over the upper one, so that it is exactly 0 for x = 0
    and keeps its digits beside it; the upper one is that of the other n - x, taken from one, and exactly 1 for x = n.
    A weighted x need not be whole. Null for n = 0, x < 0 and x > n. Not valid for survey estimates, whose sample is
    smaller than their n: take the published limits. -#}
{% macro wilson_limit(x, n, level, sign) -%}
    case
        when ({{ n }}) > 0 and ({{ x }}) between 0 and ({{ n }})
        then
            {% if sign == "-" %} {{ wilson_lower(x, n, level) }}
            {% else %} 1 - {{ wilson_lower("(" ~ n ~ ") - (" ~ x ~ ")", n, level) }}
            {% endif %}
    end
{%- endmacro %}

{% macro wilson_lower(x, n, level) -%}
    ({{ x }})
    / ({{ n }})
    * (2 * ({{ x }}))
    / (
        2 * ({{ x }})
        + power({{ z_of(level) }}, 2)
        + {{ z_of(level) }}
        * sqrt(power({{ z_of(level) }}, 2) + 4 * ({{ x }}) * ((({{ n }}) - ({{ x }})) / ({{ n }})))
    )
{%- endmacro %}

{#- Limits of the mean of n independent values with standard deviation sd, sign '-' or '+': mean -/+ t(n - 1) sd /
    sqrt(n). Unit: that of the mean. Source: Student 1908; APHO Technical Briefing 3 (2008). Null for n < 2, where
    nothing is known of the spread. -#}
{% macro mean_limit(mean, sd, n, level, sign) -%}
    case
        when ({{ n }}) >= 2 and ({{ sd }}) >= 0
        then ({{ mean }}) {{ sign }} ({{ student_t("(" ~ n ~ ") - 1", level) }}) * ({{ sd }}) / sqrt({{ n }})
    end
{%- endmacro %}

{#- Standard error behind 95 % (or `level`) limits, taken as estimate -/+ z se: (upper - lower) / 2z. Unit: that of the
    limits. Source: Altman and Bland 2011; APHO Technical Briefing 3. For other limits (Wilson's, a bootstrap's) it is an
    approximation, and what is built on it is to be called one. Null where a limit is absent, where they stand the wrong
    way round, and where they do not differ: an interval without width says nothing. -#}
{% macro standard_error(lower, upper, level="95") -%}
    case when ({{ upper }}) > ({{ lower }}) then (({{ upper }}) - ({{ lower }})) / (2 * {{ z_of(level) }}) end
{%- endmacro %}

{#- Limits of an estimate that is normally distributed, sign '-' or '+': estimate -/+ z se. -#}
{% macro normal_limit(estimate, se, level, sign) -%}
    ({{ estimate }}) {{ sign }} {{ z_of(level) }} * ({{ se }})
{%- endmacro %}
