"""Reads the catalogue's YAML, checks it as a whole and lists all errors in one message.

Belongs here: checks of references between entries. Does not belong here: the shape of a single entry (`model`).
"""

import itertools
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from atf_dagster.catalogue.model import Catalogue, Collection, IndicatorCard, Publisher, Service
from atf_dagster.errors import AtfError
from atf_dagster.files import read_yaml

FOLDER = Path(__file__).parent


class CatalogueError(AtfError, ValueError):
    """The catalogue has errors. Each of `problems` becomes a line of the message, which names the entry."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{problem}." for problem in problems), "Correct the YAML of the catalogue.")


@cache
def load(folder: Path = FOLDER) -> Catalogue:
    """Load areas, indicators, publishers and collections from `folder`. Raises CatalogueError."""
    beacon = read_yaml(folder / "beacon.yml")
    who = read_yaml(folder / "publishers.yml")
    services = {entry["id"]: entry for entry in who["services"]}
    publishers = {entry["id"]: entry for entry in who["publishers"]}
    if problems := _errors_of_publishers(who):
        # Otherwise each collection of such a publisher would repeat the error.
        raise CatalogueError(problems)
    cards = [("beacon.yml", card) for card in beacon["indicators"]]
    collections: list[Collection] = []
    for path in sorted((folder / "collections").glob("*.yml")):
        entry = read_yaml(path)
        for dataset in entry["datasets"]:
            cards += [(f"{path.name}: dataset {dataset.get('id')}", card) for card in _declared_inline(dataset)]
        publisher = publishers.get(entry["publisher"])
        if publisher is None or publisher["service"] not in services:
            problems.append(f"{path.name}: publisher {entry['publisher']!r} or its service is not in publishers.yml")
            continue
        resolved = {**entry, "publisher": publisher, "service": services[publisher["service"]]}
        try:
            collections.append(Collection.model_validate(resolved))
        except ValidationError as error:
            problems += [f"{path.name}: {problem}" for problem in _in_words(error, resolved)]
    indicators, card_errors = _cards(cards)
    problems += card_errors
    if card_errors:
        # Otherwise each entry that names one of these cards would be an error too.
        raise CatalogueError(problems)
    try:
        catalogue = Catalogue(
            areas=read_yaml(folder / "areas.yml"),
            area_changes=read_yaml(folder / "area_changes.yml"),
            neighbours=read_yaml(folder / "statistical_neighbours.yml"),
            series_breaks=read_yaml(folder / "series_breaks.yml"),
            pandemic_waves=read_yaml(folder / "pandemic_waves.yml"),
            publishers_words=read_yaml(folder / "publishers_words.yml"),
            words=read_yaml(folder / "words.yml"),
            principles=beacon["principles"],
            indicators=tuple(indicators),
            services=tuple(services.values()),
            publishers=tuple(publishers.values()),
            collections=tuple(collections),
        )
    except ValidationError as error:
        raise CatalogueError([*problems, str(error)]) from error
    problems += _contradictions(catalogue)
    if problems:
        raise CatalogueError(problems)
    return catalogue


def _declared_inline(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """Cards of supporting and proxy indicators, which stand in the entry of their dataset.

    `indicator: X` is short for a dataset that yields only X.
    """
    if "indicator" in dataset:
        dataset["yields"] = [{"indicator": dataset.pop("indicator")}]
    cards = []
    for entry in dataset.get("yields", []):
        if isinstance(entry["indicator"], dict):
            cards.append(entry["indicator"])
            entry["indicator"] = entry["indicator"]["code"]
    return cards


def _errors_of_publishers(who: dict[str, Any]) -> list[str]:
    problems = []
    for kind, shape in (("services", Service), ("publishers", Publisher)):
        for entry in who[kind]:
            try:
                shape.model_validate(entry)
            except ValidationError as error:
                problems += [f"publishers.yml: {kind}.{entry['id']}.{problem}" for problem in _in_words(error, entry)]
    return problems


def _cards(written: Sequence[tuple[str, dict[str, Any]]]) -> tuple[list[IndicatorCard], list[str]]:
    """The valid cards, and the errors of the others; `written` has the file of each card."""
    cards, problems = [], []
    for place, card in written:
        try:
            cards.append(IndicatorCard.model_validate(card))
        except ValidationError as error:
            problems += [f"{place}: indicator {card.get('code')}: {problem}" for problem in _in_words(error, card)]
    return cards, problems


def _in_words(error: ValidationError, content: Any) -> list[str]:
    """One line for each error: the entry by its id instead of its number, the field, what is wrong."""
    lines = []
    for entry_error in error.errors(include_url=False):
        within, steps = content, []
        for step in entry_error["loc"]:
            try:
                within = within[step]
            except (KeyError, IndexError, TypeError):
                within = None
            named = isinstance(step, int) and isinstance(within, dict) and "id" in within
            steps.append(str(within["id"]) if named else str(step))
        lines.append(
            ": ".join([*([".".join(steps)] if steps else []), entry_error["msg"].removeprefix("Value error, ")])
        )
    return lines


_FIRST_DAYS = {"calendar": "01-01", "financial": "04-01", "academic": "09-01"}
"""Kind of year -> the day on which its years begin. Rolling years begin on any day; the others are no years."""


def _years_of_another_kind(catalogue: Catalogue) -> list[str]:
    """Datasets whose years do not begin as those of their indicators' cards: labels are checked against both."""
    return [
        f"dataset {dataset.id} has years from {period.start}; {code} is of {card.year_type} years, from {first_day}"
        for _, dataset in catalogue.datasets
        for entry in dataset.yields
        if (period := entry.period or dataset.period) is not None and period.years
        for code, card in ((card.code, card) for card in catalogue.indicators if card.code == entry.indicator)
        if (first_day := _FIRST_DAYS.get(card.year_type)) is not None and period.start != first_day
    ]


