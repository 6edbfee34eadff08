{#- Recent trends of five points a year apart. Source of the rules: OHID Fingertips technical guidance, trend markers;
    of the tests: Cochran 1954 and Armitage 1955 for proportions, regression weighted by the inverse variance for
    figures with confidence limits.
    Both are one regression: with weights w, and t = 1 to 5 for the points, over all pairs of points i < j
        cross  = sum of w_i w_j (j - i) (y_j - y_i)
        spread = sum of w_i w_j (j - i)^2
    the slope is cross / spread and its chi-squared cross^2 / (spread * sum of w). Written in pairs nothing cancels
    but what the figures say: a series that stands still gives exactly zero, and each point is named, so that the
    order of rows in a table cannot matter. -#}
{#- What a trend is worked out for: the key of a figure without its period. -#}
{% macro series_columns() -%}
    {{ return(["indicator_code", "area_code", "sex", "age", "breakdown_type", "breakdown_value"]) }}
{%- endmacro %}

{% macro series_key(alias) -%}
    md5(concat_ws('|' {%- for column in series_columns() -%}, {{ alias }}.{{ column }}{%- endfor -%}))
{%- endmacro %}

{#- The condition of a join: these columns, none of which is ever null, are the same on both sides. -#}
{% macro same_in_both(columns, one, other) -%}
    {%- for column in columns -%}
        {{ " and " if not loop.first }}{{ one }}.{{ column }} = {{ other }}.{{ column }}
    {%- endfor -%}
{%- endmacro %}

{#- Months from the year 0 to a day's month, so that two days can be told to lie in the same month of two years. -#}
{% macro month_number(day) -%}
    (extract(year from {{ day }}) * 12 + extract(month from {{ day }}))
{%- endmacro %}

{#- 99.8th percentile of chi-squared with one degree of freedom. -#}
{% macro trend_threshold() -%} 9.54953570608324 {%- endmacro %}

{#- Standard error of a figure from its 95 % limits: their distance over 2 x 1.96. Unit: that of the value. Source: the
    same guidance. Limits that are not symmetrical, such as Wilson's and Byar's, are taken as if they were. -#}
{% macro standard_error_of(lower, upper) -%} (({{ upper }} - {{ lower }}) / 3.92) {%- endmacro %}

{#- `y` and `w` are prefixes: of points 1 to 5 they name the columns y1 to y5 and w1 to w5; an empty `w` weighs all
    points alike. `left_out` names a point to leave out. -#}
{% macro trend_cross(y, w="", left_out=0) -%}
    (
        {%- for i, j in trend_pairs(left_out) %}
            {{ " + " if not loop.first }}
            {% if w %} {{ w }}{{ i }} * {{ w }}{{ j }} * {% endif -%}
            {{ j - i }} * ({{ y }}{{ j }} - {{ y }}{{ i }})
        {%- endfor %}
    )
{%- endmacro %}

{% macro trend_spread(w) -%}
    (
        {%- for i, j in trend_pairs() %}
            {{ " + " if not loop.first }}{{ w }}{{ i }} * {{ w }}{{ j }} * {{ (j - i) * (j - i) }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro trend_pairs(left_out=0) -%}
    {%- set pairs = [] -%}
    {%- for i in range(1, 5) -%}
        {%- for j in range(i + 1, 6) -%}
            {%- if left_out not in (i, j) -%} {%- do pairs.append((i, j)) -%} {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}

{#- The sum over the five points of a column's prefix. -#}
{% macro trend_sum(x) -%} ({{ x }}1 + {{ x }}2 + {{ x }}3 + {{ x }}4 + {{ x }}5) {%- endmacro %}

{#- Whether numerator and denominator give the value, within a hundredth of the multiplier: one percentage point for a
    percentage, which leaves room for rounded figures. What OHID publishes as the count of physically inactive adults
    by deprivation is no count of people: counts that do not give the value are not what the value was made of. -#}
{% macro counts_give_value(numerator, denominator, value, multiplier) -%}
    (
        {{ denominator }} > 0
        and abs({{ multiplier }} * {{ numerator }} / nullif({{ denominator }}, 0) - {{ value }})
        <= 0.01 * {{ multiplier }}
    )
{%- endmacro %}

{#- What a trend means by the indicator's polarity. Null where there is no trend, and for the polarity `none`. -#}
{% macro trend_judged(outcome, polarity) -%}
    case
        when {{ outcome }} not in ('increasing', 'decreasing')
        then null
        when {{ polarity }} not in ('higher_is_better', 'lower_is_better')
        then null
        when ({{ outcome }} = 'increasing') = ({{ polarity }} = 'higher_is_better')
        then 'getting_better'
        else 'getting_worse'
    end
{%- endmacro %}

{#- How many breaks were declared for an indicator up to the end of each of its periods: between two periods whose counts
    differ a series is broken. figure: rows with indicator_code and period_end; declared: the rows of dim_series_break. -#}
{% macro declared_breaks(figure, declared) -%}
    select day.indicator_code, day.period_end, count(*) as n_breaks
    from (select distinct indicator_code, period_end from {{ figure }}) as day
    inner join
        {{ declared }} as declared
        on day.indicator_code = declared.indicator_code
        and declared.first_day <= day.period_end
    where declared.is_break
    group by day.indicator_code, day.period_end
{%- endmacro %}
