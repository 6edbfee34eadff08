"""Whole tables of ../shared/data beside the release: every figure of our areas, read without the project's own readers.

Belongs here: what a refresh from the bundled snapshot publishes, compared file by file. Does not belong here: single
figures read by a person (test_twenty_figures_by_hand), the snapshot's answers (tests/snapshot).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from atf_dagster.snapshot.figures import CHESHIRE_AND_MERSEYSIDE, COUNCILS, ENGLAND, NORTH_WEST
from support.home import PublishedHome

OURS = {*COUNCILS, CHESHIRE_AND_MERSEYSIDE, NORTH_WEST, ENGLAND}
Figures = dict[tuple[str, str], tuple[Any, ...]]
"""(area, period) -> the cells that are compared."""


def released(home: PublishedHome, indicator: str, columns: str = "value", where: str = "true") -> Figures:
    rows = home.rows(
        f"select area_code, period_id, {columns} from mart.fct_observation where indicator_code = '{indicator}' "
        f"and breakdown_value = 'Total' and area_code in {tuple(sorted(OURS))} and {where}"
    )
    found = {(area, period): tuple(cells) for area, period, *cells in rows}
    assert len(found) == len(rows)
    return found


def lines(path: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def number(cell: Any) -> float | None:
    return float(cell) if cell not in ("", "..", "-") else None


def as_good_as(cells: tuple[float | None, ...]) -> tuple[Any, ...]:
    """The same but for the last digits of a product of binary fractions."""
    return tuple(None if cell is None else pytest.approx(cell, rel=1e-12) for cell in cells)


def test_fuel_poverty_of_four_years_is_that_of_the_departments_workbooks(
    published_home: PublishedHome, shared_data: Path
) -> None:
    files = {
        2019: "2019_Sub-Regional-Data-LILEE.xlsx",
        2020: "sub-regional-fuel-poverty-2022-tables.xlsx",
        2021: "2021_Sub-Regional-Data-LILEE.xlsx",
        2022: "2022_Sub-Regional-Data-LILEE.xlsx",
    }
    expected = {
        (line[0], f"{year}-01-01/{year}-12-31"): (line[6], line[5], line[4])
        for year, file in files.items()
        for line in lines(shared_data / "desnz_fuel_poverty" / file, "Table 2")
        if line[0] in OURS
    }
    assert len(expected) == 4 * 11
    found = released(published_home, "ATF16", "value, numerator, denominator", "not is_derived")
    assert found.keys() == expected.keys()
    for key, cells in expected.items():
        assert found[key] == as_good_as(cells), key


def test_temporary_accommodation_of_seventeen_quarters_is_that_of_the_ministrys_workbooks(
    published_home: PublishedHome, shared_data: Path
) -> None:
    ends = {"03": "31", "06": "30", "09": "30", "12": "31"}
    rates: Figures = {}
    children: Figures = {}
    for path in sorted((shared_data / "mhclg_homelessness").iterdir()):
        quarter = next(part[:6] for part in path.stem.split("_") if part[:2] == "20")
        day = f"{quarter[:4]}-{quarter[4:]}-{ends[quarter[4:]]}"
        sheet = next(name for name in CalamineWorkbook.from_path(path).sheet_names if name.startswith("TA1"))
        for line in lines(path, sheet):
            if line[0] in OURS:
                rates[line[0], f"{day}/{day}"] = (number(line[6]), number(line[4]), 1000 * line[5])
                children[line[0], f"{day}/{day}"] = (number(line[8]),)
    assert len(rates) == 17 * 11
    found = released(published_home, "ATF17", "value, numerator, denominator", "not is_derived")
    assert found.keys() == rates.keys()
    for key, cells in rates.items():
        assert found[key] == as_good_as(cells), key
    assert released(published_home, "SUP40", where="not is_derived") == children


def test_unemployment_is_that_of_two_pulls_of_the_survey_and_what_the_later_one_hides_is_unreliable(
    published_home: PublishedHome, shared_data: Path
) -> None:
    folder = shared_data / "nomis"
    select = (
        "select geography_code, strftime(date - interval 11 month, '%Y-%m-%d') || '/' || strftime(last_day(date), "
        "'%Y-%m-%d'), value from '{}' where variable_name = 'Unemployment rate - aged 16-64'"
    )
    earlier, later = (
        {(area, period): value for area, period, value in duckdb.sql(sql).fetchall() if area in OURS}
        for sql in (
            select.format(folder / "labour_market_NM_17_5_2023-11.parquet"),
            select.format(folder / "labour_market_NM_17_5_2024-06_northern.parquet") + " and measures_code = 20599",
        )
    )
    expected: Figures = {}
    for key in earlier.keys() | later.keys():
        if later.get(key, earlier.get(key)) is not None:
            expected[key] = (later.get(key, earlier.get(key)), "normal")
        else:
            expected[key] = (None, "unreliable" if key in earlier else "not_available")
    assert len(expected) == 9 * 77 + 75
    assert sum(cells[1] == "unreliable" for cells in expected.values()) == 52
    assert released(published_home, "ATF10", "value, status", "not is_derived") == expected
    # Estimates of a survey without limits are beside each other and are not compared.
    compared = published_home.rows(
        "select distinct outcome_statistical from mart.fct_comparison where indicator_code = 'ATF10'"
    )
    assert {outcome for (outcome,) in compared} <= {"not_compared"}


def test_walking_and_cycling_is_that_of_the_departments_tables_each_mode_apart(
    published_home: PublishedHome, shared_data: Path
) -> None:
    # table, column of the share and of its half width
    places = {"PRX22C": ("CW0301", 6), "SUP42": ("CW0301", 8), "PRX22A": ("CW0303", 15), "PRX22B": ("CW0302", 15)}
    for indicator, (table, column) in places.items():
        expected: Figures = {}
        path = shared_data / "dft_walking_cycling" / f"{table}.ods"
        for year in (2015, 2016, 2017):
            sheet = f"{year - 2000}{year - 1999}"
            shares, widths = (
                {line[0]: line[column] for line in lines(path, name) if line[0] in OURS}
                for name in (f"{table}_{sheet}", f"{table}_CI_{sheet}")
            )
            for area, share in shares.items():
                limits = (max(0.0, share - widths[area]), share + widths[area])
                expected[area, f"{year}-11-16/{year + 1}-11-15"] = (share, *limits)
        assert len(expected) == 3 * 11
        found = released(published_home, indicator, "value, lci_95, uci_95", "not is_derived")
        assert found.keys() == expected.keys()
        for key, cells in expected.items():
            assert found[key] == as_good_as(cells), (indicator, key)


def test_nothing_for_any_purpose_stands_under_the_beacon_indicator_for_travel(published_home: PublishedHome) -> None:
    assert published_home.rows("select count(*) from mart.fct_observation where indicator_code = 'ATF22'") == [(0,)]
    proxies = published_home.rows(
        "select indicator_code, name from mart.dim_indicator where is_proxy and proxy_for = 'ATF22' order by 1"
    )
    assert [(code, "any purpose" in name) for code, name in proxies] == [
        ("PRX22A", False),
        ("PRX22B", False),
        ("PRX22C", True),
    ]


def test_absolute_low_income_is_that_of_the_departments_extract_with_the_boards_own_figure(
    published_home: PublishedHome, shared_data: Path
) -> None:
    with (shared_data / "fingertips_figures" / "93701_absolute_low_income_rows.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["AreaCode"] in OURS and not row["Category"]]
    expected = {
        (row["AreaCode"], f"{row['Year']}-04-01/{int(row['Year']) + 1}-03-31"): tuple(
            float(row[column]) for column in ("LowerCI", "UpperCI", "Count", "Denominator", "Value")
        )
        for row in rows
    }
    assert len(expected) == 5 * 11
    found = released(published_home, "PRX15C", "lci_95, uci_95, numerator, denominator, value, is_derived")
    assert found.keys() == expected.keys()
    for key, (*cells, value) in expected.items():
        *told, told_value, derived = found[key]
        assert told == cells
        assert told_value == pytest.approx(value, abs=0.0501)
        assert not derived


def test_loneliness_is_that_of_eight_councils_and_says_that_its_period_is_estimated(
    published_home: PublishedHome, shared_data: Path
) -> None:
    with (shared_data / "fingertips_figures" / "loneliness_93758_eight_of_nine.csv").open(encoding="utf-8") as file:
        eight = {row["area_code"]: float(row["loneliness"]) for row in csv.DictReader(file)}
    found = released(published_home, "ATF19", "value, status, status_note")
    assert {period for _, period in found} == {"2019-11-16/2020-11-15"}
    assert {area: cells[0] for (area, _), cells in found.items() if cells[0] is not None} == pytest.approx(eight)
    for (area, _), (_, status, note) in found.items():
        assert status == ("estimated" if area in eight else "not_available")
        assert ("period is estimated" in note) == (area in eight)
    compared = published_home.rows(
        "select distinct outcome_statistical from mart.fct_comparison where indicator_code = 'ATF19'"
    )
    assert {outcome for (outcome,) in compared} <= {"not_compared"}
