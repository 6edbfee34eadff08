"""OHID Fingertips: one indicator and one kind of area a request, answered as CSV.

Belongs here: the request, the heading whose text varies, and the rule that a body holds the indicator
that was asked for (an unknown id is answered with another status 200). Reference: the API's own
documentation at https://fingertips.phe.org.uk/api.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from atf_dagster.catalogue import Collection, Dataset, Part
from atf_dagster.sources.base import BodyRejected, Question, Source
from atf_dagster.sources.csv_body import snake_case

# The heading names the parent's kind ("Compared to Region value or percentiles"): four wordings are in use.
_PARENT_COMPARISON = re.compile(r"^compared to (?!england|goal)", re.IGNORECASE)


def question(collection: Collection, dataset: Dataset, part: Part, areas: Sequence[str]) -> Question:
    """One indicator a request: above a hundred the publisher drops the rest without a word."""
    return Question(
        path="/api/all_data/csv/by_indicator_id",
        params=(
            ("indicator_ids", dataset.source_id),
            *part.params.items(),
            ("include_sortable_time_periods", "yes"),
        ),
    )


def column_name(heading: str) -> str:
    return "compared_to_parent" if _PARENT_COMPARISON.match(heading.strip()) else snake_case(heading)


def check_rows(connection: duckdb.DuckDBPyConnection, rows: Path, dataset: Dataset) -> None:
    """Every row must be of the indicator that was asked for. Raises BodyRejected."""
    found = connection.execute(
        "select distinct indicator_id from read_parquet($path) order by 1 nulls first", {"path": str(rows)}
    ).fetchall()
    ids = [str(row[0]) for row in found]
    if ids != [dataset.source_id]:
        raise BodyRejected(
            "other_indicator",
            f"Asked for indicator {dataset.source_id}, the body holds {', '.join(ids) or 'none'}.",
            "The publisher may have replaced the indicator: an engineer looks it up on the dataset's page and "
            "changes source_id in the catalogue.",
        )


SOURCE = Source(question=question, column_name=column_name, ends_with_newline=True, check_rows=check_rows)