def _contradictions(catalogue: Catalogue) -> list[str]:
    problems = []
    codes = [card.code for card in catalogue.indicators]
    problems += [f"indicator {code} is declared twice" for code in {c for c in codes if codes.count(c) > 1}]
    names = [card.short_name for card in catalogue.indicators]
    # Readers tell indicators by it, and rows of vw_questions are named by it.
    problems += [
        f"the short_name {name!r} is that of two indicators" for name in {n for n in names if names.count(n) > 1}
    ]
    ids = [dataset.id for _, dataset in catalogue.datasets]
    problems += [f"dataset {name} is declared twice" for name in {i for i in ids if ids.count(i) > 1}]
    problems += [
        f"dataset {dataset.id} yields {code}, which no card describes"
        for _, dataset in catalogue.datasets
        for code in dataset.indicators
        if code not in codes
    ]
    problems += [
        f"dataset {dataset.id} yields indicators and has no period, so we cannot know when it is late"
        for _, dataset in catalogue.datasets
        if dataset.yields and dataset.period is None
    ]
    problems += _years_of_another_kind(catalogue)
    problems += [
        f"collection {collection.table} is a workbook without a layout"
        for collection in catalogue.collections
        if (collection.format == "workbook") != (collection.layout is not None)
    ]
    for card in catalogue.indicators:
        if card.proxy_for is not None and card.proxy_for not in codes:
            problems.append(f"indicator {card.code} is a proxy for {card.proxy_for}, which no card describes")
        elif card.proxy_for is not None and catalogue.indicator(card.proxy_for).beacon_no is None:
            problems.append(f"indicator {card.code} is a proxy for {card.proxy_for}, which is not a beacon indicator")
        if card.principle_no is not None and card.principle_no not in catalogue.principles:
            problems.append(f"indicator {card.code} names principle {card.principle_no}, which is not declared")
    named_evidence = [card.evidence for card in catalogue.indicators]
    problems += [
        f"indicator {card.code} names the evidence {card.evidence!r}, which no other card names"
        for card in catalogue.indicators
        if card.evidence is not None and named_evidence.count(card.evidence) == 1
    ]
    area_codes = {area.code for area in catalogue.areas}
    problems += [
        f"area {area.code} has the parent {area.parent}, which is not declared"
        for area in catalogue.areas
        if area.parent is not None and area.parent not in area_codes
    ]
    council_codes = {area.code for area in catalogue.areas if area.type == "council"}
    problems += [
        f"{entry.area} has neighbours, but is not a council in areas.yml"
        for entry in catalogue.neighbours
        if entry.area not in council_codes
    ]
    named = [(entry.area, entry.neighbour) for entry in catalogue.neighbours]
    problems += [f"{a} has the neighbour {b} twice" for a, b in {pair for pair in named if named.count(pair) > 1}]
    problems += [
        f"a series break names {entry.indicator}, which no card describes"
        for entry in catalogue.series_breaks
        if entry.indicator not in codes
    ]
    waves = sorted(catalogue.pandemic_waves, key=lambda wave: wave.first_day)
    problems += [
        f"wave {later.wave} of the pandemic begins before wave {earlier.wave} has ended"
        for earlier, later in itertools.pairwise(waves)
        if later.first_day <= earlier.last_day
    ]
    words = [(entry.field, word.casefold()) for entry in catalogue.publishers_words for word in entry.theirs]
    problems += [
        f"the publishers' word {word!r} for {field} has two meanings"
        for field, word in sorted({pair for pair in words if words.count(pair) > 1})
    ]
    pairs = [(change.old_code, change.new_code) for change in catalogue.area_changes]
    problems += [
        f"the change of {old} to {new} is declared twice" for old, new in {p for p in pairs if pairs.count(p) > 1}
    ]
    ends: dict[str, set[object]] = {}
    for change in catalogue.area_changes:
        ends.setdefault(change.old_code, set()).add((change.changed_on, change.old_name, change.old_valid_from))
    problems += [
        f"area {code} has two entries that differ on how it ended" for code, ways in ends.items() if len(ways) > 1
    ]
    return problems
