"""Raw: the rows as landed, in text columns of Parquet, one file for each vintage.

Belongs here: which vintages must be parsed, the verdict on a vintage that cannot be parsed. Does not belong here: how a
format is read (`formats`), admission by content (`quality`), what a value means (dbt staging).
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from atf_dagster.catalogue import Catalogue, Collection, Dataset, Part
from atf_dagster.errors import AtfError
from atf_dagster.files import is_of_this_machine, write_atomic
from atf_dagster.formats import readers
from atf_dagster.formats.body import BodyRejected, NoData, one_line
from atf_dagster.landing import Store, Verdict, Vintage
from atf_dagster.landing.raw_verdicts import Parsed, known
from atf_dagster.landing.records import LANDING_DAMAGED, READ_AGAIN
from atf_dagster.landing.store import LandingDamaged
from atf_dagster.sources import SOURCES
from atf_dagster.sql import literal, single_threaded
from atf_dagster.warehouse.tables import write_table

PARSER = "3"
"""Increase this number when parsing changes; then raw is made again from landing."""
SIDE_BY_SIDE = 2
"""Number of parts that are parsed at the same time."""
COLUMNS = "_columns.parquet"
"""A file without rows in each table's folder, so that a table has all its columns before its first vintage."""


def vintage_file(raw: Path, collection: Collection, vintage: Vintage) -> Path:
    return raw / collection.table / f"{vintage.id}.parquet"


def parse_new(
    catalogue: Catalogue, store: Store, raw: Path, run_id: str, progress: Callable[[str], None]
) -> list[Parsed]:
    """Parse each vintage that has no Parquet file. Unchanged bytes are never parsed again.

    Returns one entry for each vintage, oldest first within its part. A vintage whose rows are not the table gets the
    verdict `rejected` and no file; the vintage before it stays in force.
    """
    _ensure_columns(raw, catalogue)
    parts = [
        (collection, dataset, part)
        for collection, dataset in catalogue.datasets
        for part in collection.parts_of(dataset)
    ]
    with single_threaded() as connection, ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="raw") as pool:
        by_part = pool.map(lambda where: _parse_part(connection, store, raw, run_id, *where), parts)
        results = [entry for entries in by_part for entry in entries]
    for entry in results:
        if entry.fresh and entry.verdict.verdict == "rejected":
            progress(f"raw: {entry.vintage.id}: rejected: {entry.verdict.message}")
    fresh = [entry for entry in results if entry.fresh]
    progress(
        f"raw: {len(fresh)} vintages parsed, {sum(e.verdict.rows or 0 for e in fresh)} rows; {len(results)} in all"
    )
    _remove_unknown(raw, catalogue, (p.vintage for p in results if p.verdict.verdict == "parsed"))
    return results


def _parse_part(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    raw: Path,
    run_id: str,
    collection: Collection,
    dataset: Dataset,
    part: Part,
) -> list[Parsed]:
    """The result for each vintage of one part, oldest first."""
    verdicts = store.verdicts(dataset.id, part.id)
    results = []
    for vintage in store.vintages(dataset.id, part.id):
        verdict = verdicts.get((vintage.sequence, "raw"))
        target = vintage_file(raw, collection, vintage)
        settled = verdict is not None and verdict.rules == PARSER
        if verdict is not None and settled and (verdict.verdict == "rejected" or target.exists()):
            results.append(Parsed(vintage, verdict, fresh=False))
            continue
        with connection.cursor() as own:
            verdict = _parse(own, store, collection, dataset, vintage, target, run_id)
        store.add_verdict(vintage, verdict)
        results.append(Parsed(vintage, verdict, fresh=True))
    return results


