"""Figures of the release, read by a person in the publishers' own files, from eight interfaces.

Each line is: what the file says, in its own words, and where the mart must say it. Nothing here is computed.
"""

from __future__ import annotations

import pytest

from support.home import PublishedHome

TOTAL = ("Total", "Total")
FSM = ("Free school meals", "Eligible")
HALTON, WARRINGTON, CHESHIRE_EAST, CHESHIRE_WEST = "E06000006", "E06000007", "E06000049", "E06000050"
KNOWSLEY, LIVERPOOL, ST_HELENS, SEFTON, WIRRAL = "E08000011", "E08000012", "E08000013", "E08000014", "E08000015"
NORTH_WEST, ENGLAND = "E12000002", "E92000001"

READ = [
    # OHID Fingertips: life_expectancy.csv "Liverpool ... 2023 - 25 ... 80.6 ... Female"; "Halton ... 77.1 ... Male"
    ("ATF01", LIVERPOOL, "2023-01-01/2025-12-31", "Female", TOTAL, 80.6, None),
    ("ATF01", HALTON, "2023-01-01/2025-12-31", "Male", TOTAL, 77.1, None),
    # active_adults.csv "Halton,UA,2024/25,... 61.7"
    ("ATF18", HALTON, "2024-11-16/2025-11-15", "Persons", TOTAL, 61.7, None),
    # 93015: "Liverpool ... 19+ yrs,,,2023/24,23.34145,20.67901,26.02881"
    ("SUP02", LIVERPOOL, "2023-11-16/2024-11-15", "Persons", TOTAL, 23.34145, (20.67901, 26.02881)),
    # ONS: healthy-life-expectancy.csv "Cheshire East ... Female ... 2022-01-01/P3Y,66.0 ... 62.4,69.6"
    ("ATF02", CHESHIRE_EAST, "2022-01-01/2024-12-31", "Female", TOTAL, 66.0, (62.4, 69.6)),
    # modelled-unemployment.csv "Sefton ... 2011-01-01/P1Y,9.4 ... 7.8,11"
    ("PRX10A", SEFTON, "2011-01-01/2011-12-31", "Persons", TOTAL, 9.4, (7.8, 11)),
    # children-in-relative-poverty.csv "Knowsley ... before housing costs,2024-04-01/P1Y,24.51730871"
    ("PRX15B", KNOWSLEY, "2024-04-01/2025-03-31", "Persons", TOTAL, 24.51730871, None),
    # DfE: eyfsp "Wirral,,,Total,Total,Total,3473 ... 2185,62.9", "Known to be eligible ... 841 ... 394,46.8"
    ("ATF04", WIRRAL, "2021-09-01/2022-08-31", "Persons", TOTAL, 62.9, None),
    ("ATF04", WIRRAL, "2021-09-01/2022-08-31", "Persons", FSM, 46.8, None),
    # LAIT: AVG_Attain8_Score 2025 Halton 42.1, AVG_Prog8_Score 2024 Liverpool -0.48
    ("ATF06", HALTON, "2024-09-01/2025-08-31", "Persons", TOTAL, 42.1, None),
    ("ATF05", LIVERPOOL, "2023-09-01/2024-08-31", "Persons", TOTAL, -0.48, None),
    # level 2 by 19, release of 2022: "2019,1733,North West,E08000013,342,St. Helens,ALL,ALL,ALL,1383 ... 79.80380842"
    ("ATF09", ST_HELENS, "2018-09-01/2019-08-31", "Persons", TOTAL, 79.80380842, None),
    # neet_16_17_2025.csv "Cheshire West and Chester,16-17,7921,4.7,4.2", average of December 2024 to February 2025
    ("PRX08A", CHESHIRE_WEST, "2024-12-01/2025-02-28", "Persons", TOTAL, 4.7, None),
    # ASHE 2022, sheet All: "Liverpool ... 24.0, 11.1"; sheet Female: "Halton UA ... 5.0, 20.2"
    ("ATF13", LIVERPOOL, "2022-04-01/2022-04-01", "Persons", TOTAL, 11.1, None),
    ("ATF13", HALTON, "2022-04-01/2022-04-01", "Female", TOTAL, 20.2, None),
    # Annual Population Survey, January to December 2023: "Liverpool 8.6", "Halton 6.2"; to December 2004 "Halton 7.9"
    ("ATF10", LIVERPOOL, "2023-01-01/2023-12-31", "Persons", TOTAL, 8.6, None),
    ("ATF10", HALTON, "2023-01-01/2023-12-31", "Persons", TOTAL, 6.2, None),
    ("ATF10", HALTON, "2004-01-01/2004-12-31", "Persons", TOTAL, 7.9, None),
    # 93701: "25.2,24.8,20983.0,E08000012,...,2022,24.38": 20,983 of 84,655 children; the board 74,163 of 450,724
    ("PRX15C", LIVERPOOL, "2022-04-01/2023-03-31", "Persons", TOTAL, 24.78649, (24.38, 25.2)),
    ("PRX15C", "E54000008", "2022-04-01/2023-03-31", "Persons", TOTAL, 16.45419, (16.3, 16.61)),
    # loneliness_93758: "E08000012,Liverpool,25.765498976216"
    ("ATF19", LIVERPOOL, "2019-11-16/2020-11-15", "Persons", TOTAL, 25.765498976216, None),
    # DESNZ Table 2: "Liverpool 221126 41297 18.675777610954842", "NORTH WEST 14.428105046340784"
    ("ATF16", LIVERPOOL, "2020-01-01/2020-12-31", "Persons", TOTAL, 18.675777610954842, None),
    ("ATF16", NORTH_WEST, "2020-01-01/2020-12-31", "Persons", TOTAL, 14.428105046340784, None),
    # Table 2 of 2019, 2021 and 2022: "Halton 56233 7889 14.029...", "57101 7097 12.428...", "57492 6987 12.152"
    ("ATF16", HALTON, "2019-01-01/2019-12-31", "Persons", TOTAL, 14.029128803371686, None),
    ("ATF16", HALTON, "2021-01-01/2021-12-31", "Persons", TOTAL, 12.428854135654367, None),
    ("ATF16", HALTON, "2022-01-01/2022-12-31", "Persons", TOTAL, 12.152, None),
    # MHCLG TA1: 31 December 2021 "Liverpool 362 224.284 1.61402507535089", 31 March 2025 "Liverpool 1368 228.868
    # 5.97724452522852", 31 December 2025 "Liverpool 1739 217.867 7.98193..."
    ("ATF17", LIVERPOOL, "2021-12-31/2021-12-31", "Persons", TOTAL, 1.61402507535089, None),
    ("ATF17", LIVERPOOL, "2025-03-31/2025-03-31", "Persons", TOTAL, 5.97724452522852, None),
    ("ATF17", LIVERPOOL, "2025-12-31/2025-12-31", "Persons", TOTAL, 7.9819339321696265, None),
    # MHCLG TA1: 31 March 2024 "Knowsley 83 64.795 1.28096303727139"; 30 September 2025 "Liverpool 6.88169599944073"
    ("ATF17", KNOWSLEY, "2024-03-31/2024-03-31", "Persons", TOTAL, 1.28096303727139, None),
    ("ATF17", LIVERPOOL, "2025-09-30/2025-09-30", "Persons", TOTAL, 6.88169599944073, None),
    # ONS: children-in-relative-poverty.csv "Halton ... after housing costs,2023-04-01/P1Y,27.8275453", "Wirral ...
    # 2024-04-01/P1Y,25.15860224"; DWP's own 2_AHC_Relative_LA.csv says 27.8% and 25.2%
    ("PRX15A", HALTON, "2023-04-01/2024-03-31", "Persons", TOTAL, 27.8275453, None),
    ("PRX15A", WIRRAL, "2024-04-01/2025-03-31", "Persons", TOTAL, 25.15860224, None),
    # DWP: 2_AHC_Relative_LA.csv "Liverpool ... 29,495 ... 29,864" children, FYE 2024 and FYE 2025
    ("SUP43", LIVERPOOL, "2024-04-01/2025-03-31", "Persons", TOTAL, 29864, None),
    # NOMIS NM_2002_1: "2021 ... Liverpool ... All Ages ... 484488"
    ("SUP20", LIVERPOOL, "2021-06-30/2021-06-30", "Persons", TOTAL, 484488, None),
    # ONS mid-year estimates 2023, MYE2 - Persons: "E06000006 Halton ... 129587"
    ("SUP20", HALTON, "2023-06-30/2023-06-30", "Persons", TOTAL, 129587, None),
    # CW0301_1718 "Liverpool ... 45.97", CI 2.9412; CW0303_1718, for travel three times: "Knowsley 23.2512"
    ("PRX22C", LIVERPOOL, "2017-11-16/2018-11-15", "Persons", TOTAL, 45.97, None),
    ("PRX22A", KNOWSLEY, "2017-11-16/2018-11-15", "Persons", TOTAL, 23.2512, None),
    # UKHSA: COVID-19_deaths_ONSByDay, England, 2023-01-05: 115
    ("SUP61", ENGLAND, "2023-01-05/2023-01-05", "Persons", TOTAL, 115, None),
]


