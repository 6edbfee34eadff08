"""The page of changes: new periods, revisions with old and new value, comparisons that changed; the same as a feed.

The mart says when each figure came into force. A release also says what differs from the one before (`since`); an older
one, which does not, is shown by the day on which figures came into force.

Belongs here: grouping what arrived by day, the rows of revisions, the feed. Does not belong here: finding changes (the
mart), what the release says of the one before (`since`).
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from atf_dagster.report import since, words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Column, Table, figure, text

MOST_DAYS = 60
MOST_ROWS = 400
YEAR = dt.timedelta(days=365)


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
        # The arrivals are those of the areas that have pages; release_history counts all areas.
        return f"{first}{self.counts}, of {words.counted(named, 'indicator')}, in the areas of these pages."


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


def page(facts: Facts) -> Page:
    """The page `changes.html`."""
    found = days(facts)
    before, why = since.release_before(facts)
    recent = _since(facts, before)
    return Page(
        path="changes.html",
        title="Changes",
        template="changes.html.j2",
        context={
            "days": found[:MOST_DAYS],
            "before": before,
            "why": why,
            "since": recent,
            "days_since": [day for day in found if before is not None and day.day >= before.date()],
            "names": facts.indicator,
            "labels": facts.label,
            "has_history": facts.reading.has("fct_observation_history"),
        },
        groups=(*([recent] if recent else []), *_revised(facts)),
    )


def _since(facts: Facts, before: dt.datetime | None) -> Group | None:
    """What the release says of the one before; None where it does not."""
    if before is None or facts.changes is None:
        return None
    figures = [since.by_indicator(facts, facts.changes), since.figures(facts, facts.changes)] if facts.changes else []
    said = f"The release before was made on {words.moment(before)}. {since.counted(facts.changes)}"
    shown = [figure for figure in figures if figure is not None]
    return Group("since", "Since the release before", said, shown, since.cautions(facts.changes))


def _revised(facts: Facts) -> list[Group]:
    if not facts.reading.has("fct_revision"):
        return [Group("revisions", "Revisions", "This release has no table of revisions.")]
    revised = facts.revisions
    changed = [row for row in revised if row["comparison_changed"] or row["trend_changed"]]
    groups = []
    is_first = since.release_before(facts)[1] == since.FIRST
    for id, title, rows, nothing in (
        ("comparisons", "Comparisons and trends that changed", changed, "No comparison and no trend has changed."),
        ("revisions", "Revised figures", revised, "No figure has been revised since this warehouse holds it."),
    ):
        if not rows:
            groups.append(Group(id, title, since.FIRST if is_first else nothing))
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
    return [
        text(row["seen_at"].date() if row["seen_at"] else None, "head"),
        text(indicator.name, "", f"indicators/{indicator.code}.html"),
        text(facts.area[row["area_code"]].name, "", f"areas/{row['area_code']}.html"),
        text(facts.label(row["period_id"])),
        text(since.group(row)),
        figure(row["old_value"], indicator.decimals, absent=words.STATUSES.get(row["old_status"] or "", "no figure")),
        figure(row["new_value"], indicator.decimals, absent=words.STATUSES.get(row["new_status"] or "", "no figure")),
        text(words.status(row["old_status"])),
        text(words.status(row["new_status"])),
        text(since.effect(facts, row)),
    ]


def of_area(facts: Facts, area: str) -> Group:
    """What changed in one area since the release before and in the last year."""
    title = "What changed"
    if not facts.reading.has("fct_observation_history", "valid_from", "change"):
        return Group("changed", title, "This release has no history of its figures.")
    before, why = since.release_before(facts)
    found = days(facts, area)
    notes, figures = [], []
    if before is None:
        notes.append(why)
    elif facts.changes is not None:
        rows_since = since.rows_of(facts, area)
        notes.append(f"Since the release before, of {words.day(before)}: {since.counted(rows_since)}")
        notes += since.cautions(rows_since)
        figures = [found_since] if (found_since := since.figures(facts, rows_since)) else []
    else:
        recent = [day for day in found if day.day >= before.date() and not day.is_first]
        counts = " ".join(f"{words.day(day.day)}: {day.sentence}" for day in recent) or "Nothing changed."
        notes.append(f"Since the release before, of {words.day(before)}: {counts}")
    built = facts.about.built_at
    a_year_ago = built.date() - YEAR if built else None
    rows = []
    for day in found:
        if a_year_ago is not None and day.day < a_year_ago:
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
        said = "In the last year nothing changed after the first figures came."
        return Group("changed", title, said, figures, notes)
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
    return Group("changed", title, "", [*figures, Figure("changed", "The last year", said, table)], notes)


def feed(facts: Facts) -> dict[str, Any]:
    """What the template of the Atom feed shows: an entry a release; where the release lists none, an entry a day."""
    built = facts.about.built_at or dt.datetime(1970, 1, 1)
    entries = since.entries(facts) or [_entry(facts, day) for day in days(facts)]
    return {
        "id": _urn(f"changes {facts.about.mode}"),
        "updated": f"{built:%Y-%m-%dT%H:%M:%SZ}",
        "entries": [replace(entry, id=_urn(entry.id)) for entry in entries[:MOST_DAYS]],
    }


def _entry(facts: Facts, day: Day) -> since.Entry:
    items = [
        f"{facts.indicator[code].name}: new period {', '.join(facts.label(id) for id in ids)}"
        for code, ids in day.new_periods.items()
        if code in facts.indicator
    ]
    items += [
        f"{facts.indicator[row['indicator_code']].name}, {facts.area[row['area_code']].name}, "
        f"{facts.label(row['period_id'])}: {since.old_and_new(facts, row)}"
        for row in facts.revisions
        if row["seen_at"] and row["seen_at"].date() == day.day
    ][:MOST_ROWS]
    return since.Entry(
        id=f"{facts.about.mode} {day.day}",
        title=f"{words.day(day.day)}: {day.counts}",
        updated=f"{day.day.isoformat()}T00:00:00Z",
        summary=day.sentence,
        items=tuple(items),
    )


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'all-together-fairer {name}')}"
