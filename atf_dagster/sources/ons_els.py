"""ONS Explore Local Statistics: one indicator (slug) a request, for the catalogue's areas, answered as CSV.

Belongs here: the request. Reference: https://www.ons.gov.uk/explore-local-statistics (its CSVW metadata).
An unknown slug is no error there but an empty answer, which landing refuses for a required part.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from atf_dagster.catalogue import Collection, Dataset, Part
from atf_dagster.sources.base import Question, Source
from atf_dagster.sources.csv_body import snake_case


def question(collection: Collection, dataset: Dataset, part: Part, areas: Sequence[str]) -> Question:
    """All periods; the service's own default is the latest one, and rows without a value are left out."""
    return Question(
        path="/explore-local-statistics/api/v1/data.csv",
        params=(
            ("indicator", dataset.source_id),
            ("geo", ",".join(areas)),
            ("time", "all"),
            ("includeStatus", "true"),
        ),
    )


def check_rows(connection: duckdb.DuckDBPyConnection, rows: Path, dataset: Dataset) -> None:
    """The body names no indicator when one is asked for, so there is nothing to compare."""


SOURCE = Source(question=question, column_name=snake_case, ends_with_newline=False, check_rows=check_rows)
