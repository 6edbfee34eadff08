"""When a refresh as a whole comes to nothing, readers keep what they have, and the exit code says why.

Belongs here: every publisher down; a critical failure on the mart itself. Does not belong here: single datasets.
"""

from __future__ import annotations

from bad_inputs import WITHDRAWN_LATER
from homes import Ended, Home
from story import Unchanged, indicator_of, receipt, says

from atf_dagster import catalogue
from support.two_publishers import ALL_PART


def test_with_every_publisher_down_the_refresh_fails_and_current_stays(
    home: Home, unchanged: Unchanged, down: Ended
) -> None:
    assert (down.code, down.report["outcome"]) == (1, "failed")
    assert down.current == unchanged.ended.current
    said = f"{down.report['message']} {down.report['remedy']}"
    assert says(("No publisher answered", "network", "last release stays"), said)


def test_with_every_publisher_down_each_dataset_has_its_receipt(home: Home, down: Ended) -> None:
    tries = []
    for collection, dataset in catalogue.load().datasets:
        for part in collection.parts:
            (record,) = home.attempts(dataset.id, part.id, down.run_id)
            if not home.asks(collection.service.id):
                assert (record["outcome"], record["reason"], record["tries"]) == ("skipped", "switched_off", 0)
                assert says((collection.service.id, "ATF_SKIP_SERVICES"), record["message"])
                continue
            tries.append(record["tries"])
            assert (record["outcome"], record["reason"]) == ("failed", "connection")
            assert says(("connection refused",), record["message"])
            assert says(("network", "reaches the host"), record["remedy"])
    assert len(tries) > 80  # the two publishers that the story is told with
    assert 0 in tries and max(tries) < 5, "a publisher that answers nobody is not given up"


def test_a_critical_failure_on_the_mart_publishes_nothing_and_exits_with_2(down: Ended, lost: Ended) -> None:
    assert (lost.code, lost.report["outcome"]) == (2, "held")
    assert lost.current == down.current
    message = lost.report["message"]
    assert says(("figures_are_not_lost", "lost on the way", indicator_of(WITHDRAWN_LATER)), message)
    assert says(("failing row", "last release stays"), lost.report["remedy"])


def test_no_vintage_is_to_blame_for_what_the_house_itself_lost(home: Home, lost: Ended) -> None:
    """Otherwise the failure above would be admission's and not the mart's."""
    assert receipt(home, WITHDRAWN_LATER, lost.run_id)["outcome"] == "landed"
    assert [vintage["sequence"] for vintage in home.vintages(WITHDRAWN_LATER, ALL_PART)] == [1, 2]
    assert lost.report["source_issues"] == []


def test_the_page_of_a_held_refresh_shows_the_failing_rows(home: Home, lost: Ended) -> None:
    path = home.home / "runs" / lost.run_id / "validation.html"
    assert lost.report["page"] == str(path)
    words = ("Held", "nothing was published", "figures_are_not_lost", indicator_of(WITHDRAWN_LATER))
    assert says(words, path.read_text("utf-8"))


def test_bytes_of_a_held_refresh_are_in_no_release(home: Home, lost: Ended) -> None:
    landed = home.vintages(WITHDRAWN_LATER, ALL_PART)[-1]
    for version in home.versions:
        found = home.rows("select * from mart.dim_vintage where sha256 = ?", [landed["sha256"]], version=version)
        assert found == []
