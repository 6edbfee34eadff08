"""A short run of `benchmarks.mutations`: no damaged answer is read wrongly without a word, and none stops a refresh.

Belongs here: so many damages of each publisher's answers, always the same ones. Does not belong here: the thousands of
the command itself, single rules (tests/formats).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atf_dagster.snapshot.figures import COUNCILS
from benchmarks import mutations

NUMBER, SEED = 30, 20260101
PUBLISHERS = ("ees", "fingertips", "govuk", "nomis", "ons_beta", "ons_els", "open_geography", "ukhsa")


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[str, list[mutations.Table]]]:
    with mutations.bench() as made:
        yield mutations.by_publisher(list(made.tables()))


def test_every_publisher_of_the_snapshot_is_damaged(tables: dict[str, list[mutations.Table]]) -> None:
    assert sorted(tables) == sorted(PUBLISHERS)


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_no_damage_is_read_wrongly_without_a_word_and_none_stops_a_refresh(
    tables: dict[str, list[mutations.Table]], publisher: str
) -> None:
    count = mutations.mutate(tables[publisher], NUMBER, SEED)
    assert count.shown == []
    assert count.outcomes.total() == NUMBER
    assert count.of("refused") > NUMBER / 3


def of_els(tables: dict[str, list[mutations.Table]]) -> tuple[mutations.Table, bytes]:
    """A table with a row for each of the nine councils at least, and its whole body."""
    table = next(table for table in tables["ons_els"] if len(table.whole) > len(COUNCILS))
    return table, table.bench.store.object_path(table.pages[0]).read_bytes()


def test_the_judgement_tells_the_outcomes_apart(tables: dict[str, list[mutations.Table]]) -> None:
    """Else a run without anything silent would say nothing."""
    table, body = of_els(tables)
    heading, first, second, *rest = body.splitlines(keepends=True)
    value = first.split(b",")[3]
    judged = {
        "same": [heading, first, second, *rest, b"\n\n"],
        "value": [heading, first.replace(b"," + value, b",77.7", 1), second, *rest],
        "refused": [heading, first.replace(b",", b",,", 1), second, *rest],
        "withdrawn": [heading, first, second, *rest[:-1]],
        "silent": [heading, second, *rest],
    }
    for outcome, lines in judged.items():
        assert table.judged(table.pages[0], b"".join(lines))[0] == outcome
