"""The shapes of the catalogue's YAML, checked when it is loaded.

Belongs here: fields, their allowed values, rules within one entry. Does not belong here: reading files, references
between entries (`load`).
"""

import datetime as dt
import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from atf_dagster.errors import NotFound

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


def _names_its_licence(value: str) -> str:
    if not re.search("licen[cs]e", value, re.IGNORECASE):
        raise ValueError("the licence must be named beside the source: write both")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, AfterValidator(_plain_text)]
Licence = Annotated[Text, Field(pattern=r"\S{2,}")]
"""Figures without a licence must not be published."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Entry):
    """One area of the mart. Source of codes: ONS Code History Database."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{8}$")]
    name: Text
    type: Literal["council", "subregion", "region", "country", "organisation"]
    parent: str | None = None
    in_cheshire_merseyside: bool = False
    valid_from: dt.date
    valid_to: dt.date | None = None
    also_written: tuple[Text, ...] = ()
    dfe_code: Annotated[str, Field(pattern=r"^[0-9]{3}$")] | None = None
    """The number of a council at the Department for Education."""
    ods_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,5}$")] | None = None
    """The Organisation Data Service's code of the NHS body with the same area."""


class AreaChange(_Entry):
    """A council's code that ended, and a code that replaced all or part of it. Source: area_changes.yml."""

    old_code: Annotated[str, Field(pattern=r"^E[0-9]{8}$")]
    old_name: Text
    new_code: Annotated[str, Field(pattern=r"^E[0-9]{8}$")]
    new_name: Text
    kind: Literal["recoded", "merged", "split"]
    changed_on: dt.date
    """First day of the new code; the old one ended the day before."""
    old_valid_from: dt.date | None = None


class Neighbour(_Entry):
    """One statistical neighbour of a council, 1 the closest. Source: statistical_neighbours.yml."""

    area: Annotated[str, Field(pattern=r"^E[0-9]{8}$")]
    neighbour: Annotated[str, Field(pattern=r"^E[0-9]{8}$")]
    rank: int
    closeness: Text


class SeriesBreak(_Entry):
    """A break between the figures before and after it, or a caution for readers of a series."""

    indicator: str
    first_day: dt.date | None = None
    """First day of the first period that was measured in the new way."""
    published_from: dt.date | None = None
    """For a change that rewrote a whole series: the first day on which vintages were published in the new way."""
    kind: Literal["framework", "definition", "grading", "rebased", "recording", "threshold"]
    is_break: bool
    """True if no trend or change may use figures from both sides; false for a caution."""
    note: Text
    source: Text

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.first_day is None) == (self.published_from is None):
            raise ValueError("a series break needs first_day or published_from, and not both")
        return self


class PandemicWave(_Entry):
    """A wave of COVID-19 infections in England, over which cases and deaths are counted. Source: pandemic_waves.yml."""

    wave: int
    name: Text
    first_day: dt.date
    last_day: dt.date
    note: Text
    source: Text

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError(f"wave {self.wave} ends on {self.last_day}, before it begins")
        return self


CodeType = Literal["status", "coverage_state", "reason", "trend", "trend_judged", "unit"]

