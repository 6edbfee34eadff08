"""When a refresh as a whole comes to nothing, readers keep what they have, and the exit code says why.

Belongs here: every publisher down; a critical failure on the mart itself. Does not belong here: single datasets.
"""

from __future__ import annotations

from faults import ZEROS_LATER
from houses import Ended, House
from story import Unchanged, indicator_of, part_of, receipt, says, source_id

from atf_dagster import catalogue


def test_with_every_publisher_down_the_refresh_fails_and_current_stays(
    house: House, unchanged: Unchanged, down: Ended
) -> None:
    assert (down.code, down.report["outcome"]) == (1, "failed")
    assert down.current == unchanged.ended.current
    assert says(("No publisher answered",), down.report["message"])
    assert says(("network", "last release stays"), down.report["mend"])


def test_with_every_publisher_down_each_dataset_has_its_receipt(house: House, down: Ended) -> None:
    for _, dataset in catalogue.load().datasets:
        record = receipt(house, dataset.id, down.run_id)
        assert (record["outcome"], record["reason"], record["tries"]) == ("failed", "connection", 5)
        assert says(("connection refused",), record["message"])
        assert says(("network", "reaches the host"), record["mend"])


def test_a_critical_failure_on_the_mart_publishes_nothing_and_exits_with_2(
    house: House, before_zeros: str, zeros: Ended
) -> None:
    """Nine zeros for a year that has no figures yet: each row is admissible, all of them together are no fact."""
    assert (zeros.code, zeros.report["outcome"]) == (2, "held")
    assert zeros.current == before_zeros
    assert says(("period_is_not_all_zero", "zeros"), zeros.report["message"])
    assert says(("failing row", "last release stays"), zeros.report["mend"])
    assert receipt(house, ZEROS_LATER, zeros.run_id)["outcome"] == "landed"


def test_the_page_of_a_held_refresh_shows_the_failing_rows(house: House, zeros: Ended) -> None:
    page = (house.home / "runs" / zeros.run_id / "validation.html").read_text("utf-8")
    assert zeros.report["page"] == str(house.home / "runs" / zeros.run_id / "validation.html")
    assert says(("Held", "nothing was published", "period_is_not_all_zero", indicator_of(ZEROS_LATER)), page)


def test_the_zeros_that_were_held_are_in_no_release(house: House, zeros: Ended) -> None:
    landed = house.vintages(ZEROS_LATER, part_of(ZEROS_LATER))[-1]
    assert source_id(ZEROS_LATER) in landed["url"]
    for version in house.versions:
        found = house.rows("select * from mart.dim_vintage where sha256 = ?", [landed["sha256"]], version=version)
        assert found == []
