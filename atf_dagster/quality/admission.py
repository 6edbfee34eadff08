"""Admission: which vintages may enter the mart, with one verdict for each.

A bad file of one publisher holds back that publisher's figures and no others.

Belongs here: turning failing rows into verdicts, the table `raw.admission` for the second half of dbt. Does not belong
here: the fingerprints of rules (`rules`), the checks (`gx`).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from atf_dagster.landing import Store, Verdict, Vintage
from atf_dagster.landing.raw_verdicts import Parsed
from atf_dagster.landing.records import BY_HAND
from atf_dagster.quality.results import Result
from atf_dagster.quality.rules import Rules
from atf_dagster.warehouse.tables import write_table


def judge(
    store: Store, parsed: Sequence[Parsed], results: Iterable[Result], *, rules: Rules, run_id: str
) -> list[tuple[Parsed, Verdict]]:
    """Write a verdict for each vintage that has none under its `rules`: quarantined where a critical row names it.

    Returns the verdicts in force, one for each parsed vintage, in the given order.
    """
    failed: dict[str, list[Result]] = {}
    warned: dict[str, list[str]] = {}
    for result in results:
        if not result.success and result.severity == "warning":
            for vintage_id in {row.get("vintage_id") for row in result.failing}:
                warned.setdefault(str(vintage_id), []).append(f"{result.suite}.{result.expectation}")
        if result.blocks:
            # A check that could not run names no vintage, so every vintage that waits for a verdict is quarantined.
            for vintage_id in {row.get("vintage_id") for row in result.failing} or {None}:
                failed.setdefault(str(vintage_id), []).append(result)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    decided = []
    new = []
    for entry in parsed:
        if entry.verdict.verdict != "parsed":
            continue
        vintage = entry.vintage
        verdict = store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "admission"))
        if verdict is None or not verdict.stands_under(rules[vintage.dataset]):
            reasons = failed.get(vintage.id, []) + failed.get("None", [])
            verdict = Verdict(
                sequence=vintage.sequence,
                stage="admission",
                verdict="quarantined" if reasons else "admitted",
                rules=rules[vintage.dataset],
                at=at,
                run_id=run_id,
                warned=tuple(warned.get(vintage.id, ())),
                rows=sum(len([row for row in r.failing if row.get("vintage_id") == vintage.id]) for r in reasons),
                reason=", ".join(f"{r.suite}.{r.expectation}" for r in reasons) or None,
                message=" ".join(_message(r, vintage) for r in reasons) or None,
                cause=" ".join(dict.fromkeys(cause for r in reasons for cause in _causes(r, vintage))) or None,
                remedy=reasons[0].remedy if reasons else None,
            )
            new.append((vintage, verdict))
        decided.append((entry, verdict))
    store.add_verdicts(new)
    return decided


def _message(result: Result, vintage: Vintage) -> str:
    """What is wrong with this vintage: the cause where it is known, else the first row, then why it matters."""
    rows = [row for row in result.failing if row.get("vintage_id") == vintage.id]
    first = ", ".join(f"{k} {v}" for k, v in rows[0].items() if v is not None and k != "vintage_id") if rows else ""
    number = "1 row" if len(rows) == 1 else f"{len(rows):,} rows, the first"
    found = _causes(result, vintage) or ([f"{number}: {first}."] if first else [])
    return " ".join((f"{result.expectation}:", *found, result.reason))


def _causes(result: Result, vintage: Vintage) -> list[str]:
    told = (str(row["told"]) for row in result.failing if row.get("vintage_id") == vintage.id and row.get("told"))
    return list(dict.fromkeys(told))


def with_standing_warnings(results: Sequence[Result], in_force: Iterable[tuple[Vintage, Verdict]]) -> list[Result]:
    """`results` with the warnings that vintages in force got at their admission, perhaps several runs ago.

    A vintage is judged once. Its warnings stay as long as its figures are shown.
    """
    earlier: dict[str, list[tuple[Vintage, Verdict]]] = {}
    for vintage, verdict in in_force:
        for name in verdict.warned:
            earlier.setdefault(name, []).append((vintage, verdict))
    completed = []
    for found in results:
        result = found
        warned = earlier.get(f"{result.suite}.{result.expectation}", [])
        if result.success and warned:
            result = replace(
                result,
                success=False,
                observed="; ".join(f"{vintage.id} since {verdict.at[:10]}" for vintage, verdict in warned),
                unexpected_count=len(warned),
                failing=tuple({"vintage_id": vintage.id} for vintage, _ in warned),
            )
        completed.append(result)
    return completed


def admit_by_hand(store: Store, vintage: Vintage, reason: str, run_id: str) -> Verdict:
    """Record that a person admits a quarantined vintage. The verdict stays when the rules change."""
    verdict = Verdict(
        sequence=vintage.sequence,
        stage="admission",
        verdict="admitted",
        rules=BY_HAND,
        at=dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
        run_id=run_id,
        reason=reason,
    )
    store.add_verdict(vintage, verdict)
    return verdict


def write_table_of_verdicts(raw: Path, decided: Sequence[tuple[Parsed, Verdict]]) -> None:
    """Write `raw.admission`. Grain: one row for each vintage. Columns: vintage_id, verdict, reason."""
    write_table(
        raw / "admission" / "admission.parquet",
        {"vintage_id": "varchar", "verdict": "varchar", "reason": "varchar"},
        [
            {"vintage_id": entry.vintage.id, "verdict": verdict.verdict, "reason": verdict.reason}
            for entry, verdict in decided
        ],
    )
