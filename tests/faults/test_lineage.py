"""From a figure in a release back to the very cell that the publisher served.

Belongs here: figures re-read from landed bytes, without the program's own readers.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import random
from typing import Any

import pytest
from houses import Ended, House
from story import Spoiled

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


def cells(house: House, version: str | None) -> list[dict[str, Any]]:
    """Fifty figures with a measure each, drawn from all that a release publishes and does not derive itself."""
    names = sorted({measure for measures in MEASURES.values() for measure in measures})
    found = house.rows(
        f"select o.area_code, o.source_row, v.sha256, v.dataset, v.part, o.period_start, {', '.join(names)} "
        "from mart.fct_observation as o inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id "
        "where not o.is_derived order by all",
        version=version,
    )
    every = []
    for area, row, sha256, dataset, part, start, *measures in found:
        figure = {"area": area, "row": row, "sha256": sha256, "dataset": dataset, "part": part, "start": start}
        for name, value in zip(names, measures, strict=True):
            if value is not None:
                every.append({**figure, "measure": name, "value": value})
    return random.Random(SEED).sample(every, CELLS)


def served_row(house: House, cell: dict[str, Any]) -> dict[str, str]:
    """The row of the landed file that the figure names, under the publisher's own headings."""
    path = house.object(cell["sha256"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == cell["sha256"]
    (encoding,) = {
        vintage["encoding"]
        for vintage in house.vintages(cell["dataset"], cell["part"])
        if vintage["sha256"] == cell["sha256"]
    }
    with path.open(encoding=encoding, newline="") as stream:
        row = next(itertools.islice(csv.DictReader(stream), cell["row"] - 1, None))
    return dict(row)


def assert_cells_are_in_the_bytes(house: House, version: str | None) -> None:
    for cell in cells(house, version):
        publisher = "ons_els" if cell["dataset"].startswith("ons_els") else "fingertips"
        row = served_row(house, cell)
        assert row[AREA[publisher]] == cell["area"], cell
        assert float(row[MEASURES[publisher][cell["measure"]]]) == cell["value"], cell
        # Fingertips labels a period by its first year, the other publisher gives its first day.
        assert str(cell["start"]).startswith(row[PERIOD[publisher]][: FIRST[publisher]]), cell


def test_fifty_cells_of_a_snapshot_release_are_in_the_bytes_that_they_name(snapshot_house: House) -> None:
    assert_cells_are_in_the_bytes(snapshot_house, snapshot_house.current)


@pytest.mark.parametrize("step", ["first", "spoiled", "repaired"])
def test_fifty_cells_of_a_live_release_are_in_the_bytes_that_they_name(
    house: House, first: Ended, spoiled: Spoiled, repaired: Ended, step: str
) -> None:
    releases = {"first": first, "spoiled": spoiled.ended, "repaired": repaired}
    assert_cells_are_in_the_bytes(house, releases[step].current)


def test_explain_leads_from_a_figure_to_the_row_as_it_was_served(snapshot_house: House) -> None:
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