_PER = (1_000.0, 10_000.0, 100_000.0)
_BOUNDS: dict[str, tuple[float, float | Literal["multiplier"] | None, tuple[float, ...]]] = {
    "proportion": (0, 100, (100,)),
    "life_expectancy": (0, 110, (1,)),
    "crude_rate": (0, "multiplier", _PER),
    "standardised_rate": (0, "multiplier", _PER),
    "amount": (0, None, (1,)),
}
"""Kind of value -> its bounds at their widest, and what its multiplier may be. Other kinds have no fixed scale."""


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
    year_type: Literal["calendar", "financial", "academic", "rolling", "week", "snapshot"]
    frequency: Literal["annual", "quarterly", "monthly", "weekly", "daily", "once"] = "annual"
    """once: figures of an event, such as the first wave of the pandemic, that no later period continues."""
    native_level: Text
    aggregation_rule: Literal[
        "sum_ratio", "sum", "weighted_mean", "survey_ratio", "life_table", "population_pool", "published_only"
    ]
    """How a figure of several areas together is calculated, if the publisher gives none: sum of numerators over sum
    of denominators; sum of counts; mean weighted by the denominators; ratio of sums of survey estimates, with areas'
    variances combined; life table of the areas' deaths and population; mean weighted by people, approximately
    (`pooled_by` says which); not at all."""
    pooled_by: Literal["All ages", "0-15 yrs", "16+ yrs", "18+ yrs", "19+ yrs", "own counts"] | None = None
    """The people by whom the councils are weighted in an approximate pool: residents of this age and the figure's sex,
    or those of whom the publisher counts a share (`own counts`). With a rule of counts or deaths it says what takes
    their place where they are not at hand."""
    ci_method: Literal["published", "wilson", "byar", "student_t", "none"]
    comparison_method: Literal["ci_overlaps_value", "ci_overlaps_ci", "two_levels", "spc_proportion", "none"] = (
        "ci_overlaps_value"
    )
    """How a figure is compared with a benchmark (Fingertips comparators 1, 12, 17, 5 and -1)."""
    trend_allowed: bool
    """False if a trend would mislead in a way that the rules of fct_trend cannot see; `trend_note` says why."""
    trend_note: Text | None = None
    trend_points: Literal["every_period", "one_a_year"] = "every_period"
    """one_a_year: of rolling years, those that end in the month of the newest one, which do not overlap."""
    counts_rounded_to: int | None = None
    """Set if the publisher rounds councils' counts: a sum of them is then marked as an estimate."""
    is_context: bool = False
    """True for figures that say what happened, such as deaths in the pandemic: they are no determinant, and neither the
    correlations nor the changes through the pandemic take them."""
    is_proxy: bool = False
    proxy_for: str | None = None
    proxy_note: Text | None = None
    statistic_status: Literal[
        "accredited official statistics",
        "official statistics",
        "official statistics in development",
        "not official statistics",
    ] = "official statistics"
    """What the publisher says of the statistic; accredited only where its page was seen to say so. The accreditation of
    the Annual Population Survey has been suspended since October 2024: all of its estimates are in development."""
    decimals: int = 1
    value_min: float | None = None
    value_max: float | None = None
    """Every figure is checked against these two bounds; value_type decides which ones a card needs, see `_bounds`."""
    headline_sex: Literal["Persons", "Male", "Female"] = "Persons"
    headline_age: Text | None = None
    evidence: Text | None = None
    """What indicators are measured by together: those with the same words (one survey's questions, the same children)
    are one piece of evidence, and not several."""
    reader_note: Text | None = None
    """What a reader of comparisons and correlations must know, such as who lives where."""
    chance_note: Text | None = None
    """Why the questions make no test of chance, whatever limits there are: everybody is counted, or limits leave out a
    step of the method."""
    empty_reason: Literal["local_return_not_received", "not_at_this_level", "not_yet_collected"] | None = None

    @model_validator(mode="after")
    def _methods_fit_the_figures(self) -> Self:
        # A larger council has larger counts.
        if self.aggregation_rule == "sum" and self.comparison_method != "none":
            raise ValueError("a count (aggregation_rule: sum) needs comparison_method: none")
        if self.aggregation_rule == "population_pool" and self.pooled_by is None:
            raise ValueError("pooled_by is missing: a pool needs the people by whom it is weighted")
        if self.pooled_by is not None and self.aggregation_rule not in (
            "population_pool",
            "life_table",
            "survey_ratio",
        ):
            raise ValueError(f"pooled_by goes with a pool, a life table or a survey, not with {self.aggregation_rule}")
        if (self.trend_note is None) != self.trend_allowed:
            raise ValueError("trend_note says why trend_allowed is false: it is needed there and nowhere else")
        return self

    @model_validator(mode="after")
    def _proxy_explains_itself(self) -> Self:
        if self.is_proxy != (self.proxy_for is not None):
            raise ValueError("is_proxy and proxy_for must stand together")
        if self.is_proxy and not (self.proxy_note or "").strip():
            raise ValueError("proxy_note is missing: it says how a proxy differs from the indicator that it replaces")
        return self

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        """A share of 200 or an age of 300 must not pass."""
        lowest, highest, multipliers = _BOUNDS.get(self.value_type, (None, None, None))
        if highest == "multiplier":
            highest = self.multiplier
        if multipliers and self.multiplier not in multipliers:
            raise ValueError(
                f"multiplier is {self.multiplier:g}; for a {self.value_type} it is "
                f"{' or '.join(f'{each:g}' for each in multipliers)}"
            )
        for name, value in (("value_min", self.value_min), ("value_max", self.value_max)):
            if value is None and not (name == "value_max" and self.value_type == "amount"):
                raise ValueError(
                    f"{name} is missing: every figure is checked against it, and a {self.value_type} needs one"
                )
        if lowest is not None and self.value_min is not None and self.value_min < lowest:
            raise ValueError(f"value_min is {self.value_min:g}; for a {self.value_type} it is {lowest:g} or more")
        if highest is not None and self.value_max is not None and self.value_max > highest:
            raise ValueError(f"value_max is {self.value_max:g}; for a {self.value_type} it is {highest:g} or less")
        if self.value_min is not None and self.value_max is not None and self.value_min >= self.value_max:
            raise ValueError(f"value_max is {self.value_max:g}; it must be above value_min, {self.value_min:g}")
        return self


