"""Makes a release: writes it, audits it, moves the pointer. There is no other way to make one.

Belongs here: the order of the steps, the receipt, the version's name. Does not belong here: the files (`candidate`),
the checks (`audit`), the pointer (`versions`).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster import __version__
from atf_dagster.catalogue import Catalogue
from atf_dagster.files import link_or_copy, sha256_of, sync_file, sync_folder, write_atomic
from atf_dagster.quality.results import SAMPLE, Result
from atf_dagster.release.audit import audit, audit_disclosure
from atf_dagster.release.candidate import export, write_database
from atf_dagster.release.contract import DATABASE, OLD_DATABASE, VERSION, WRITTEN_AT_RELEASE, Table
from atf_dagster.release.describe import datapackage, package, write_csvw
from atf_dagster.release.history import Past
from atf_dagster.release.software import commit
from atf_dagster.release.versions import (
    CANDIDATE,
    Release,
    damage,
    newest_number,
    point_to,
    releases,
    remember_equivalent,
    remove_old,
    remove_unfinished,
)

FLUSHED_AT_ONCE = 8
"""Files that are synced at the same time, so that one commit of the file system's journal serves several."""


@dataclass(frozen=True)
class ReleaseFacts:
    """What a release records about itself beside its figures."""

    run_id: str
    mode: str
    fingerprint: str
    code_sha256: str
    """Of models and program: two releases of the same code differ by their inputs alone."""
    quality_state: str
    datasets_fresh: Sequence[str]
    datasets_held_back: Sequence[str]
    results: Sequence[Result]
    page: Path | None


def publish(
    folder: Path,
    warehouse: Path,
    catalogue: Catalogue,
    tables: Sequence[Table],
    facts: ReleaseFacts,
    *,
    keep: int,
    progress: Callable[[str], None],
) -> Release:
    """Make a candidate from the warehouse, audit it and move `current` to it.

    Returns the new release; where a rebuild gave the same figures, the newest release, because the same bytes never
    make a new version. Raises AuditFailed. A failure at any point leaves `current` as it is.
    """
    for name in remove_unfinished(folder):
        progress(f"removed {name}, which an interrupted run left behind")
    known = releases(folder)
    number = newest_number(folder) + 1
    built_at = dt.datetime.now(dt.UTC)
    version = f"{number:06d}-{built_at:%Y%m%dT%H%M%SZ}"
    candidate = folder / f"{CANDIDATE}{version}"
    try:
        figures = _write(candidate, warehouse, catalogue, tables, facts, version, built_at, known, progress)
    except BaseException:
        remove_unfinished(folder)  # at once, because the disk may be full
        raise
    if known and _has_same_figures(known[-1], facts, figures):
        remove_unfinished(folder)
        remember_equivalent(folder, known[-1].version, facts.fingerprint)
        progress(f"the rebuilt figures are those of release {known[-1].version}")
        return known[-1]
    candidate.rename(folder / version)
    sync_folder(folder)
    point_to(folder, version)
    for name in remove_old(folder, keep):
        progress(f"removed release {name}; the newest {keep} are kept")
    return next(release for release in releases(folder) if release.version == version)


def _write(
    candidate: Path,
    warehouse: Path,
    catalogue: Catalogue,
    tables: Sequence[Table],
    facts: ReleaseFacts,
    version: str,
    built_at: dt.datetime,
    known: Sequence[Release],
    progress: Callable[[str], None],
) -> str:
    """Fill the candidate's folder and audit it. Returns the hash of its figures."""
    candidate.mkdir()
    past, own = Past(known, progress), _own_history(facts, version, built_at)
    rows = _rows(facts, version, built_at)
    write_database(candidate / DATABASE, warehouse, tables, rows, lambda connection: past.write(connection, own))
    link_or_copy(candidate / DATABASE, candidate / OLD_DATABASE)
    # The attack runs in Python and the rest in DuckDB. Both only read the finished file, so each can use its own core.
    with ThreadPoolExecutor(1, thread_name_prefix="attack") as pool:
        attack = pool.submit(audit_disclosure, candidate, neighbours(catalogue))
        everything = [*tables, *WRITTEN_AT_RELEASE]
        about = package(catalogue, version, facts.mode, built_at)
        export(candidate / DATABASE, candidate, everything, about)
        files = _files(candidate)
        description = datapackage(about, everything, files)
        write_atomic(candidate / "datapackage.json", json.dumps(description, indent=1, ensure_ascii=False) + "\n")
        write_csvw(candidate / "csv", about, everything)
        if facts.page is not None:
            write_atomic(candidate / "validation.html", facts.page.read_text("utf-8"))
        counts = audit(candidate, warehouse, tables)
        files = _files(candidate, files)
        warnings = attack.result()
    if warnings:
        progress(f"{len(warnings)} hidden figures follow from their publisher's own numbers; see receipt.json")
    figures = _figures_hash(files, tables)
    _write_receipt(candidate, facts, version, built_at, counts, figures, files, warnings)
    _make_read_only(candidate)
    return figures


