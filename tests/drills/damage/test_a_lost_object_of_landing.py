"""One object of landing is lost, with the Parquet that was made from it: its dataset's issue, and nobody else's.

Belongs here: what a refresh makes of it, while the publisher does not serve the bytes and when it does again. Does not
belong here: verdicts on single vintages (tests/landing).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from drill_home import DrillHome, Ended
from small_publishers import NEWS

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from support.damage import server_error
from support.two_publishers import TwoPublishers

DATASET, PART, TABLE = "ons_els_modelled_unemployment", "all", "modelled-unemployment"
FIGURES = """
    select v.dataset, count(*) from mart.fct_observation as o
    inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id group by all order by all
"""


@dataclass(frozen=True)
class Lost:
    """The two refreshes after the loss, and the figures of each dataset before and after each."""

    object: str
    without: Ended
    again: Ended
    before: dict[str, int]
    meanwhile: dict[str, int]
    after: dict[str, int]


@pytest.fixture(scope="module")
def lost(published: DrillHome, publishers: TwoPublishers, tmp_path_factory: pytest.TempPathFactory) -> Lost:
    home = published.copy(tmp_path_factory.mktemp("lost") / "home")
    store = Store(home.as_settings.landing)
    (vintage,) = store.vintages(DATASET, PART)
    kept = store.object_path(vintage.sha256)
    collection, _ = load().dataset(DATASET)
    kept.unlink()
    (home.as_settings.raw / collection.table / f"{vintage.id}.parquet").unlink()
    before = dict(home.rows(FIGURES))
    publishers.lay_over({**NEWS, TABLE: server_error})
    without = home.refresh()
    meanwhile = dict(home.rows(FIGURES))
    publishers.lay_over(NEWS)
    return Lost(str(kept), without, home.refresh(), before, meanwhile, dict(home.rows(FIGURES)))


def test_the_others_are_published_with_their_news(lost: Lost) -> None:
    assert lost.without.report["outcome"] == "published", lost.without
    others = {dataset: count for dataset, count in lost.before.items() if dataset != DATASET}
    assert set(others) <= set(lost.meanwhile)
    assert sum(lost.meanwhile.values()) > sum(others.values())


def test_it_is_the_issue_of_its_dataset_with_what_to_do(lost: Lost) -> None:
    (issue,) = lost.without.report["source_issues"]
    assert (issue["dataset"], issue["reason"]) == (DATASET, "landing_damaged")
    assert f"{lost.object} is missing" in issue["message"]
    assert "backup" in issue["remedy"]
    assert issue["serving"] == "no figures yet"


def test_a_publisher_that_serves_the_bytes_again_heals_it(lost: Lost) -> None:
    assert (lost.again.code, lost.again.report["outcome"]) == (0, "published"), lost.again
    assert lost.again.report["source_issues"] == []
    assert lost.after[DATASET] == lost.before[DATASET]