class PublishersWords(_Entry):
    """Words on publishers' own cards that mean one thing, and our word for it. Source: publishers_words.yml."""

    field: Literal["unit", "value_type", "polarity", "year_type"]
    ours: Text | None
    """None for words that say nothing."""
    theirs: tuple[Text, ...]

    @model_validator(mode="after")
    def _ours_is_a_word_of_a_card(self) -> Self:
        allowed = get_args(IndicatorCard.model_fields[self.field].annotation)
        if self.ours is not None and allowed and self.ours not in allowed:
            raise ValueError(f"{self.ours!r} is no {self.field} of a card; it is one of {', '.join(allowed)}")
        return self


class Period(_Entry):
    """The rhythm of a dataset's periods, from which the newest expected period is calculated."""

    start: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]
    years: int = 1
    """0 means a snapshot date, which publishers move by some days each year."""
    months: int = 0
    """If `years` is 0: the number of whole months of a period, such as 3 for December to February."""
    every_months: int = 12
    """Months between the beginnings of two periods: 12 for a year, 3 for a quarter or a rolling year."""
    lag_months: int
    """Months from the end of the period to publication; the longest time that the publisher has taken."""
    days: int = 1
    """If `years` is 0: the number of days of a period. A week has no fixed day in a year, so 7 needs `ended`."""
    ended: dt.date | None = None
    """The last day of the series, if its publisher ended it: no later period is expected."""

    @model_validator(mode="after")
    def _days_can_be_counted(self) -> Self:
        if self.days != 1 and (self.years or self.ended is None):
            raise ValueError("days needs years: 0 and ended")
        if self.months and (self.years or self.days != 1):
            raise ValueError("months needs years: 0 and no days")
        return self


EditionHolds = Literal["every_period", "own_periods"]
"""What an edition of a table holds, so what the absence of a period in it means.

every_period: the whole series. A period that an edition no longer has was withdrawn, and an edition that lost more than
a fifth of the figures is held.
own_periods: one period, or the newest few. A period that an edition does not have keeps the figures of the edition that
had it last; an edition is compared with the edition of the nearest period.
"""


class Part(_Entry):
    """One request of a dataset. A part that is not required may be absent without an error."""

    id: Identifier
    params: dict[str, str] = {}
    required: bool = True


class Layout(_Entry):
    """Where in a workbook the table is. It is found by its texts, never by its position."""

    sheets: str
    """Regular expression for the names of the sheets that may have the table."""
    headings: dict[Identifier, str]
    """Raw column -> regular expression for its flattened heading; a group named `key` unpivots."""
    code_column: Identifier
    """The column whose cells distinguish rows of data from titles, totals and notes."""
    code: str = r"^[A-Z][0-9]{8}$"
    without_code: tuple[Text, ...] = ()
    """Areas that the publisher names and gives no code: rows with such a name are data too."""
    title: str | None = None
    """Regular expression for a cell above the table; each row gets its text as `title`."""
    one_sheet: bool = True
    """False: each matching sheet has the table, and all are read."""
    member: str | None = None
    """If the workbook is in a zip file: regular expression for the names of its members."""
    shading: Identifier | None = None
    """Raw column whose cells' shading has a meaning: each row gets it as `shading`, in the words of the sheet's key.
    The column's regular expression has to match one cell of its heading."""
    beside: bool = False
    """True: a column without a heading, between two that have one, is one of its own. Its heading is that of the column
    before it and ` | beside`. There some publishers put the marker of a number, such as `u`. False: its cells count as
    those of the column before it."""


class Yields(_Entry):
    """An indicator that a dataset gives. `measure` says which measure, if the table has several."""

    indicator: str
    measure: Text | None = None
    age: Text | None = None
    period_length: Annotated[str, Field(pattern=r"^[0-9]+[ym]$")] | None = None
    """Uses only rows whose published range has this length, if one table has several."""
    period: Period | None = None
    """Set if its expected period differs from the dataset's, such as for another length."""