def neighbours(catalogue: Catalogue) -> dict[str, set[str]]:
    """The members of each group of statistical neighbours, by the group's code in int_area_group_member."""
    groups: dict[str, set[str]] = {}
    for entry in catalogue.neighbours:
        groups.setdefault(f"SN-{entry.area}", set()).add(entry.neighbour)
    return groups


def _figures_hash(files: Mapping[str, Mapping[str, Any]], tables: Sequence[Table]) -> str:
    """The hash of all figures and descriptions, without the tables that name the run."""
    digest = hashlib.sha256()
    for table in sorted(tables, key=lambda table: table.name):
        digest.update(f"{table.name} {files[f'csv/{table.name}.csv']['sha256']}\n".encode())
    return digest.hexdigest()


def _has_same_figures(newest: Release, facts: ReleaseFacts, figures: str) -> bool:
    receipt = newest.receipt
    same = receipt.get("figures_sha256") == figures and receipt["mode"] == facts.mode
    return same and receipt["verdict"] == facts.quality_state and not damage(newest)


def _rows(facts: ReleaseFacts, version: str, built_at: dt.datetime) -> dict[str, list[Mapping[str, Any]]]:
    quality: list[Mapping[str, Any]] = [
        {
            "run_id": facts.run_id,
            "suite": result.suite,
            "expectation": result.expectation,
            "severity": result.severity,
            "success": result.success,
            "observed": result.observed,
            "unexpected_count": result.unexpected_count,
            "sample": json.dumps(list(result.failing[:SAMPLE]), ensure_ascii=False),
            "table_name": result.table_name,
            "owner": result.owner,
            "evaluated_at": dt.datetime.fromisoformat(result.evaluated_at).replace(tzinfo=None),
        }
        for result in facts.results
    ]
    info: Mapping[str, Any] = {
        "version": version,
        "run_id": facts.run_id,
        "mode": facts.mode,
        "built_at": built_at.replace(tzinfo=None),
        "contract_version": VERSION,
        "quality_state": facts.quality_state,
        "datasets_fresh": ", ".join(facts.datasets_fresh),
        "datasets_held_back": ", ".join(facts.datasets_held_back),
    }
    return {"quality_result": quality, "release_info": [info]}


def _own_history(facts: ReleaseFacts, version: str, built_at: dt.datetime) -> dict[str, Any]:
    """What the release's row of release_history says beside its counts, and the code that it is made by."""
    return {
        "version": version,
        "built_at": built_at.replace(tzinfo=None),
        "mode": facts.mode,
        "software_version": __version__,
        "software_commit": commit(),
        "contract_version": VERSION,
        "quality_state": facts.quality_state,
        "code_sha256": facts.code_sha256,
    }


def _write_receipt(
    candidate: Path,
    facts: ReleaseFacts,
    version: str,
    built_at: dt.datetime,
    counts: Mapping[str, int],
    figures: str,
    files: Mapping[str, Mapping[str, Any]],
    warnings: Sequence[str],
) -> None:
    receipt = {
        "version": version,
        "run_id": facts.run_id,
        "mode": facts.mode,
        "built_at": built_at.isoformat(),
        "tool_version": __version__,
        "software_commit": commit(),
        "code_sha256": facts.code_sha256,
        "contract_version": VERSION,
        "verdict": facts.quality_state,
        "fingerprint": facts.fingerprint,
        "figures_sha256": figures,
        "datasets_fresh": list(facts.datasets_fresh),
        "datasets_held_back": list(facts.datasets_held_back),
        "rows": dict(sorted(counts.items())),
        "given_away_by_publishers": list(warnings),
        # The verdict is about exactly these bytes.
        "files": files,
    }
    write_atomic(candidate / "receipt.json", json.dumps(receipt, indent=1, ensure_ascii=False) + "\n")


def _files(candidate: Path, known: Mapping[str, dict[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Size and hash of each file of the candidate. All files are synced to the disk on return.

    known: files that have not changed since they were looked at.
    """
    found = dict(known or {})
    paths = [path for path in candidate.rglob("*") if path.is_file() and str(path.relative_to(candidate)) not in found]
    with ThreadPoolExecutor(FLUSHED_AT_ONCE, thread_name_prefix="flush") as pool:
        for path, fact in zip(paths, pool.map(_flush, paths), strict=True):
            found[str(path.relative_to(candidate))] = fact
    return dict(sorted(found.items()))


def _flush(path: Path) -> dict[str, Any]:
    sync_file(path)
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _make_read_only(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
