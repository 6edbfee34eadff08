"""The page of changes: new periods, revisions with old and new value, comparisons that changed; the same as a feed.

The mart says when each figure came into force. A release that lists its predecessors (`release_history`) also says what
came since the one before; an older one is shown by the day on which figures came into force.

Belongs here: grouping what arrived, the rows of revisions, the feed. Does not belong here: finding changes (the mart).
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atf_dagster.report import words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Column, Table, figure, text

MOST_DAYS = 60
MOST_ROWS = 400
YEAR = dt.timedelta(days=365)
FIRST = "This is the first release; there is nothing to compare it with."


@dataclass(frozen=True)
class Day:
    """What came into force on one day, of the answered areas, by indicator."""

    day: dt.date
    is_first: bool
    new: dict[str, int]
    revised: dict[str, int]
    withdrawn: dict[str, int]
    new_periods: dict[str, tuple[str, ...]]

    @property
    def counts(self) -> str:
        said = [
            words.counted(sum(found.values()), f"figure {word}", f"figures {word}")
            for found, word in ((self.new, "new"), (self.revised, "revised"), (self.withdrawn, "withdrawn"))
            if found
        ]
        return words.listed(said)

    @property
    def sentence(self) -> str:
        """What changed on the day, in one sentence."""
        first = "The first figures of this warehouse: " if self.is_first else ""
        named = len({*self.new, *self.revised, *self.withdrawn})
        return f"{first}{self.counts}, of {words.counted(named, 'indicator')}."


def days(facts: Facts, area: str | None = None) -> list[Day]:
    """What arrived, by day, newest first. area: only of this one."""
    rows = [row for row in facts.arrivals if area in (None, row["area_code"])]
    first_day = min((row["day"] for row in facts.arrivals), default=None)
    seen: dict[tuple[str, str], dt.date] = {}
    began: dict[str, dt.date] = {}
    found: dict[dt.date, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for row in rows:  # oldest first
        code, period = row["indicator_code"], row["period_id"]
        began.setdefault(code, row["day"])
        if row["change"] == "new":
            seen.setdefault((code, period), row["day"])
        found[row["day"]][row["change"]][code] += row["n"]
    periods: dict[dt.date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (code, period), day in seen.items():
        if day > began[code]:
            periods[day][code].append(period)
    return [
        Day(
            day,
            day == first_day,
            dict(kinds.get("new", {})),
            dict(kinds.get("revised", {})),
            dict(kinds.get("withdrawn", {})),
            {code: tuple(sorted(ids)) for code, ids in periods[day].items()},
        )
        for day, kinds in sorted(found.items(), reverse=True)
    ]


def since_last(facts: Facts) -> tuple[dt.datetime | None, str]:
    """When the release before this one was made, and words where the release does not say it."""
    rows = facts.reading.read("release_history", "version built_at", "order by built_at", "version built_at")
    earlier = [row for row in rows if row["version"] != facts.about.version and row["built_at"] is not None]
    if earlier:
        return earlier[-1]["built_at"], ""
    days_of_figures = {row["day"] for row in facts.arrivals}
    if rows or (facts.about.number == 1 and len(days_of_figures) <= 1):
        return None, FIRST
    return None, (
        "This release has no list of the releases before it, so that changes are shown by the day on which figures "
        "came into force."
    )


def page(facts: Facts) -> Page:
    """The page `changes.html`."""
    found = days(facts)
    before, why = since_last(facts)
    return Page(
        path="changes.html",
        title="Changes",
        template="changes.html.j2",
        context={
            "days": found[:MOST_DAYS],
            "before": before,
            "why": why,
            "since": [day for day in found if before is not None and day.day >= before.date()],
            "names": facts.indicator,
            "labels": facts.label,
            "has_history": facts.reading.has("fct_observation_history"),
        },
        groups=tuple(_groups(facts)),
    )


def _groups(facts: Facts) -> list[Group]:
    if not facts.reading.has("fct_revision"):
        return [Group("revisions", "Revisions", "This release has no table of revisions.")]
    revised = facts.revisions
    changed = [row for row in revised if row["comparison_changed"] or row["trend_changed"]]
    groups = []
    is_first = since_last(facts)[1] == FIRST
    for id, title, rows, nothing in (
        ("comparisons", "Comparisons and trends that changed", changed, "No comparison and no trend has changed."),
        ("revisions", "Revised figures", revised, "No figure has been revised since this warehouse holds it."),
    ):
        if not rows:
            groups.append(Group(id, title, FIRST if is_first else nothing))
            continue
        said = f"{words.counted(len(rows), 'figure')}, the newest of {words.day(rows[0]['seen_at'])}."
        if len(rows) > MOST_ROWS:
            said += f" The newest {MOST_ROWS} are shown; fct_revision in the release has all."
        groups.append(
            Group(id, title, figures=[Figure(id, title, said, revision_table(facts, rows[:MOST_ROWS], id, title))])
        )
    return groups


def revision_table(facts: Facts, rows: Sequence[Row], id: str, caption: str) -> Table:
    """Revised figures with old and new value, and what changed with them; rows: of fct_revision."""
    columns = (
        Column("seen_at", "Since"),
        Column("indicator", "Indicator"),
        Column("area", "Area"),
        Column("period", "Period"),
        Column("group", "Whom"),
        Column("old_value", "Old value", True),
        Column("new_value", "New value", True),
        Column("old_status", "Old status"),
        Column("new_status", "New status"),
        Column("effect", "What changed with it"),
    )
    return Table(id, caption, columns, [_revision(facts, row) for row in rows])


def _revision(facts: Facts, row: Row) -> list[Any]:
    indicator: Indicator = facts.indicator[row["indicator_code"]]
    whom = [row["sex"], row["age"]]
    if row["breakdown_type"] != "Total":
        whom.append(f"{row['breakdown_type']}: {row['breakdown_value']}")
    return [
        text(row["seen_at"].date() if row["seen_at"] else None, "head"),
        text(indicator.name, "", f"indicators/{indicator.code}.html"),
        text(facts.area[row["area_code"]].name, "", f"areas/{row['area_code']}.html"),
        text(facts.label(row["period_id"])),
        text(", ".join(str(part) for part in whom if part)),
        figure(row["old_value"], indicator.decimals, absent=words.STATUSES.get(row["old_status"] or "", "no figure")),
        figure(row["new_value"], indicator.decimals, absent=words.STATUSES.get(row["new_status"] or "", "no figure")),
        text(words.STATUSES.get(row["old_status"] or "", row["old_status"])),
        text(words.STATUSES.get(row["new_status"] or "", row["new_status"])),
        text(_effect(row)),
    ]


def _effect(row: Row) -> str:
    said = []
    if row["comparison_changed"]:
        said.append(
            f"beside England: {_word(row['old_outcome_statistical'])} became {_word(row['new_outcome_statistical'])}"
        )
    if row["trend_changed"]:
        said.append(f"trend: {_word(row['old_trend'])} became {_word(row['new_trend'])}")
    return "; ".join(said)


def _word(code: str | None) -> str:
    return (code or "not known").replace("_", " ")


def of_area(facts: Facts, area: str) -> Group:
    """What changed in one area since the release before and in the last year."""
    title = "What changed"
    if not facts.reading.has("fct_observation_history", "valid_from", "change"):
        return Group("changed", title, "This release has no history of its figures.")
    before, why = since_last(facts)
    found = days(facts, area)
    notes = []
    if before is None:
        notes.append(why)
    else:
        recent = [day for day in found if day.day >= before.date() and not day.is_first]
        counts = " ".join(f"{words.day(day.day)}: {day.sentence}" for day in recent) or "Nothing changed."
        notes.append(f"Since the release before, of {words.day(before)}: {counts}")
    built = facts.about.built_at
    since = built.date() - YEAR if built else None
    rows = []
    for day in found:
        if since is not None and day.day < since:
            continue
        for code in sorted({*day.new, *day.revised, *day.withdrawn} if not day.is_first else ()):
            indicator = facts.indicator.get(code)
            if indicator is None:
                continue
            periods = ", ".join(facts.label(id) for id in day.new_periods.get(code, ()))
            rows.append(
                [
                    text(day.day, "head"),
                    text(indicator.name, "", f"indicators/{code}.html"),
                    text(periods or None),
                    *(text(kind.get(code, 0), "number") for kind in (day.new, day.revised, day.withdrawn)),
                ]
            )
    first = next((day for day in found if day.is_first), None)
    if first is not None:
        notes.append(f"{words.day(first.day)}: {first.sentence}")
    if not rows:
        return Group("changed", title, "In the last year nothing changed after the first figures came.", notes=notes)
    columns = (
        Column("day", "Day"),
        Column("indicator", "Indicator"),
        Column("new_periods", "New periods"),
        Column("n_new", "New figures", True),
        Column("n_revised", "Revised", True),
        Column("n_withdrawn", "Withdrawn", True),
    )
    said = f"In the last year {words.counted(len({row[1].text for row in rows}), 'indicator')} changed."
    table = Table("changed", "Figures that came, changed or went in the last year", columns, rows)
    return Group("changed", title, figures=[Figure("changed", "The last year", said, table)], notes=notes)


@dataclass(frozen=True)
class Entry:
    """One entry of the feed."""

    id: str
    title: str
    updated: str
    summary: str
    items: tuple[str, ...]


def feed(facts: Facts) -> dict[str, Any]:
    """What the template of the Atom feed shows."""
    built = facts.about.built_at or dt.datetime(1970, 1, 1)
    entries = []
    for day in days(facts)[:MOST_DAYS]:
        items = [
            f"{facts.indicator[code].name}: new period {', '.join(facts.label(id) for id in ids)}"
            for code, ids in day.new_periods.items()
            if code in facts.indicator
        ]
        items += [
            f"{facts.indicator[row['indicator_code']].name}, {facts.area[row['area_code']].name}, "
            f"{facts.label(row['period_id'])}: {_old_and_new(facts, row)}"
            for row in facts.revisions
            if row["seen_at"] and row["seen_at"].date() == day.day
        ][:MOST_ROWS]
        entries.append(
            Entry(
                id=_urn(f"{facts.about.mode} {day.day}"),
                title=f"{words.day(day.day)}: {day.counts}",
                updated=f"{day.day.isoformat()}T00:00:00Z",
                summary=day.sentence,
                items=tuple(items),
            )
        )
    return {"id": _urn(f"changes {facts.about.mode}"), "updated": f"{built:%Y-%m-%dT%H:%M:%SZ}", "entries": entries}


def _old_and_new(facts: Facts, row: Row) -> str:
    places = facts.indicator[row["indicator_code"]].decimals
    old = words.number(row["old_value"], places) or words.STATUSES.get(row["old_status"] or "", "no figure")
    new = words.number(row["new_value"], places) or words.STATUSES.get(row["new_status"] or "", "no figure")
    effect = _effect(row)
    return f"{old} became {new}" + (f" ({effect})" if effect else "")


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'all-together-fairer {name}')}"
