"""What an edition of each table holds: every period, or its own alone."""

from __future__ import annotations

import pytest

from atf_dagster.catalogue import load
from atf_dagster.catalogue.load import FOLDER
from atf_dagster.files import read_yaml

OWN_PERIODS = {
    "govuk_desnz_fuel_poverty",
    "govuk_desnz_fuel_poverty_editions",
    "govuk_desnz_fuel_poverty_lsoa",
    "govuk_dwp_children_in_low_income",
    "govuk_mhclg_temporary_accommodation",
    "nomis_claimants_neighbourhoods",
    "ons_beta_below_real_living_wage",
    "ons_beta_population_estimates",
}
"""A workbook a year or a quarter, or a window of the newest periods: read in the publishers' own files and answers."""
WITH_FIGURES = [path for path in sorted((FOLDER / "collections").glob("*.yml")) if any(
    dataset.get("yields") or "indicator" in dataset for dataset in read_yaml(path)["datasets"]
)]  # fmt: skip


@pytest.mark.parametrize("path", WITH_FIGURES, ids=lambda path: path.stem)
def test_each_collection_with_figures_says_what_its_editions_hold(path: object) -> None:
    assert read_yaml(path)["edition_holds"] in ("every_period", "own_periods")  # type: ignore[arg-type]


def test_the_absence_of_a_period_is_a_withdrawal_everywhere_but_in_tables_of_single_periods() -> None:
    catalogue = load()
    datasets = [dataset.id for collection, dataset in catalogue.datasets if dataset.yields]
    assert {dataset for dataset in datasets if catalogue.edition_holds(dataset) == "own_periods"} == OWN_PERIODS
