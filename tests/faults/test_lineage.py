"""From a figure in a release back to the very cell that the publisher served.

Belongs here: figures re-read from what was landed, without the program's models. Of the two services whose CSV has
one figure a row that is the body itself; of the others, whose workbooks, JSON and pages a reader has to unfold
first, it is the row of raw as text, and the page that this row came from.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import math
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from homes import Ended, Home, Record
from story import Damaged

from atf_dagster.catalogue import Collection, load
from atf_dagster.snapshot.figures import ENGLAND

CELLS = 50
SEED = 22
MEASURES = {
    "fingertips": {
        "value": "Value",
        "lci_95": "Lower CI 95.0 limit",
        "uci_95": "Upper CI 95.0 limit",
        "lci_998": "Lower CI 99.8 limit",
        "uci_998": "Upper CI 99.8 limit",
        "numerator": "Count",
        "denominator": "Denominator",
    },
    "ons_els": {"value": "value", "lci_95": "lci_95", "uci_95": "uci_95"},
}
AREA = {"fingertips": "Area Code", "ons_els": "areacd"}
FIRST = {"fingertips": len("2023"), "ons_els": len("2023-01-01")}
PERIOD = {"fingertips": "Time period", "ons_els": "period"}


def cells(home: Home, version: str | None) -> list[dict[str, Any]]:
    """Fifty figures with a measure each, drawn from all that a release has of the two services of plain CSV."""
    names = sorted({measure for measures in MEASURES.values() for measure in measures})
    found = home.rows(
        f"select o.area_code, o.source_row, v.sha256, v.dataset, v.part, o.period_start, {', '.join(names)} "
        "from mart.fct_observation as o inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id "
        "where not o.is_derived and v.dataset in ? order by all",
        [[dataset.id for collection, dataset in load().datasets if collection.service.id in MEASURES]],
        version=version,
    )
    every = []
    for area, row, sha256, dataset, part, start, *measures in found:
        figure = {"area": area, "row": row, "sha256": sha256, "dataset": dataset, "part": part, "start": start}
        for name, value in zip(names, measures, strict=True):
            if value is not None:
                every.append({**figure, "measure": name, "value": value})
    return random.Random(SEED).sample(every, CELLS)


def served_row(home: Home, cell: dict[str, Any]) -> dict[str, str]:
    """The row of the landed file that the figure names, under the publisher's own headings."""
    path = home.object(cell["sha256"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == cell["sha256"]
    (encoding,) = {
        vintage["encoding"]
        for vintage in home.vintages(cell["dataset"], cell["part"])
        if vintage["sha256"] == cell["sha256"]
    }
    with path.open(encoding=encoding, newline="") as stream:
        row = next(itertools.islice(csv.DictReader(stream), cell["row"] - 1, None))
    return dict(row)


def assert_cells_are_in_the_bytes(home: Home, version: str | None) -> None:
    for cell in cells(home, version):
        publisher = "ons_els" if cell["dataset"].startswith("ons_els") else "fingertips"
        row = served_row(home, cell)
        assert row[AREA[publisher]] == cell["area"], cell
        assert float(row[MEASURES[publisher][cell["measure"]]]) == cell["value"], cell
        # Fingertips labels a period by its first year, the other publisher gives its first day.
        assert str(cell["start"]).startswith(row[PERIOD[publisher]][: FIRST[publisher]]), cell


def test_fifty_cells_of_a_snapshot_release_are_in_the_bytes_that_they_name(snapshot_house: Home) -> None:
    assert_cells_are_in_the_bytes(snapshot_house, snapshot_house.current)


@pytest.mark.parametrize("step", ["first", "damaged", "repaired"])
def test_fifty_cells_of_a_live_release_are_in_the_bytes_that_they_name(
    home: Home, first: Ended, damaged: Damaged, repaired: Ended, step: str
) -> None:
    releases = {"first": first, "damaged": damaged.ended, "repaired": repaired}
    assert_cells_are_in_the_bytes(home, releases[step].current)


# The other publishers --------------------------------------------------------------------------------------

FIGURES_ELSEWHERE = """
    select o.indicator_code, o.area_code, a.area_name, o.period_start, o.period_end, o.source_row, o.vintage_id,
        v.sha256, v.dataset, v.part, i.multiplier, o.value, o.numerator, o.denominator
    from mart.fct_observation as o
    inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id
    inner join mart.dim_area as a on o.area_code = a.area_code
    inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code
    where not o.is_derived and v.dataset in ? order by all
"""
NUMBERS = ("value", "numerator", "denominator")
OF_THE_HOUSE = ("row_number", "dataset", "part", "vintage_id", "page")
"""Columns of a raw row that no publisher wrote."""
OF_NO_YEAR = {"ons_mean_weekly_deaths"}
"""Tables whose rows are means of several years, by the number of the week."""
COMPUTED = {"ees_attainment_by_19"}
"""Tables whose shares are computed from the counts beside them, because the publisher rounds the shares."""


def figures_elsewhere(home: Home) -> list[Record]:
    """All that a release publishes of the other services and does not derive itself.

    Local returns are left out: their figure is the sum of several organisations' rows after disclosure control, and
    stands in no row of anybody's.
    """
    others = [
        dataset.id
        for collection, dataset in load().datasets
        if collection.service.id not in (*MEASURES, "returns") and dataset.indicators
    ]
    found = home.rows(FIGURES_ELSEWHERE, [others])
    names = ("indicator", "area", "area_name", "start", "end", "row", "vintage_id", "sha256", "dataset", "part")
    return [dict(zip((*names, "multiplier", *NUMBERS), figure, strict=True)) for figure in found]


@cache
def raw_rows(path: Path) -> dict[int, dict[str, str]]:
    """The rows of a vintage as they stand in raw, without empty cells, by their number."""
    relation = duckdb.read_parquet(str(path))
    rows = (dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall())
    return {row["row_number"]: {name: cell for name, cell in row.items() if cell is not None} for row in rows}


@cache
def page_text(path: Path, sha256: str, encoding: str | None) -> str:
    """A page that is kept under its hash, as text; nothing where it has no encoding, as a workbook."""
    body = path.read_bytes()
    assert hashlib.sha256(body).hexdigest() == sha256
    return body.decode(encoding) if encoding else ""


def page_of(home: Home, figure: Record, row: dict[str, Any], *, is_packed: bool) -> str:
    """The text of the page that a raw row came from."""
    vintages = home.vintages(figure["dataset"], figure["part"])
    (vintage,) = (vintage for vintage in vintages if vintage["sha256"] == figure["sha256"])
    answers = vintage["pages"] or [vintage]
    answer = answers[row["page"] - 1]
    return page_text(home.object(answer["sha256"]), answer["sha256"], None if is_packed else vintage["encoding"])


def says_number(cells: dict[str, str], number: float) -> str | None:
    """The cell that says this number: with a per cent sign, separators of thousands, or counted in thousands."""
    for name, cell in cells.items():
        try:
            said = float(cell.strip().replace(",", "").removesuffix("%"))
        except ValueError:
            continue
        in_thousands = re.search("(?<!per)_thousands?$", name) is not None
        if number == said or (in_thousands and math.isclose(number, said * 1000, rel_tol=1e-12)):
            return cell
    return None


def area_said(cells: dict[str, str]) -> str:
    """The area that a row is about: its last code, for wider areas stand before narrower ones; or its name."""
    codes = [cell for cell in cells.values() if re.fullmatch("[A-Z][0-9]{8}", cell)]
    if codes:
        return codes[-1]
    if "region" not in cells:
        return cells["area_name"]  # table TA1 names England without London and has no code for it
    return ENGLAND if cells["region"] == "ALL" else cells["region"]


def of_other_measures(rows: dict[int, dict[str, str]], row: dict[str, Any]) -> list[dict[str, str]]:
    """Rows of NOMIS for the same area and date: counts have rows of their own, beside the one of the value."""
    same = ("geography_code", "date_code")
    others = [other for other in rows.values() if all(other[one] == row[one] for one in same)]
    return [{name: cell for name, cell in other.items() if name not in OF_THE_HOUSE} for other in others]


def assert_stands_in_its_row(
    figure: Record, collection: Collection, row: dict[str, Any], beside: list[dict[str, str]], page: str
) -> None:
    cells = {name: cell for name, cell in row.items() if name not in OF_THE_HOUSE}
    assert area_said(cells) in (figure["area"], figure["area_name"]), (figure, row)
    years = (str(figure["start"].year), str(figure["end"].year))
    assert collection.table in OF_NO_YEAR or any(year in cell for year in years for cell in cells.values()), figure
    for name in NUMBERS:
        number = figure[name]
        if number is None:
            continue
        if name == "value" and collection.table in COMPUTED:
            # Both counts are looked for in the row below.
            assert number == pytest.approx(figure["multiplier"] * figure["numerator"] / figure["denominator"]), figure
            continue
        cell = says_number(cells, number)
        if cell is None and name != "value" and collection.service.id == "nomis":
            cell = next(filter(None, (says_number(other, number) for other in beside)), None)
        assert cell is not None, (name, figure, row)
        # A workbook is packed; in the other formats the cell's own text is in the page.
        assert collection.format == "workbook" or cell in page, (name, figure, row)


def test_every_figure_of_the_other_publishers_stands_in_the_row_and_page_that_it_names(snapshot_house: Home) -> None:
    figures = figures_elsewhere(snapshot_house)
    seen = set()
    for figure in figures:
        collection, _ = load().dataset(figure["dataset"])
        path = snapshot_house.workspace / "raw" / collection.table / f"{figure['vintage_id']}.parquet"
        rows = raw_rows(path)
        row = rows[figure["row"]]
        assert (row["vintage_id"], row["dataset"], row["part"]) == tuple(
            figure[name] for name in ("vintage_id", "dataset", "part")
        )
        page = page_of(snapshot_house, figure, row, is_packed=collection.format == "workbook")
        beside = of_other_measures(rows, row) if collection.service.id == "nomis" else []
        assert_stands_in_its_row(figure, collection, row, beside, page)
        seen.add((collection.service.id, collection.format))
    assert {service for service, _ in seen} >= {"ees", "govuk", "nomis", "ons_beta", "ukhsa"}
    assert {kind for _, kind in seen} == {"csv", "json", "workbook"}
    assert len(figures) > 1000


def test_explain_leads_from_a_figure_to_the_row_as_it_was_served(snapshot_house: Home) -> None:
    done = snapshot_house.atf("explain", "ATF01", "Liverpool")
    assert done.returncode == 0, done.stderr
    ((value, sha256),) = snapshot_house.rows(
        "select o.value, v.sha256 from mart.fct_observation as o "
        "inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id "
        "where o.indicator_code = 'ATF01' and o.area_code = 'E08000012' and o.sex = 'Female' "
        "and o.breakdown_type = 'Total' order by o.period_end desc limit 1"
    )
    assert f"{value:g} years" in done.stdout
    assert sha256 in done.stdout
    assert '"area_code": "E08000012"' in done.stdout
