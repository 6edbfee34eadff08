"""Figures of other councils of England in the release, read by a person in the publishers' own files, and their bounds.

Belongs here: that other councils have the figures that ours are compared with, and no more. Does not belong here: our
own areas' figures (test_twenty_figures_by_hand), what is worked out from these.
"""

from __future__ import annotations

import pytest

from support.home import PublishedHome

DURHAM, STOCKTON, ROTHERHAM, SUNDERLAND = "E06000047", "E06000004", "E08000018", "E08000024"
BARNSLEY, WARWICKSHIRE, GLOUCESTERSHIRE = "E08000038", "E10000031", "E10000013"

READ = [
    # OHID Fingertips: life_expectancy.csv "County Durham,UA,2023 - 25 ... 78 ... Male"
    ("ATF01", DURHAM, "2023-01-01/2025-12-31", "Male", 78, None, None),
    # 93015: "Gloucestershire ... 2023/24,17.80077,16.29726,19.42634", denominator 2301
    ("SUP02", GLOUCESTERSHIRE, "2023-11-16/2024-11-15", "Persons", 17.80077, (16.29726, 19.42634), (None, 2301)),
    # ONS: healthy-life-expectancy.csv "Warwickshire ... Female ... 2022-01-01/P3Y,62.9 ... 60.0,65.8"
    ("ATF02", WARWICKSHIRE, "2022-01-01/2024-12-31", "Female", 62.9, (60.0, 65.8), None),
    # modelled-unemployment.csv "Sunderland ... 2023-01-01/P1Y,4.1 ... 3,5.2"
    ("PRX10A", SUNDERLAND, "2023-01-01/2023-12-31", "Persons", 4.1, (3, 5.2), None),
    # DfE: level 2 by 19, release of 2022: "2022,3167 ... E08000018,372,Rotherham,ALL,ALL,ALL,2366 ... 74.70792548"
    ("ATF09", ROTHERHAM, "2021-09-01/2022-08-31", "Persons", 74.70792548, None, (2366, 3167)),
    # eyfsp "County Durham,,,Total,Total,Total,5116 ... 3300,64.500000"
    ("ATF04", DURHAM, "2021-09-01/2022-08-31", "Persons", 64.5, None, (3300, 5116)),
    # neet_16_17_2025.csv "Stockton-on-Tees,16-17,5100,7.3,7.2"
    ("PRX08A", STOCKTON, "2024-12-01/2025-02-28", "Persons", 7.3, None, (None, 5100)),
    # LAIT: AVG_Prog8_Score 2024, number 370 (Barnsley): -0.32; DfE's list: 370 is E08000038
    ("ATF05", BARNSLEY, "2023-09-01/2024-08-31", "Persons", -0.32, None, None),
    # DESNZ Table 2: "E08000018,,,Rotherham ,116749,20889,17.8922303403027"
    ("ATF16", ROTHERHAM, "2020-01-01/2020-12-31", "Persons", 17.8922303403027, None, (20889, 116749)),
    # MHCLG TA1, 31 December 2025: "Sunderland 180 125.589 1.4332465422927168"
    ("ATF17", SUNDERLAND, "2025-12-31/2025-12-31", "Persons", 1.4332465422927168, None, (180, 125589)),
    # ASHE 2022, sheet All: "Sunderland ... 17, 14.2"
    ("ATF13", SUNDERLAND, "2022-04-01/2022-04-01", "Persons", 14.2, None, (17000, None)),
]


@pytest.mark.parametrize(
    ("indicator", "area", "period", "sex", "value", "limits", "counts"), READ, ids=[f"{r[0]}-{r[1]}" for r in READ]
)
def test_the_release_says_of_another_council_what_the_file_says(
    published_home: PublishedHome,
    indicator: str,
    area: str,
    period: str,
    sex: str,
    value: float,
    limits: tuple[float, float] | None,
    counts: tuple[float | None, float | None] | None,
) -> None:
    ((found, lower, upper, numerator, denominator, is_derived),) = published_home.rows(
        "select o.value, o.lci_95, o.uci_95, o.numerator, o.denominator, o.is_derived from mart.fct_observation as o "
        "inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code "
        f"where o.indicator_code = '{indicator}' and o.area_code = '{area}' and o.period_id = '{period}' "
        f"and o.sex = '{sex}' and o.age = coalesce(i.headline_age, o.age) and o.breakdown_type = 'Total'"
    )
    assert found == pytest.approx(value, abs=1e-8)
    assert not is_derived
    if limits is not None:
        assert (lower, upper) == limits
    if counts is not None:
        for there, read in zip((numerator, denominator), counts, strict=True):
            assert there == (None if read is None else pytest.approx(read))


def test_no_group_of_another_council_reaches_the_mart(published_home: PublishedHome) -> None:
    others = "inner join mart.dim_area as a using (area_code) where not a.is_answered and a.area_type like '%council'"
    for table in ("fct_observation", "fct_observation_history"):
        found = published_home.rows(f"select distinct breakdown_type, breakdown_value from mart.{table} {others}")
        assert found == [("Total", "Total")]


def test_codes_of_other_councils_are_those_of_england_and_small_areas_stay_out(
    published_home: PublishedHome,
) -> None:
    kinds = published_home.rows(
        "select distinct left(area_code, 3) from mart.fct_observation inner join mart.dim_area as a using (area_code) "
        "where not a.is_answered and area_code like 'E%' order by 1"
    )
    assert [kind for (kind,) in kinds] == ["E06", "E07", "E08", "E09", "E10"]
    assert published_home.rows("select count(*) from mart.fct_observation where area_code like 'E01%'") == [(0,)]


def test_most_councils_of_england_have_the_newest_figure_of_the_indicators_that_are_compared(
    published_home: PublishedHome,
) -> None:
    counted = dict(
        published_home.rows(
            "select o.indicator_code, count(distinct o.area_code) from mart.fct_observation as o "
            "inner join (select indicator_code, max(period_end) as period_end from mart.fct_observation "
            "where area_code = 'E08000012' and value is not null group by 1) as newest "
            "on o.indicator_code = newest.indicator_code and o.period_end = newest.period_end "
            "inner join mart.dim_area as a on o.area_code = a.area_code "
            "where a.area_type like '%council' and o.breakdown_type = 'Total' and o.value is not null group by 1"
        )
    )
    upper_tier = ("ATF02", "ATF04", "ATF05", "ATF06", "ATF09", "PRX07A", "PRX08A", "SUP02", "SUP03")
    assert {code: counted[code] for code in upper_tier if counted[code] < 140} == {}
    # Fingertips' figures of these were at hand without counties.
    assert {code: counted[code] for code in ("ATF01", "ATF18", "SUP01", "PRX07B") if counted[code] < 115} == {}
    lower_tier = ("ATF16", "ATF17", "PRX10A", "PRX10B", "PRX15A", "SUP05")
    assert {code: counted[code] for code in lower_tier if counted[code] < 280} == {}
