"""Disclosure findings: a hidden number that a release gives away, in a text that does not contain the number.

Belongs here: the figure, the published numbers that give it away, who repairs it. Does not belong here: the search for
findings (`attack`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atf_dagster.release.disclosure.reading import Figure, Reading

NAMED = 12
"""A finding names so many published numbers, and gives the number of the others."""


@dataclass(frozen=True)
class Finding:
    """One hidden figure and what gives it away."""

    number: int
    """Index of the figure in the reading."""
    figure: str
    through: tuple[str, ...]
    blocks: bool
    """False where all the numbers are the publisher's own: the publisher answers for them."""
    remedy: str

    @property
    def sentence(self) -> str:
        named = "; ".join(self.through[:NAMED])
        more = f" and {len(self.through) - NAMED} more" if len(self.through) > NAMED else ""
        return f"{self.figure} is hidden and follows from {named}{more}. {self.remedy}"


def describe(
    reading: Reading, number: int, through: Sequence[str], *, used: Iterable[tuple[int, str]] = (), ours: bool
) -> Finding:
    """A finding about one figure. used: the figures that give it away, each with the quantity of it that does."""
    figure = reading.figures[number]
    # Derived figures come first, because they are the ones to withhold.
    ordered = sorted((not reading.figures[other].derived, other, quantity) for other, quantity in used)
    others = [reading.figures[other] for _, other, _ in ordered]
    names = list(through)
    names += [f"{quantity} of {_name(reading, reading.figures[n], beside=figure)}" for _, n, quantity in ordered]
    publishers = {reading.publishers.get(one.vintage, "") for one in (figure, *others)}
    returned = figure.indicator in reading.returned
    derived = [one for one in others if one.derived]
    if returned:
        remedy = "A data engineer corrects disclosure control of local returns, or the model that shows too much."
    elif ours or derived:
        remedy = "A data engineer corrects the model: a number that is computed from a hidden figure stays empty."
    elif len(publishers) > 1:
        remedy = f"Tables of {' and '.join(sorted(publishers))} together give it away: a data engineer omits one."
    else:
        remedy = f"Every number is {publishers.pop()}'s own: report it to this publisher."
    blocks = returned or ours or bool(derived) or len(publishers) > 1
    return Finding(number, _name(reading, figure), tuple(dict.fromkeys(names)), blocks, remedy)


def _name(reading: Reading, figure: Figure, *, beside: Figure | None = None) -> str:
    """Indicator, area, period and group; with `beside`, the area and only what differs from that figure."""
    area = reading.area(figure.area)
    parts = [figure.area if area.name == figure.area else f"{area.name} ({figure.area})"]
    if beside is None:
        card = reading.cards[figure.indicator]
        parts = [f"{figure.indicator} {card.name}", *parts, figure.period]
    elif figure.period != beside.period:
        parts.append(figure.period)
    group = (figure.sex, figure.age, figure.breakdown)
    reference = ("Persons", "All ages", "Total") if beside is None else (beside.sex, beside.age, beside.breakdown)
    parts += [word for word, usual in zip(group, reference, strict=True) if word != usual]
    if figure.until is not None:
        parts.append(f"as it was from {figure.since:%Y-%m-%d %H:%M}")
    return ", ".join(parts)
