"""The workbook says what the mart says: each figure, each absence with its reason, each proxy by that name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from atf_dagster.report.workbook import write_workbook
from support.releases import run_sql
from support.workbook import tables

if TYPE_CHECKING:
    from support.home import PublishedHome
    from support.workbook import Table

FIGURE = ("Indicator code", "Area code", "Period start", "Period end", "Sex", "Age")
LIMITS = ("Value", "Lower 95 per cent limit", "Upper 95 per cent limit")
# XlsxWriter writes 16 significant digits.
EXACT = 1e-15


def same(found: Any, expected: Any) -> bool:
    return found == expected or (
        found is not None and expected is not None and found == pytest.approx(expected, rel=EXACT)
    )


def series(sheets: dict[str, Table]) -> list[dict[str, Any]]:
    names = [name for name in sheets if name == "Overarching" or name.startswith("Principle_")]
    return [row for name in names for row in sheets[name].rows if "Value" in row]


def test_the_newest_figures_are_those_of_the_mart(published_home: PublishedHome, sheets: dict[str, Table]) -> None:
    expected = {
        (code, area): figures
        for code, area, *figures in published_home.rows(
            "select indicator_code, area_code, value, lci_95, uci_95, england_value, difference_from_england "
            "from mart.vw_latest"
        )
    }
    rows = sheets["Latest_figures"].rows
    assert {(row["Indicator code"], row["Area code"]) for row in rows} == set(expected)
    assert len(rows) == len(expected)
    for row in rows:
        found = [row[name] for name in (*LIMITS, "England", "Difference from England")]
        assert all(map(same, found, expected[row["Indicator code"], row["Area code"]])), row


def test_the_series_have_every_headline_figure_of_beacon_indicators_and_proxies_in_the_answered_areas(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    expected = {
        tuple(key): figures
        for *key, value, lower, upper in published_home.rows(
            """
            select o.indicator_code, o.area_code, o.period_start::varchar, o.period_end::varchar, o.sex, o.age, o.value,
                o.lci_95, o.uci_95
            from mart.fct_observation as o
            join mart.dim_indicator as i using (indicator_code)
            join mart.dim_area as a using (area_code)
            where a.is_answered and (i.beacon_no is not null or i.is_proxy) and o.breakdown_type = 'Total'
                and o.sex = i.headline_sex and (i.headline_age is null or o.age = i.headline_age)
            """
        )
        for figures in [(value, lower, upper)]
    }
    rows = series(sheets)
    assert len(rows) == len(expected) > 1000
    for row in rows:
        assert all(map(same, (row[name] for name in LIMITS), expected[tuple(row[name] for name in FIGURE)])), row


def test_the_scorecard_is_that_of_the_mart_and_names_each_area_without_a_figure(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    columns = {"Liverpool": "liverpool", "St Helens": "st_helens", "North West": "north_west", "England": "england"}
    expected = {
        code: values
        for code, *values in published_home.rows(
            f"select indicator_code, {', '.join(columns.values())} from mart.vw_scorecard"
        )
    }
    assert len(sheets["Scorecard"].rows) == len(expected)
    for row in sheets["Scorecard"].rows:
        assert all(map(same, (row[area] for area in columns), expected[row["Indicator code"]]))
        without = row["Areas without a figure, and why"] or ""
        for area in columns:
            assert (row[area] is None) == (area in without or without.startswith("All ")), row
        assert "current" not in without


def test_an_approximate_figure_on_the_scorecard_says_so(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    pools = {
        code
        for (code,) in published_home.rows(
            "select indicator_code from mart.vw_latest where area_name = 'Cheshire and Merseyside' "
            "and status = 'estimated' and value is not null and period = indicator_newest_period"
        )
    }
    rows = {row["Indicator code"]: row for row in sheets["Scorecard"].rows}
    shown = {code for code in pools if rows[code]["Cheshire and Merseyside"] is not None}
    assert shown
    for code in shown:
        remark = rows[code]["Figures that are not normal ones, and what they are"]
        assert "Cheshire and Merseyside" in remark and "approximate" in remark


def test_a_figure_that_may_not_be_shown_is_blank_with_a_symbol_and_its_status_in_words(
    sheets: dict[str, Table],
) -> None:
    rows = [*sheets["Latest_figures"].rows, *series(sheets)]
    absent = [row for row in rows if row["Value"] is None]
    assert absent
    for row in absent:
        assert row["Shorthand"] in {"[c]", "[x]", "[z]", "[u]"} and row["Status"]
    assert {row["Shorthand"] for row in rows if row["Status"] == "normal"} == {None}
    assert {row["Shorthand"] for row in rows if row["Status"] == "approximate"} == {"[e]"}


def test_every_measure_of_inequality_is_the_mart_s_newest_and_without_a_value_has_a_reason(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    expected = {
        tuple(key): value
        for *key, value in published_home.rows(
            """
            select f.indicator_code, f.area_code, f.sex, f.age, replace(f.measure, '_', ' '),
                coalesce(a.area_name, f.group_a), coalesce(b.area_name, f.group_b), f.value
            from mart.fct_inequality as f
            join mart.dim_indicator as i using (indicator_code)
            join mart.dim_period as p using (period_id)
            left join mart.dim_area as a on a.area_code = f.group_a
            left join mart.dim_area as b on b.area_code = f.group_b
            where i.beacon_no is not null or i.is_proxy
            qualify p.period_end = max(p.period_end) over (
                partition by f.indicator_code, f.area_code, f.sex, f.age, f.measure, f.group_a, f.group_b)
            """
        )
    }
    key = ("Indicator code", "Area code", "Sex", "Age", "Measure", "Group", "Reference group")
    rows = sheets["Inequalities"].rows
    assert {tuple(row[name] for name in key) for row in rows} == set(expected)
    for row in rows:
        assert same(row["Value"], expected[tuple(row[name] for name in key)])
        if row["Value"] is None:
            assert row["Shorthand"] and row["Why there is no value, or no limits"]


def test_coverage_has_every_pair_and_says_in_words_why_there_is_no_figure(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    expected = dict(published_home.rows("select state, count(*) from mart.coverage group by state"))
    rows = sheets["Coverage"].rows
    assert {state: sum(row["State"] == state for row in rows) for state in expected} == expected
    assert all(row["Reason"] for row in rows if row["State"] != "current")
    assert not any("_" in (row["Reason"] or "").partition("(")[0] for row in rows)


def test_a_proxy_is_called_one_in_every_row(published_home: PublishedHome, sheets: dict[str, Table]) -> None:
    proxies = dict(published_home.rows("select indicator_code, proxy_for from mart.dim_indicator where is_proxy"))
    seen = 0
    for table in sheets.values():
        for row in table.rows:
            kind = row.get("Beacon indicator, proxy or supporting")
            if row.get("Indicator code") in proxies:
                assert kind.startswith(f"Proxy for {proxies[row['Indicator code']]}"), row
                seen += 1
            elif kind is not None:
                assert not kind.startswith("Proxy")
    assert seen > len(proxies)


def test_numbers_are_numbers_shown_with_the_decimals_of_their_indicator(
    published_home: PublishedHome, book: Any, sheets: dict[str, Table]
) -> None:
    decimals = dict(published_home.rows("select indicator_code, decimals from mart.dim_indicator"))
    for name in ("Latest_figures", "Overarching", "Principle_2", "Scorecard"):
        table = sheets[name]
        code = table.headers.index("Indicator code")
        columns = ("Liverpool", "England") if name == "Scorecard" else LIMITS
        for cells in book[name].iter_rows(min_row=table.first + 1):
            for header in columns:
                cell = cells[table.headers.index(header)]
                if cell.value is None:
                    continue
                assert cell.data_type == "n" and isinstance(cell.value, int | float)
                shown = cell.number_format.partition(".")[2]
                assert shown == "0" * decimals[cells[code].value]


def test_an_attribution_stands_beside_every_indicator_with_a_licence(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    expected = dict(
        published_home.rows("select indicator_code, attribution from mart.dim_indicator where licence is not null")
    )
    found = {row["Indicator code"]: row["Attribution"] for row in sheets["Indicators"].rows if row["Licence"]}
    assert found == expected and expected


def test_changes_are_counted_as_the_history_has_them(published_home: PublishedHome, sheets: dict[str, Table]) -> None:
    (expected,) = published_home.rows(
        "select count(*) filter (where change = 'new'), count(*) filter (where change = 'revised'), "
        "count(*) filter (where change = 'withdrawn') from mart.fct_observation_history"
    )
    rows = sheets["Changes"].rows
    found = tuple(sum(row[f"{kind} figures"] for row in rows) for kind in ("New", "Revised", "Withdrawn"))
    assert found == expected and found[0] > 0


def test_the_first_release_has_nothing_to_be_compared_with(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    (row,) = sheets["Since_last_release"].rows
    assert "This is the first release" in row["What is not here, and why"]
    (row,) = sheets["Releases"].rows
    ((figures,),) = published_home.rows("select count(*) from mart.fct_observation")
    assert (row["Release"], row["New figures"]) == (published_home.release.name, figures)


def test_what_changed_since_the_release_before_is_in_the_workbook_as_in_the_mart(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    for name in ("atf.duckdb", "receipt.json", "datapackage.json"):
        shutil.copyfile(published_home.release / name, release / name)
        (release / name).chmod(0o644)
    key = "indicator_code = 'ATF02' and area_code = 'E08000012' and sex = 'Female' and period_id like '2022-01-01%'"
    start = (
        "insert into mart.fct_change by name select indicator_code, area_code, {period} as period_id, sex, age, "
        "breakdown_type, breakdown_value, '000000-x' as version_before, true as made_by_other_code, "
    )
    run_sql(
        release / "atf.duckdb",
        start.format(period="period_id")
        + "'revised' as change, value - 1.5 as old_value, value as new_value, 'normal' as old_status, status as "
        f"new_status, 'lower' as old_outcome_statistical from mart.fct_observation where {key}",
        start.format(period="'2011-01-01/2013-12-31'")
        + "'revised' as change, 'hidden_now' as old_value_reason, 'normal' as old_status, 'suppressed' as new_status "
        f"from mart.fct_observation where {key}",
    )
    write_workbook(release, tmp_path / "changed.xlsx")
    table = tables(openpyxl.load_workbook(tmp_path / "changed.xlsx"))["Since_last_release"]
    first, second = table.rows
    assert first["Value now"] - first["Value before"] == pytest.approx(1.5)
    assert (first["Period"], first["Beside England before"]) == ("2022 to 2024", "lower")
    assert (second["Value before"], second["Shorthand before"], second["Shorthand now"]) == (None, None, "[c]")
    assert second["Why the value before is not repeated"] == "not repeated: the figure is hidden now"


def test_a_figure_that_a_check_doubts_is_not_judged_in_the_workbook_either(
    published_home: PublishedHome, sheets: dict[str, Table]
) -> None:
    rows = {(row["Indicator code"], row["Area code"]): row for row in sheets["Latest_figures"].rows}
    seen = 0
    for (sample,) in published_home.rows(
        "select sample from mart.quality_result where not success and severity in ('warning', 'critical')"
    ):
        for entry in json.loads(sample):
            if not {"indicator_code", "period_id", "sex", "age"} <= set(entry):
                continue
            code = entry["indicator_code"]
            for (area,) in published_home.rows(
                f"select area_code from mart.vw_latest where value is not null and indicator_code = '{code}' and "
                f"period_id = '{entry['period_id']}' and sex = '{entry['sex']}' and age = '{entry['age']}' and "
                "area_code in (select area_code from mart.dim_area where is_answered and area_type = 'council') and "
                f"'{entry.get('area_code') or ''}' in ('', area_code)"
            ):
                row = rows[code, area]
                assert (row["Compared with England"], row["Judged against England"]) == (None, "not judged")
                assert row["Why not compared or not judged"] == "a check doubts the figure"
                seen += 1
    assert seen >= 9
    assert any(row["Judged against England"] == "worse" for row in rows.values())