class Dataset(_Entry):
    """One thing that is fetched, landed, held back or published as a whole."""

    id: Identifier
    source_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: Text
    page_url: Text
    ask: dict[str, str] = {}
    """What the publisher's module needs to fetch this dataset; that module says which keys."""
    period: Period | None = None
    """None for reference data, which has no periods."""
    edition_holds: EditionHolds | None = None
    """Set if the requests of this dataset ask for other periods than those of its collection."""
    more_parts: tuple[Part, ...] = ()
    """Requests that this dataset needs beside those of its collection; they are never required."""
    yields: tuple[Yields, ...] = ()
    """Empty for reference data."""
    precedence: int = 1
    """If two datasets give the same figure, the one with the lower number is shown."""
    sex: Literal["Persons", "Male", "Female"] | None = None
    """For a dataset of one sex whose rows do not name it."""
    age: Text | None = None
    breakdown_type: Text | None = None
    breakdown_value: Text | None = None
    redistributed: bool = True
    """False if the licence is not clearly the Open Government Licence: releases do not contain the figures."""
    licence: Licence | None = None
    """Set if it is not the publisher's usual licence."""
    max_bytes: int = 100_000_000

    @property
    def indicators(self) -> list[str]:
        return [entry.indicator for entry in self.yields]

    @model_validator(mode="after")
    def _more_parts_are_not_required(self) -> Self:
        if required := [part.id for part in self.more_parts if part.required]:
            raise ValueError(f"more_parts: {', '.join(required)} needs required: false")
        return self


class Service(_Entry):
    """One interface of a publisher; the module of `sources` with the same name asks it."""

    id: Identifier
    base_url: Annotated[str, Field(pattern=r"^(https://|local:)")]
    other_urls: dict[Identifier, Annotated[str, Field(pattern=r"^https://")]] = {}
    """Our name -> another host of the service, such as the one with its files."""
    requests_per_second: float
    key: Literal["none", "optional", "needed"] = "none"
    """Whether it needs a key, from the setting `ATF_<SERVICE>_KEY`."""


class Publisher(_Entry):
    """The organisation that is responsible for the figures, whichever interface serves them."""

    id: Identifier
    service: str
    name: Text
    licence: Licence
    licence_url: Text
    attribution: Annotated[Text, AfterValidator(_names_its_licence)]
    """The text by which a reader names the source, as its licence requires."""


class Collection(_Entry):
    """One published table with its publisher, its columns and its datasets."""

    table: Identifier
    publisher: Publisher
    service: Service
    description: Text
    format: Literal["csv", "json", "workbook"] = "csv"
    layout: Layout | None = None
    columns: tuple[Identifier, ...]
    """Columns that a body must have, in snake case; staging relies on each of them."""
    optional_columns: tuple[Identifier, ...] = ()
    renamed: dict[Identifier, Identifier] = {}
    """Another name of a column -> the name in staging; a body may have either name."""
    moved: dict[str, str] = {}
    """Identifiers that the publisher discontinued -> the identifiers that replaced them."""
    edition_holds: EditionHolds = "every_period"
    """Every collection with figures says it; where it were forgotten, the stricter rule counts."""
    parts: tuple[Part, ...] = (Part(id="all"),)
    """The requests of each dataset; `parts_of` adds those that a dataset has for itself."""
    datasets: tuple[Dataset, ...]

    def parts_of(self, dataset: Dataset) -> tuple[Part, ...]:
        """All requests of a dataset, in the order in which a figure is taken from them."""
        return (*self.parts, *dataset.more_parts)


class Catalogue(_Entry):
    areas: tuple[Area, ...]
    area_changes: tuple[AreaChange, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    series_breaks: tuple[SeriesBreak, ...] = ()
    pandemic_waves: tuple[PandemicWave, ...] = ()
    publishers_words: tuple[PublishersWords, ...] = ()
    words: dict[CodeType, dict[str, Text]] = {}
    """The codes of the mart in plain words, by their type. Source: words.yml."""
    principles: dict[int, Text]
    indicators: tuple[IndicatorCard, ...]
    services: tuple[Service, ...]
    publishers: tuple[Publisher, ...]
    collections: tuple[Collection, ...]

    def dataset(self, dataset_id: str) -> tuple[Collection, Dataset]:
        """Find a dataset and its collection. Raises NotFound, which lists the datasets."""
        for collection in self.collections:
            for dataset in collection.datasets:
                if dataset.id == dataset_id:
                    return collection, dataset
        known = ", ".join(d.id for c in self.collections for d in c.datasets)
        raise NotFound(f"The catalogue has no dataset {dataset_id!r}.", f"It has: {known}.")

    def edition_holds(self, dataset_id: str) -> EditionHolds:
        """What an edition of a dataset holds: what the dataset says, else its collection."""
        collection, dataset = self.dataset(dataset_id)
        return dataset.edition_holds or collection.edition_holds

    @property
    def datasets(self) -> list[tuple[Collection, Dataset]]:
        return [(collection, dataset) for collection in self.collections for dataset in collection.datasets]

    def indicator(self, code: str) -> IndicatorCard:
        return next(card for card in self.indicators if card.code == code)
