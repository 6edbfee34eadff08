"""Admission: which vintages may take part in the mart, one verdict each.

Belongs here: turning failing rows into verdicts, and the table `raw.admission` that the second half of
dbt reads. One publisher's bad file holds back that publisher's figures and nothing else.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from atf_dagster.catalogue import Catalogue
from atf_dagster.landing import Store, Verdict
from atf_dagster.quality.results import Result
from atf_dagster.settings import PROJECT
from atf_dagster.warehouse.raw import Parsed
from atf_dagster.warehouse.tables import write_table

JUDGED_BY = ("expectations/staged_*.yml", "dbt_project/models/staging/**/*.sql", "dbt_project/macros/*.sql")
JUDGED_BY_MODELS = ("int_staged.sql", "int_admission.sql")


def rules_fingerprint(catalogue: Catalogue, project: Path = PROJECT) -> str:
    """Changes when a rule, a bound or the reading of a row does; then every vintage is judged again."""
    digest = hashlib.sha256()
    digest.update(repr([(card.code, card.value_min, card.value_max) for card in catalogue.indicators]).encode())
    digest.update(repr([(area.code, area.name, area.also_written) for area in catalogue.areas]).encode())
    paths = [path for pattern in JUDGED_BY for path in sorted(project.glob(pattern))]
    paths += [project / "dbt_project" / "models" / "intermediate" / name for name in JUDGED_BY_MODELS]
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def judge(
    store: Store, parsed: Sequence[Parsed], results: Iterable[Result], *, rules: str, run_id: str
) -> list[tuple[Parsed, Verdict]]:
    """Write a verdict for each vintage that has none under `rules`: held where a critical row names it.

    Returns the verdicts in force, one a vintage that parsed, in the order given.
    """
    failed: dict[str, list[Result]] = {}
    for result in results:
        if result.blocks:
            # A check that could not run says nothing of any vintage: all that wait for a verdict are held.
            for vintage_id in {row.get("vintage_id") for row in result.failing} or {None}:
                failed.setdefault(str(vintage_id), []).append(result)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    decided = []
    for entry in parsed:
        if entry.verdict.verdict != "parsed":
            continue
        vintage = entry.vintage
        verdict = store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "admission"))
        if verdict is None or verdict.rules != rules:
            reasons = failed.get(vintage.id, []) + failed.get("None", [])
            verdict = Verdict(
                sequence=vintage.sequence,
                stage="admission",
                verdict="held" if reasons else "admitted",
                rules=rules,
                at=at,
                run_id=run_id,
                rows=sum(len([row for row in r.failing if row.get("vintage_id") == vintage.id]) for r in reasons),
                reason=", ".join(f"{r.suite}.{r.expectation}" for r in reasons) or None,
                message=" ".join(f"{r.expectation}: {r.reason}" for r in reasons) or None,
                mend=reasons[0].mend if reasons else None,
            )
            store.add_verdict(vintage, verdict)
        decided.append((entry, verdict))
    return decided


def write_table_of_verdicts(raw: Path, decided: Sequence[tuple[Parsed, Verdict]]) -> None:
    """Write `raw.admission`: grain, one vintage; columns vintage_id, verdict, reason."""
    write_table(
        raw / "admission" / "admission.parquet",
        {"vintage_id": "varchar", "verdict": "varchar", "reason": "varchar"},
        [
            {"vintage_id": entry.vintage.id, "verdict": verdict.verdict, "reason": verdict.reason}
            for entry, verdict in decided
        ],
    )
