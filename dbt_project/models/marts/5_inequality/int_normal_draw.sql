{#- Pairs of independent standard normal numbers, the same for whatever is simulated here: adding an area changes no
    other area's limits, and two engines draw alike. Randomised quasi-Monte Carlo: the additive recurrence R2 (Roberts
    2018: multiples of 1/p and 1/p^2 modulo one, where p^3 = p + 1), shifted by the seed, fills the square more evenly
    than independent numbers do, and Box and Muller 1958 turn each point into two normals,
    sqrt(-2 ln u1) cos(2 pi u2) and sqrt(-2 ln u1) sin(2 pi u2). -#}
with
    point as (
        select
            cast(n as int) as draw,
            0.5
            + cast({{ draw_seed() }} as double) * cast(0.6180339887498949 as double)
            + cast(n as double) * cast(0.7548776662466927 as double) as x1,
            0.5
            + cast({{ draw_seed() }} as double) * cast(0.4142135623730951 as double)
            + cast(n as double) * cast(0.5698402909980532 as double) as x2
        from range(1, {{ draw_repetitions() }} + 1) as numbers(n)
    ),

    uniform as (
        select draw, {{ part_of_one("x1") }} as u1, 2 * pi() * {{ part_of_one("x2") }} as angle from point
    )

select draw, sqrt(-2 * ln(u1)) * cos(angle) as z1, sqrt(-2 * ln(u1)) * sin(angle) as z2
from uniform
