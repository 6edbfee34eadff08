"""Words on publishers' cards: what the catalogue refuses, and that our cards need no word that it does not have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from atf_dagster.catalogue import CatalogueError, load
from atf_dagster.catalogue.load import FOLDER


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """The file of words in a copy of the catalogue, to be changed."""
    copied = tmp_path / "catalogue"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copied / "publishers_words.yml"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("- {field: unit, ours: per 10, theirs: [percent]}", "word 'percent' for unit has two meanings"),
        ("- {field: polarity, ours: worse, theirs: [Worse]}", "'worse' is no polarity of a card"),
        ("- {field: year_type, ours: lunar, theirs: [Lunar]}", "it is one of calendar, financial"),
        ("- {field: colour, ours: red, theirs: [Red]}", "Input should be 'unit', 'value_type', 'polarity'"),
    ],
)
def test_a_word_with_two_meanings_or_none_of_a_card_is_refused(words: Path, line: str, error: str) -> None:
    words.write_text(f"{words.read_text('utf-8')}{line}\n", "utf-8")
    with pytest.raises(CatalogueError, match=error):
        load(words.parent)


def test_every_polarity_and_kind_of_year_of_a_card_has_a_word_of_the_publishers() -> None:
    catalogue = load()
    known = {(entry.field, entry.ours) for entry in catalogue.publishers_words}
    of_ohid = [
        catalogue.indicator(code)
        for collection, dataset in catalogue.datasets
        if collection.publisher.id == "ohid"
        for code in dataset.indicators
    ]
    assert len(of_ohid) > 20
    for card in of_ohid:
        assert {("polarity", card.polarity), ("year_type", card.year_type), ("value_type", card.value_type)} <= known
