"""Reads the catalogue's YAML, checks it as a whole and says in one message all that is wrong.

Belongs here: references between entries. Shapes of single entries are `model`.
"""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from atf_dagster.catalogue.model import Catalogue, Collection, IndicatorCard
from atf_dagster.files import read_yaml

FOLDER = Path(__file__).parent


class CatalogueError(ValueError):
    """The catalogue contradicts itself; an engineer mends the YAML that the text names."""


@cache
def load(folder: Path = FOLDER) -> Catalogue:
    """Load areas.yml, beacon.yml and collections/*.yml from `folder`. Raises CatalogueError."""
    problems: list[str] = []
    beacon = read_yaml(folder / "beacon.yml")
    indicators: list[dict[str, Any]] = list(beacon["indicators"])
    collections: list[Collection] = []
    for path in sorted((folder / "collections").glob("*.yml")):
        entry = read_yaml(path)
        for dataset in entry["datasets"]:
            # A supporting or proxy indicator is declared where its dataset is: one entry adds it.
            if isinstance(dataset["indicator"], dict):
                indicators.append(dataset["indicator"])
                dataset["indicator"] = dataset["indicator"]["code"]
        try:
            collections.append(Collection.model_validate(entry))
        except ValidationError as error:
            problems.append(f"{path.name}: {error}")
    try:
        catalogue = Catalogue(
            areas=read_yaml(folder / "areas.yml"),
            principles=beacon["principles"],
            indicators=tuple(IndicatorCard.model_validate(card) for card in indicators),
            collections=tuple(collections),
        )
    except ValidationError as error:
        raise CatalogueError("\n".join([*problems, str(error)])) from error
    problems += _contradictions(catalogue)
    if problems:
        raise CatalogueError("\n".join(problems))
    return catalogue


def _contradictions(catalogue: Catalogue) -> list[str]:
    problems = []
    codes = [card.code for card in catalogue.indicators]
    problems += [f"indicator {code} is declared twice" for code in {c for c in codes if codes.count(c) > 1}]
    ids = [dataset.id for _, dataset in catalogue.datasets]
    problems += [f"dataset {name} is declared twice" for name in {i for i in ids if ids.count(i) > 1}]
    problems += [
        f"dataset {dataset.id} yields {dataset.indicator}, which no card describes"
        for _, dataset in catalogue.datasets
        if dataset.indicator not in codes
    ]
    for card in catalogue.indicators:
        if card.is_proxy != (card.proxy_for is not None):
            problems.append(f"indicator {card.code}: is_proxy and proxy_for must stand together")
        if card.proxy_for is not None and card.proxy_for not in codes:
            problems.append(f"indicator {card.code} is a proxy for {card.proxy_for}, which no card describes")
        elif card.proxy_for is not None and catalogue.indicator(card.proxy_for).beacon_no is None:
            problems.append(f"indicator {card.code} is a proxy for {card.proxy_for}, which is no beacon indicator")
        if card.principle_no is not None and card.principle_no not in catalogue.principles:
            problems.append(f"indicator {card.code} names principle {card.principle_no}, which is not declared")
    area_codes = {area.code for area in catalogue.areas}
    problems += [
        f"area {area.code} has the parent {area.parent}, which is not declared"
        for area in catalogue.areas
        if area.parent is not None and area.parent not in area_codes
    ]
    return problems
