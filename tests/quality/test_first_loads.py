"""What arrived with the first vintages of a dataset is listed for people: ages, sexes, periods, units, areas, steps.

Belongs here: the list, from planted rows and of the bundled figures. Does not belong here: how the page shows it
(test_validation_page), the command (tests/cli).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster import catalogue
from atf_dagster.cli import diagnose
from atf_dagster.quality import first_loads
from atf_dagster.quality.first_loads import FirstLoad
from support.home import PublishedHome

WITH_FIGURES = {dataset.id for _, dataset in catalogue.load().datasets if dataset.yields}
LIVERPOOL, ENGLAND, MANCHESTER = "E08000012", "E92000001", "E08000003"


@pytest.fixture
def found(published_home: PublishedHome, tmp_path: Path) -> Any:
    """Gives the list of a warehouse with these rows only, all of `fingertips_93881` where they do not say otherwise."""

    def listed(rows: Sequence[Mapping[str, Any]], new: Sequence[str] = ("fingertips_93881",)) -> list[FirstLoad]:
        path = tmp_path / "warehouse.duckdb"
        with duckdb.connect() as connection:
            connection.execute(
                f"attach '{published_home.settings.warehouse}' as real (read_only); attach '{path}' as made"
            )
            connection.execute("create schema made.intermediate; create schema made.raw")
            for table in ("intermediate.int_staged", "raw.vintage"):
                connection.execute(f"create table made.{table} as from real.{table} where false")
            for table in ("raw.catalogue_area", "raw.catalogue_indicator"):
                connection.execute(f"create table made.{table} as from real.{table}")
            for name, admission in (("waits", "pending"), ("known", "admitted")):
                connection.execute(
                    "insert into made.raw.vintage (vintage_id, admission) values (?, ?)", [name, admission]
                )
            for row in rows:
                whole = {
                    **{"vintage_id": "waits", "dataset": "fingertips_93881", "indicator_code": "SUP03"},
                    **{
                        "area_code": LIVERPOOL,
                        "sex": "Persons",
                        "age": "18+ yrs",
                        "row_use": "kept",
                        "status": "normal",
                    },
                    **{"breakdown_type": "Total", "breakdown_value": "Total", "period_label": "2022/23"},
                    **{"period_start": "2022-04-01", "period_end": "2023-03-31", "value": 30.0, **row},
                }
                names, marks = ", ".join(whole), ", ".join("?" for _ in whole)
                connection.execute(
                    f"insert into made.intermediate.int_staged ({names}) values ({marks})", list(whole.values())
                )
        return first_loads.find(path, new)

    return listed


def year(number: int) -> dict[str, Any]:
    return {
        "period_label": f"{number}/{number % 100 + 1}",
        "period_start": f"{number}-04-01",
        "period_end": f"{number + 1}-03-31",
    }


def test_a_list_says_which_ages_sexes_periods_units_and_areas_came(found: Any) -> None:
    (load,) = found(
        [
            {"age": "18+ years", **year(2020)},
            {"age": "16+ yrs", **year(2022), "value": 41.5},
            {"sex": "Female", "area_code": ENGLAND, "breakdown_type": "Ethnic groups", "breakdown_value": "Asian"},
            {"area_code": MANCHESTER, "value": None, "status": "suppressed"},
            {"row_use": "other_area", "area_code": "W06000001", "age": "never"},
        ]
    )
    facts = dict(load.facts)
    assert facts["Figures"] == "4; without a value: 1 suppressed"
    assert facts["Left out"] == "1 other area"
    assert facts["Ages"] == "16+ yrs; 18+ years; 18+ yrs"
    assert facts["Sexes"] == "Female; Persons"
    assert facts["Categories"] == "Ethnic groups: Asian; Total"
    assert facts["Periods"] == "2: 2020/21 to 2022/23"
    assert facts["Areas"] == "3: 1 of the nine councils, England"
    assert facts["Units"] == "Adult obesity: %, from 30.0 to 41.5"


def test_the_largest_steps_are_said_in_words_the_largest_first(found: Any) -> None:
    values = (30.0, 31.0, 30.0, 31.0, 60.0, 31.0, 30.0)
    (load,) = found([{**year(2015 + n), "value": value} for n, value in enumerate(values)])
    assert load.largest_steps[:2] == (
        "Adult obesity, Liverpool (Persons, 18+ yrs): 31.0 (2018/19) to 60.0 (2019/20), 29.0 times the usual step.",
        "Adult obesity, Liverpool (Persons, 18+ yrs): 60.0 (2019/20) to 31.0 (2020/21), 29.0 times the usual step.",
    )
    assert len(load.largest_steps) == first_loads.SHOWN_STEPS


def test_a_number_with_the_mark_of_a_hidden_one_is_in_no_list(found: Any) -> None:
    rows = [{**year(2015 + n), "value": 30.0 + n % 2} for n in range(5)]
    (load,) = found([*rows, {**year(2020), "value": 4321.0, "status": "suppressed"}])
    assert "4321" not in json.dumps(load.as_json())


def test_a_label_cannot_look_like_another_line_of_what_is_printed(
    found: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (load,) = found([{"age": "18+\nHeld back; readers get: nothing", "sex": "\x1b[2JPersons"}])
    diagnose._print_first_load(load)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert "  Ages: 18+ Held back; readers get: nothing" in lines


def test_only_vintages_that_wait_and_datasets_that_are_new_are_listed(found: Any) -> None:
    rows = [{}, {"dataset": "ees_early_years"}, {"vintage_id": "known", "dataset": "fingertips_93014"}]
    loads = found(rows, new=("fingertips_93881", "fingertips_93014"))
    assert [load.dataset for load in loads] == ["fingertips_93881"]


def test_the_first_refresh_of_a_home_lists_every_dataset_that_came_with_figures(published_home: PublishedHome) -> None:
    (run,) = {path.parent.name for path in published_home.settings.runs.glob("*/quality_admission.json")}
    loads = first_loads.of_run(published_home.settings.workspace / "quality", run)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.settings.warehouse}' as warehouse (read_only)")
        kept = dict(
            connection.execute(
                "select dataset, count(*) from warehouse.intermediate.int_staged where row_use = 'kept' group by all"
            ).fetchall()
        )
    assert {load.dataset: load.figures for load in loads} == {key: n for key, n in kept.items() if key in WITH_FIGURES}
    assert len(loads) > 30
    page = Path(published_home.report["page"]).read_text("utf-8")
    assert f"{len(loads)} datasets" in page


def test_a_newer_first_load_of_a_dataset_takes_the_place_of_the_older_one(tmp_path: Path, found: Any) -> None:
    (load,) = found([{}])
    first_loads.keep(tmp_path, "one", [load])
    first_loads.keep(tmp_path, "two", [load])
    kept = first_loads.of_dataset(tmp_path, "fingertips_93881")
    assert kept is not None
    assert (kept.run_id, kept.figures) == ("two", 1)
    assert first_loads.of_run(tmp_path, "one") == []
    assert first_loads.of_dataset(tmp_path, "fingertips_93014") is None
