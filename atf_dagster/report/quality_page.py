"""The page of quality: what failed or is held first, then every check by suite, at the end notes that change nothing.

Belongs here: the order of what the checks found. Does not belong here: reading the release's own validation page
(`validation`), the checks (`quality`).
"""

import json
from dataclasses import dataclass

from atf_dagster.report import validation, words
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Page
from atf_dagster.report.reading import Row

MOST_ROWS = 20
NOTHING_CHANGED = ("is read as", "as the catalogue says")
"""Words of a note that changes no figure: a column or a file read under its catalogue name."""


@dataclass(frozen=True)
class Check:
    """One expectation. why and remedy are empty where the release's validation page does not have them."""

    name: str
    severity: str
    passed: bool
    observed: str
    table: str
    owner: str
    why: str
    remedy: str
    rows: tuple[str, ...]


def page(facts: Facts) -> Page:
    """The page `quality.html`."""
    written = validation.read(facts.reading.folder / "validation.html")
    columns = "suite expectation severity success observed unexpected_count sample table_name owner evaluated_at"
    rows = facts.reading.read("quality_result", columns, "order by suite, expectation", "suite expectation")
    suites: dict[str, list[Check]] = {}
    for row in rows:
        suites.setdefault(str(row["suite"]), []).append(_check(row, written))
    failed = [(suite, check) for suite, checks in suites.items() for check in checks if not check.passed]
    failed.sort(
        key=lambda pair: (
            ("critical", "warning", "info").index(pair[1].severity)
            if pair[1].severity in ("critical", "warning")
            else 2
        )
    )
    notes = list(written.notes) if written else []
    return Page(
        path="quality.html",
        title="Quality",
        template="quality.html.j2",
        context={
            "suites": suites,
            "failed": failed,
            "n_checks": sum(map(len, suites.values())),
            "held": list(written.held) if written else [],
            "held_datasets": facts.about.held_back,
            "given_away": facts.reading.receipt.get("given_away_by_publishers") or [],
            "has_page": written is not None,
            "has_results": facts.reading.has("quality_result"),
            "new": list(written.new) if written else [],
            "notes": [note for note in notes if not _is_idle(note)],
            "idle_notes": [note for note in notes if _is_idle(note)],
            "verdict": words.VERDICTS.get(facts.about.quality_state, facts.about.quality_state),
        },
    )


def _is_idle(note: str) -> bool:
    return all(part in note for part in NOTHING_CHANGED)


def _check(row: Row, written: validation.Written | None) -> Check:
    why, remedy = (written.checks if written else {}).get((row["suite"], row["expectation"]), ("", ""))
    return Check(
        name=str(row["expectation"]),
        severity=str(row["severity"]),
        passed=bool(row["success"]),
        observed=words.plain(row["observed"]),
        table=words.plain(row["table_name"]),
        owner=words.plain(row["owner"]),
        why=why,
        remedy=remedy,
        rows=_sample(row) if not row["success"] else (),
    )


def _sample(row: Row) -> tuple[str, ...]:
    """The failing rows that the release has, each in words."""
    try:
        rows = json.loads(row["sample"] or "[]")
    except ValueError:
        return ()
    return tuple(
        str(entry.get("told") or ", ".join(f"{name} {value}" for name, value in entry.items() if value is not None))
        for entry in rows[:MOST_ROWS]
        if isinstance(entry, dict)
    )
