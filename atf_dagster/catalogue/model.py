"""The shapes of the catalogue's YAML, checked when it is loaded.

Belongs here: fields, their allowed values, and what follows from them alone. Reading files is `load`.
"""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]*$")


def _identifier(value: str) -> str:
    if not IDENTIFIER.fullmatch(value):
        raise ValueError(f"{value!r} must be lower-case letters, digits and underscores")
    return value


def _plain_text(value: str) -> str:
    # Descriptions reach dbt's and Dagster's templates; a catalogue entry must not become code there.
    if "{{" in value or "{%" in value:
        raise ValueError("template markup is not allowed in the catalogue")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, AfterValidator(_plain_text)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Entry):
    """One area that the mart answers for. Source of codes: ONS Code History Database."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{8}$")]
    name: Text
    type: Literal["council", "subregion", "region", "country", "organisation"]
    parent: str | None = None
    in_cheshire_merseyside: bool = False
    valid_from: dt.date
    valid_to: dt.date | None = None
    also_written: tuple[Text, ...] = ()


class IndicatorCard(_Entry):
    """What a reader must know of an indicator before using a figure."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{2}[A-Z]?$")]
    beacon_no: int | None = None
    principle_no: int | None = None
    short_name: Text
    name: Text
    report_name: Text | None = None
    definition: Text
    unit: Text
    value_type: Literal[
        "proportion", "crude_rate", "standardised_rate", "life_expectancy", "mean", "slope_index", "ratio", "amount"
    ]
    multiplier: float = 1
    polarity: Literal["higher_is_better", "lower_is_better", "none"]
    year_type: Literal["calendar", "financial", "academic", "rolling", "snapshot"]
    frequency: Literal["annual", "quarterly", "monthly"] = "annual"
    native_level: Text
    aggregation_rule: Literal["sum_ratio", "published_only"]
    ci_method: Literal["published", "wilson", "byar", "none"]
    trend_allowed: bool
    counts_rounded_to: int | None = None
    """Where the publisher rounds councils' counts, a sum of them is an estimate and says so."""
    is_proxy: bool = False
    proxy_for: str | None = None
    proxy_note: Text | None = None
    statistic_status: Text = "official statistics"
    decimals: int = 1
    value_min: float | None = None
    value_max: float | None = None
    headline_sex: Literal["Persons", "Male", "Female"] = "Persons"
    headline_age: Text | None = None
    empty_reason: Literal["local_return_not_received", "not_at_this_level", "not_yet_collected"] | None = None


class Period(_Entry):
    """How a dataset's periods run, so that the newest one to be expected can be worked out."""

    start: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]
    years: int = 1
    """0 is a snapshot date, which publishers move by some days each year."""
    lag_months: int
    """Months from the end of the period to publication, the longest seen in the publisher's practice."""


class Part(_Entry):
    """One request of a dataset. A part that is not required may be absent without a fault."""

    id: Identifier
    params: dict[str, str] = {}
    required: bool = True


class Dataset(_Entry):
    """One thing that is fetched, landed, held back or published as a whole."""

    id: Identifier
    source_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    title: Text
    page_url: Text
    period: Period
    indicator: str
    precedence: int = 1
    """Where two datasets give the same figure, the lower number is the one that is shown."""
    sex: Literal["Persons", "Male", "Female"] | None = None
    """For a publisher that says the sex in the dataset and not in the row."""
    age: Text | None = None
    breakdown_type: Text | None = None
    breakdown_value: Text | None = None
    period_length: Annotated[str, Field(pattern=r"^[0-9]+y$")] | None = None
    """Keeps only rows whose published range is this long, where one table carries several."""
    max_bytes: int = 100_000_000


class Publisher(_Entry):
    id: Identifier
    name: Text
    base_url: Annotated[str, Field(pattern=r"^https://")]
    requests_per_second: float
    licence: Text
    licence_url: Text
    attribution: Text


class Collection(_Entry):
    """One published table with its publisher, its columns and the datasets that are taken from it."""

    table: Identifier
    publisher: Publisher
    description: Text
    columns: tuple[Identifier, ...]
    """Columns that a body must have, in snake case; staging relies on each of them."""
    optional_columns: tuple[Identifier, ...] = ()
    parts: tuple[Part, ...]
    datasets: tuple[Dataset, ...]


class Catalogue(_Entry):
    areas: tuple[Area, ...]
    principles: dict[int, Text]
    indicators: tuple[IndicatorCard, ...]
    collections: tuple[Collection, ...]

    def dataset(self, dataset_id: str) -> tuple[Collection, Dataset]:
        """Find a dataset and its collection; KeyError names what there is."""
        for collection in self.collections:
            for dataset in collection.datasets:
                if dataset.id == dataset_id:
                    return collection, dataset
        known = ", ".join(d.id for c in self.collections for d in c.datasets)
        raise KeyError(f"no dataset {dataset_id!r}; the catalogue has: {known}")

    @property
    def datasets(self) -> list[tuple[Collection, Dataset]]:
        return [(collection, dataset) for collection in self.collections for dataset in collection.datasets]

    def indicator(self, code: str) -> IndicatorCard:
        return next(card for card in self.indicators if card.code == code)