@pytest.mark.parametrize(
    ("indicator", "area", "period", "sex", "breakdown", "value", "limits"),
    READ,
    ids=lambda cell: cell if isinstance(cell, str) else "",
)
def test_the_release_says_what_the_file_says(
    published_home: PublishedHome,
    indicator: str,
    area: str,
    period: str,
    sex: str,
    breakdown: tuple[str, str],
    value: float,
    limits: tuple[float, float] | None,
) -> None:
    ((found, lower, upper, status, is_derived, publisher),) = published_home.rows(
        "select o.value, o.lci_95, o.uci_95, o.status, o.is_derived, v.publisher "
        "from mart.fct_observation as o inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id "
        "inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code "
        f"where o.indicator_code = '{indicator}' and o.area_code = '{area}' and o.period_id = '{period}' "
        f"and o.sex = '{sex}' and o.age = coalesce(i.headline_age, o.age) "
        f"and o.breakdown_type = '{breakdown[0]}' and o.breakdown_value = '{breakdown[1]}'"
    )
    assert found == pytest.approx(value, abs=1e-8)
    assert not is_derived
    assert status in ("normal", "provisional", "estimated", "break")
    if limits is not None:
        assert (lower, upper) == limits
    assert publisher


def test_they_come_from_at_least_seven_publishers(published_home: PublishedHome) -> None:
    codes = ", ".join(f"'{line[0]}'" for line in READ)
    found = published_home.rows(
        "select distinct v.publisher from mart.fct_observation as o "
        f"inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id where o.indicator_code in ({codes})"
    )
    assert len(found) >= 7
