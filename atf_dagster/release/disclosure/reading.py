"""What a reader of a release knows of it that bears on a hidden figure.

Belongs here: figures in force and earlier ones, areas and gaps, and which figures hold a number back. Does not belong
here: asking the release for them (`reader`), what follows from all of it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

HIDING = ("suppressed", "not_available", "not_applicable", "unreliable", "not_published")
"""The statuses of macros/markers.sql that stand in place of a value."""
NOTHING_THERE = "not_applicable"
"""Of these the one that hides no number: nothing was to be counted, and a nil return says so."""

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
    """What those members of a group give together that are shown, where another is not."""
    coverage: float | None
    since: dt.datetime
    until: dt.datetime | None
    """None: still so."""

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
    """Of dim_indicator what sums and precision depend on."""

    name: str
    value_type: str
    multiplier: float
    aggregation_rule: str
    decimals: int


class Repeated(NamedTuple):
    """A number about a figure that stands elsewhere than in its own row."""

    figure: int
    value: float | None
    where: str


@dataclass
class Reading:
    """The indicators that hide something, with all that is shown of them."""

    figures: list[Figure]
    areas: dict[str, Area]
    cards: dict[str, Card]
    publishers: dict[str, str]
    """By vintage."""
    groups: Mapping[str, Collection[str]]
    """Members of groups that dim_area does not name, such as statistical neighbours."""
    gaps: list[Gap] = field(default_factory=list)
    told: list[Repeated] = field(default_factory=list)
    old_codes: Mapping[str, str] = field(default_factory=dict)
    """Of councils with a new code the one before, under which publishers may go on."""

    def __post_init__(self) -> None:
        self.returned = {f.indicator for f in self.figures if self.area(f.area).type == "organisation"}
        """Indicators of local returns: what they hide, this house hides."""
        self.versions: dict[FigureKey, list[int]] = defaultdict(list)
        for number, figure in enumerate(self.figures):
            self.versions[figure.key].append(number)

    def area(self, code: str) -> Area:
        return self.areas.get(code) or Area(code, code, "", None, None, None, None)

    def holds_a_number_back(self, number: int) -> bool:
        """Whether there is a number behind the status. A derived figure that is only not available has none."""
        figure = self.figures[number]
        if not figure.is_hidden or figure.status == NOTHING_THERE or (figure.derived and figure.status != "suppressed"):
            return False
        # A publisher's figure that is shown now is public; a return that was hidden once is hidden for good.
        newest = self.figures[self.versions[figure.key][0]]
        return newest.is_hidden or newest.until is not None or figure.indicator in self.returned
