"""Everything in a release that can help a reader to compute a hidden figure.

Belongs here: figures in force and earlier ones, areas and gaps, which figures have a hidden number. Does not belong
here: reading the release (`reader`), what follows from it (`attack`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

POOL = "approximate_pool"
"""How a mean of the councils comes about that is weighted by numbers of people which are public."""
HIDING = ("suppressed", "not_available", "not_applicable", "unreliable", "not_published")
"""The statuses of macros/markers.sql that replace a value."""
NOTHING_THERE = "not_applicable"
"""The one of these that hides no number: there was nothing to count, as in a nil return."""

KEY = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
FigureKey = tuple[str, str, str, str, str, str, str]


class Figure(NamedTuple):
    """One figure in one state: in force, or as it was between two moments."""

    indicator: str
    area: str
    period: str
    sex: str
    age: str
    breakdown_type: str
    breakdown: str
    period_end: dt.date
    value: float | None
    numerator: float | None
    denominator: float | None
    lci_95: float | None
    uci_95: float | None
    ci_method: str
    status: str
    vintage: str
    derived: bool
    expected: int
    included: int
    partial: float | None
    """The value of a group's shown members together, where another member is not shown."""
    coverage: float | None
    since: dt.datetime
    until: dt.datetime | None
    """None where the state is in force."""
    derived_by: str | None
    """How a derived figure was worked out; None for a published one, and in releases that do not say."""

    @property
    def key(self) -> FigureKey:
        return self[:7]

    @property
    def is_hidden(self) -> bool:
        return self.status in HIDING

    def shown_at(self, moment: dt.datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


class Gap(NamedTuple):
    """One row of fct_inequality."""

    indicator: str
    area: str
    period: str
    sex: str
    age: str
    measure: str
    group_a: str
    group_b: str
    value: float | None
    """None where only the limits are shown."""
    since: str | None
    """For a change, the earlier period."""


class Area(NamedTuple):
    code: str
    name: str
    type: str
    parent: str | None
    upper_tier: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None


class Card(NamedTuple):
    """The columns of dim_indicator that decide sums and precision."""

    name: str
    value_type: str
    multiplier: float
    aggregation_rule: str
    decimals: int


class Repeated(NamedTuple):
    """A number of a figure that another row than its own shows."""

    figure: int
    value: float | None
    where: str


@dataclass
class Reading:
    """The indicators with hidden figures, and everything that is shown of them."""

    figures: list[Figure]
    areas: dict[str, Area]
    cards: dict[str, Card]
    publishers: dict[str, str]
    """By vintage."""
    groups: Mapping[str, Collection[str]]
    """Members of groups that dim_area does not name, such as statistical neighbours."""
    gaps: list[Gap] = field(default_factory=list)
    repeated: list[Repeated] = field(default_factory=list)
    old_codes: Mapping[str, str] = field(default_factory=dict)
    """New code of a council -> the code before, which publishers may still use."""

    def __post_init__(self) -> None:
        self.returned = {f.indicator for f in self.figures if self.area(f.area).type == "organisation"}
        """Indicators of local returns. Their figures are hidden here and not by a publisher."""
        self.versions: dict[FigureKey, list[int]] = defaultdict(list)
        for number, figure in enumerate(self.figures):
            self.versions[figure.key].append(number)

    def area(self, code: str) -> Area:
        return self.areas.get(code) or Area(code, code, "", None, None, None, None)

    def holds_a_number_back(self, number: int) -> bool:
        """Whether the status replaces a number. A derived figure that is only not available has no number."""
        figure = self.figures[number]
        if not figure.is_hidden or figure.status == NOTHING_THERE or (figure.derived and figure.status != "suppressed"):
            return False
        # A publisher's figure that is shown now is public. A return that was hidden once stays hidden.
        newest = self.figures[self.versions[figure.key][0]]
        return newest.is_hidden or newest.until is not None or figure.indicator in self.returned
