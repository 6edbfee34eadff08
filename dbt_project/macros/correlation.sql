{#- How rankings go together. -#}
{#- Two-sided probability of a t at least as far from zero as `t`, with `df` degrees of freedom, from the finite series for
    whole degrees of freedom. With theta = atan(|t| / sqrt(df)) the share within is, for odd df, 2 / pi (theta + sin theta
    (cos theta + 2/3 cos^3 theta + 2 4 / 3 5 cos^5 theta + ...)), for even df sin theta (1 + 1/2 cos^2 theta + 1 3 / 2 4
    cos^4 theta + ...), in both cases up to cos^(df - 2). Source: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4. A relation
    `t_series(is_odd, k, coefficient)` gives the coefficients; `total` is the sum of coefficient cos^(2 k + is_odd) over
    its rows with 2 k + is_odd <= df - 2. -#}
{% macro t_two_sided(t, df, total) -%}
    case
        when mod({{ df }}, 2) = 1
        then
            1
            - 2
            / pi()
            * (
                atan(abs({{ t }}) / sqrt({{ df }}))
                + sin(atan(abs({{ t }}) / sqrt({{ df }}))) * coalesce({{ total }}, 0)
            )
        else 1 - sin(atan(abs({{ t }}) / sqrt({{ df }}))) * {{ total }}
    end
{%- endmacro %}

{#- Mid-ranks, 1 for the smallest: equal values share the mean of their places. -#}
{% macro mid_rank(value, partition) -%}
    (
        rank() over (partition by {{ partition }} order by {{ value }})
        + (count(*) over (partition by {{ partition }}, {{ value }}) - 1) / cast(2 as double)
    )
{%- endmacro %}
