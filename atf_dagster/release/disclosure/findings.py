"""A hidden number that a release gives away, in words that do not say the number.

Belongs here: what, where, through which published numbers, and whose it is to mend. Does not belong here: finding it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atf_dagster.release.disclosure.reading import Figure, Reading

NAMED = 12
"""Published numbers that a finding names; of more it says how many."""


@dataclass(frozen=True)
class Finding:
    """One hidden figure and what gives it away."""

    number: int
    """Of the figure, within the reading."""
    figure: str
    through: tuple[str, ...]
    blocks: bool
    """False where the publisher itself gives all the numbers: what it publishes is its own to answer for."""
    whose: str

    @property
    def sentence(self) -> str:
        named = "; ".join(self.through[:NAMED])
        more = f" and {len(self.through) - NAMED} more" if len(self.through) > NAMED else ""
        return f"{self.figure} is hidden and follows from {named}{more}. {self.whose}"


def describe(
    reading: Reading, number: int, through: Sequence[str], *, used: Iterable[tuple[int, str]] = (), ours: bool
) -> Finding:
    """A finding on one figure; `used` are the figures that give it away, each with the number of it that does."""
    figure = reading.figures[number]
    # What was worked out here comes first: it is what to withhold.
    ordered = sorted((not reading.figures[other].derived, other, quantity) for other, quantity in used)
    others = [reading.figures[other] for _, other, _ in ordered]
    names = list(through)
    names += [f"{quantity} of {_name(reading, reading.figures[n], beside=figure)}" for _, n, quantity in ordered]
    publishers = {reading.publishers.get(one.vintage, "") for one in (figure, *others)}
    returned = figure.indicator in reading.returned
    derived = [one for one in others if one.derived]
    if returned:
        whose = "An engineer mends disclosure control of local returns or the model that shows more than it allows."
    elif ours or derived:
        whose = "An engineer mends the model: what is worked out of a hidden figure, or around it, stays empty."
    elif len(publishers) > 1:
        whose = f"An engineer: tables of {' and '.join(sorted(publishers))} together give it away; one stays out."
    else:
        whose = f"Every number is {publishers.pop()}'s own: tell them."
    blocks = returned or ours or bool(derived) or len(publishers) > 1
    return Finding(number, _name(reading, figure), tuple(dict.fromkeys(names)), blocks, whose)


def _name(reading: Reading, figure: Figure, *, beside: Figure | None = None) -> str:
    """Indicator, area, period and group; of a figure beside another only what differs, and the area."""
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
