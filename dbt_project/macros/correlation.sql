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

{#- The longest pair of rankings whose orders are all counted; 9! = 362,880. -#}
{% macro most_permuted() -%} 9 {%- endmacro %}

{#- CTEs, the last of them `permuted(n, pattern_a, pattern_b, total, ways)`: in how many of the n! orders of one ranking the
    sum of products with another one has each value, so that a probability under "nothing goes together" is exact, ties
    included. Mid-ranks are doubled, so that all sums are whole numbers.

    `rankings(n, pattern_a, pattern_b)` are the pairs that are asked for and `pattern_rank(n, pattern, place, doubled)` the
    ranks of each in order. The orders are not written out: the places of the one ranking are given to the ranks of the other
    one after another, and partial orders that used the same places (`used`, one bit a place) with the same sum so far are
    counted together. At nine that is about 15,000 rows instead of 362,880 orders a pair. -#}
{% macro permutations_counted(rankings, pattern_rank) -%}
    {%- set longest = most_permuted() | int -%}
    slot as (
        select cast(number.place as int) as place, cast(power(2, number.place - 1) as int) as bit
        from range(1, {{ longest + 1 }}) as number(place)
    ),

    given_0 as (select n, pattern_a, pattern_b, 0 as used, 0 as total, 1e0 as ways from {{ rankings }}),

    {% for step in range(1, longest + 1) %}
        given_{{ step }} as (
            select
                so_far.n,
                so_far.pattern_a,
                so_far.pattern_b,
                so_far.used + slot.bit as used,
                so_far.total + taken.doubled * given.doubled as total,
                sum(so_far.ways) as ways
            from given_{{ step - 1 }} as so_far
            inner join slot on mod(cast(floor(so_far.used / slot.bit) as int), 2) = 0
            inner join
                {{ pattern_rank }} as taken
                on so_far.n = taken.n
                and so_far.pattern_a = taken.pattern
                and slot.place = taken.place
            inner join
                {{ pattern_rank }} as given
                on so_far.n = given.n
                and so_far.pattern_b = given.pattern
                and given.place = {{ step }}
            group by
                so_far.n,
                so_far.pattern_a,
                so_far.pattern_b,
                so_far.used + slot.bit,
                so_far.total + taken.doubled * given.doubled
        ),
    {% endfor %}

    permuted as (
        {% for step in range(1, longest + 1) %}
            select n, pattern_a, pattern_b, total, ways
            from given_{{ step }}
            where n = {{ step }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    )
{%- endmacro %}

{#- CTEs, the last of them `largest_root(scope_area_code, share)`: the share of the first principal axis, the largest root of a
    correlation matrix over its trace. `product(scope_area_code, i, j, value)` is the Gram matrix of the standardised series, one row and
    column a council, which has the same roots as the correlation matrix of the series. It is squared again and again: the
    2^k-th power, divided by its trace, goes to the projection on the axis of the largest root, whose part in the first matrix
    is the root. Six squarings leave an error below (second root / largest root)^64 times the
    difference of the two. -#}
{% macro largest_root_of(product, squarings=6) -%}
    power_0 as (
        select
            scope_area_code,
            i,
            j,
            value / sum(case when i = j then value end) over (partition by scope_area_code) as value
        from {{ product }}
    ),

    {% for step in range(1, squarings + 1) %}
        square_{{ step }} as (
            select one.scope_area_code, one.i, other.j, sum(one.value * other.value) as value
            from power_{{ step - 1 }} as one
            inner join
                power_{{ step - 1 }} as other
                on one.scope_area_code = other.scope_area_code
                and one.j = other.i
            group by one.scope_area_code, one.i, other.j
        ),

        power_{{ step }} as (
            select
                scope_area_code,
                i,
                j,
                value / sum(case when i = j then value end) over (partition by scope_area_code) as value
            from square_{{ step }}
        ),
    {% endfor %}

    largest_root as (
        select first.scope_area_code, round(sum(first.value * last.value), 6) as share
        from power_0 as first
        inner join
            power_{{ squarings }} as last
            on first.scope_area_code = last.scope_area_code
            and first.i = last.i
            and first.j = last.j
        group by first.scope_area_code
    )
{%- endmacro %}
