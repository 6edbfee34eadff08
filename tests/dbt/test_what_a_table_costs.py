"""A new table of a known publisher costs three files of at most 75 lines: by them it lands, is staged and admitted.

The table is made up and of the form of DfT's CW0301; its files are in the folder new_table. They are put into a copy of
the catalogue and of the dbt project, beside all that is there, and nothing else is touched.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from atf_dagster.catalogue import load
from atf_dagster.catalogue.load import FOLDER
from atf_dagster.landing import Verdict
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from support.dbt_warehouse import PROJECT, STAGED, Node, Warehouse
from support.publishers.govuk import File, Govuk, PublishedPage

NEW_TABLE = Path(__file__).parent / "new_table"
PLACES = {
    "dft_cycling.yml": "catalogue/collections",
    "stg_dft__cycling.sql": "dbt_project/models/staging/dft",
    "stg_dft__cycling.yml": "dbt_project/models/staging/dft",
}
MOST_LINES = 75
LONGEST_LINE = 120
PAGE = "/government/statistical-data-sets/walking-and-cycling-statistics-cw"
MODEL = "stg_dft__cycling"


def copy_of_the_project(into: Path) -> None:
    """The catalogue and the dbt project with the new table's files in them."""
    ignored = shutil.ignore_patterns("*.py", "__pycache__", "target", "logs")
    shutil.copytree(FOLDER, into / "catalogue", ignore=ignored)
    shutil.copytree(PROJECT, into / "dbt_project", ignore=ignored)
    for name, place in PLACES.items():
        assert not (into / place / name).exists()
        shutil.copy(NEW_TABLE / name, into / place / name)


def cw9901() -> bytes:
    """One sheet: a row an area and purpose, a column a year."""
    body = BytesIO()
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet("CW9901")
        sheet.write_row(0, 0, ["Adults who cycle, by purpose"])
        sheet.write_row(2, 0, ["ONS code", "Area name", "Purpose", "2021", "2022 [r]"])
        areas = [area for area in load().areas if area.type == "council"]
        for number, area in enumerate(areas):
            sheet.write_row(3 + 2 * number, 0, [area.code, area.name, "Travel", f"{10 + number}.5", "[x]"])
            sheet.write_row(4 + 2 * number, 0, [area.code, area.name, "Leisure", f"{20 + number}.5", "3.5"])
    return body.getvalue()


@dataclass(frozen=True)
class Added:
    """What became of the new table in the copy of the project."""

    warehouse: Warehouse
    nodes: list[Node]
    verdicts: list[Verdict]
    councils: int


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Added:
    disable_usage_data()
    folder = tmp_path_factory.mktemp("new_table")
    copy_of_the_project(folder)
    catalogue = load(folder / "catalogue")
    page = PublishedPage("Walking and cycling statistics (CW)", [File("cw9901.xlsx", cw9901())])
    with Govuk(pages={PAGE: page}) as server:
        settings = Settings(
            home=folder / "home",
            mode="live",
            service_urls={"govuk": server.url, "govuk_files": server.url},
            requests_per_second=0,
            attempts=1,
        )
        settings.home.mkdir()
        refresh = Refresh(settings, "run")
        refresh.__dict__["catalogue"] = catalogue
        refresh.fetch(["govuk_dft_cycling"])
    refresh.parse()
    warehouse = Warehouse(settings.raw.parent, settings.warehouse, folder / "dbt_project")
    nodes = warehouse.dbt("build", *STAGED, "--exclude-resource-type", "unit_test")
    nodes += warehouse.dbt("test", "--select", f"{MODEL},test_type:unit")
    _, decided = refresh.admit()
    councils = sum(area.type == "council" for area in catalogue.areas)
    return Added(warehouse, nodes, [verdict for _, verdict in decided], councils)


def test_a_table_costs_three_files_of_at_most_75_lines_together() -> None:
    assert sorted(path.name for path in NEW_TABLE.iterdir()) == sorted(PLACES)
    lines = [line for name in PLACES for line in (NEW_TABLE / name).read_text("utf-8").splitlines()]
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= LONGEST_LINE, "lines are counted, so they must not be longer than elsewhere"


def test_its_sql_is_formatted_as_ours() -> None:
    sqlfmt = Path(sys.executable).parent / "sqlfmt"
    if not sqlfmt.exists():
        pytest.skip("sqlfmt is not installed beside this Python: it is one of the development dependencies")
    command = [str(sqlfmt), "--check", "--no-progressbar", str(NEW_TABLE / f"{MODEL}.sql")]
    checked = subprocess.run(command, cwd=PROJECT.parent, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_whole_staged_half_builds_with_it_and_its_unit_test_passes(added: Added) -> None:
    bad = [node for node in added.nodes if node.status not in ("success", "pass", "no-op")]
    assert bad == []
    assert {(node.kind, node.name) for node in added.nodes} >= {
        ("model", MODEL),
        ("unit_test", "cycling_is_dated_by_the_survey_s_year"),
    }


def test_its_rows_become_figures_of_its_indicator(added: Added) -> None:
    figures = added.warehouse.query(
        "select period_id, age, status, count(*), min(value), max(value) from intermediate.int_staged "
        "where indicator_code = 'SUP98' and row_use = 'kept' group by all order by period_id"
    )
    last = added.councils - 1
    assert figures == [
        ("2020-11-16/2021-11-15", "16+ yrs", "normal", added.councils, 10.5, 10.5 + last),
        ("2021-11-16/2022-11-15", "16+ yrs", "not_available", added.councils, None, None),
    ]


def test_every_landed_row_of_it_is_accounted_for(added: Added) -> None:
    account = added.warehouse.query(
        "select landed_rows, staged_rows, kept_rows, other_measure_rows from intermediate.int_row_account "
        "where dataset = 'govuk_dft_cycling'"
    )
    rows = 4 * added.councils
    assert account == [(rows, rows, rows // 2, rows // 2)]


def test_it_is_judged_by_the_suites_that_there_are(added: Added) -> None:
    assert [verdict.verdict for verdict in added.verdicts] == ["admitted"]


def test_each_of_its_columns_is_described_though_its_yaml_names_one(added: Added) -> None:
    built = added.warehouse.query(f"select column_name from duckdb_columns() where table_name = '{MODEL}'")
    (node,) = [node for node in added.warehouse.manifest()["nodes"].values() if node["name"] == MODEL]
    described = {name for name, column in node["columns"].items() if column["description"].strip()}
    assert described == {name for (name,) in built}
    assert node["columns"]["period_label"]["description"].startswith("The year in which the survey's year ends")


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("""        sex="'Persons'",\n""", "", "the argument `sex` is missing"),
        ("""        age="'16+ yrs'",\n""", "", "the argument `age` is missing"),
        ("period_end=", "period_until=", "a staged figure has no column `period_until`"),
        ("period_label=", 'numerator="1", period_label=', "`numerator` is given and `unknown_beside` is not"),
    ],
)
def test_a_model_without_sex_or_age_or_with_an_unknown_column_does_not_compile(
    added: Added, written: str, instead: str, message: str
) -> None:
    path = added.warehouse.project / "models" / "staging" / "dft" / f"{MODEL}.sql"
    ours = path.read_text("utf-8")
    assert written in ours
    path.write_text(ours.replace(written, instead), "utf-8")
    try:
        with pytest.raises(Exception, match=f"staged_figures in {MODEL}: {message}"):
            added.warehouse.dbt("parse")
    finally:
        path.write_text(ours, "utf-8")