def _parse(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    collection: Collection,
    dataset: Dataset,
    vintage: Vintage,
    target: Path,
    run_id: str,
) -> Verdict:
    try:
        rows = _write(connection, store.verified(vintage), collection, dataset, vintage, target)
        SOURCES[collection.service.id].check_rows(connection, target, collection, dataset)
    except Exception as error:
        # Whatever it is, it is this vintage's: its last good figures stay, and the other vintages are read.
        if is_of_this_machine(error):
            raise
        target.unlink(missing_ok=True)
        rejection = _rejection(error, collection, vintage)
        return Verdict(
            sequence=vintage.sequence,
            stage="raw",
            verdict="rejected",
            rules=PARSER if isinstance(error, BodyRejected | NoData) else READ_AGAIN,
            at=_now(),
            run_id=run_id,
            reason=rejection.reason,
            message=rejection.message,
            remedy=rejection.remedy,
        )
    return Verdict(
        sequence=vintage.sequence, stage="raw", verdict="parsed", rules=PARSER, at=_now(), run_id=run_id, rows=rows
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


def _rejection(error: Exception, collection: Collection, vintage: Vintage) -> BodyRejected:
    """Any error of reading as one sentence for people, with what to do."""
    if isinstance(error, BodyRejected):
        return error
    if isinstance(error, NoData):
        return BodyRejected("no_rows", error.message, error.remedy)
    if isinstance(error, LandingDamaged):
        return BodyRejected(LANDING_DAMAGED, error.message, error.remedy)
    if isinstance(error, AtfError):
        return BodyRejected("not_read", f"{vintage.id} could not be read: {error.message}", error.remedy)
    return BodyRejected(
        "not_read",
        f"{vintage.id} could not be read ({type(error).__name__}: {one_line(str(error))[:300]}).",
        f"A data engineer compares the kept bytes with what sources/{collection.service.id}.py and formats/ expect and "
        f"corrects the program; `atf rerun {vintage.id}` reads them again. The next good body is taken.",
    )


def is_readable_again(catalogue: Catalogue, store: Store) -> bool:
    """Whether a vintage that could not be read, because landing was damaged, is whole again."""
    return any(
        entry.verdict.rules == READ_AGAIN and entry.verdict.reason == LANDING_DAMAGED and store.is_whole(entry.vintage)
        for entry in known(catalogue, store)
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    pages: Sequence[Path],
    collection: Collection,
    dataset: Dataset,
    vintage: Vintage,
    target: Path,
) -> int:
    """Write the rows of all pages as one Parquet file, with one numbering. Returns their number."""
    source = SOURCES[collection.service.id]
    tags: dict[str, str | int] = {"dataset": dataset.id, "part": vintage.part, "vintage_id": vintage.id}
    if len(pages) == 1:
        return readers.to_parquet(connection, pages[0], collection, source, target, tags={**tags, "page": 1})
    total = 0
    with TemporaryDirectory(dir=target.parent, prefix=".pages-", suffix=".tmp") as folder:
        for number, page in enumerate(pages, start=1):
            part = Path(folder) / f"{number:05d}.parquet"
            total += readers.to_parquet(connection, page, collection, source, part, tags={**tags, "page": number})
        connection.execute(
            "copy (select * replace (row_number() over (order by page, row_number) as row_number) from "
            f"read_parquet({literal(f'{folder}/*.parquet')}, union_by_name = true)) "
            f"to {literal(target)} (format parquet, compression zstd)"
        )
    return total


def _ensure_columns(raw: Path, catalogue: Catalogue) -> None:
    """Write the files of columns that are missing or have other columns. The file _columns.json lists their columns."""
    wanted = {collection.table: _columns(collection) for collection in catalogue.collections}
    note = raw / "_columns.json"
    try:
        written = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        written = {}
    for table, columns in wanted.items():
        path = raw / table / COLUMNS
        if not (path.exists() and written.get(table) == columns):
            write_table(path, columns, [])
    if written != wanted:
        write_atomic(note, json.dumps(wanted, indent=1) + "\n")


def _columns(collection: Collection) -> dict[str, str]:
    """Name and type of each column of a raw table."""
    names = (*collection.columns, *collection.optional_columns)
    if collection.format == "workbook":
        names += ("key", "sheet", "sheet_row", "title")
    tags = {"row_number": "bigint", "dataset": "varchar", "part": "varchar", "vintage_id": "varchar", "page": "int"}
    return {**dict.fromkeys(names, "varchar"), **tags}


def _remove_unknown(raw: Path, catalogue: Catalogue, vintages: Iterable[Vintage]) -> None:
    """Remove Parquet files of vintages that are not in landing, because raw only repeats landing."""
    known = {f"{vintage.id}.parquet" for vintage in vintages} | {COLUMNS}
    for collection in catalogue.collections:
        for path in (raw / collection.table).glob("*.parquet"):
            if path.name not in known:
                path.unlink()
