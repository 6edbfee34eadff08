"""Raw: the same rows as landed, as Parquet text columns, one file a vintage; no meaning yet.

Belongs here: which vintages still have to be parsed, and the verdict when one cannot be.
Does not belong here: how CSV is read (`sources`), admission by content (`quality`).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from atf_dagster.catalogue import Catalogue, Collection, Dataset
from atf_dagster.files import write_atomic
from atf_dagster.formats import readers
from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.landing import Store, Verdict, Vintage
from atf_dagster.landing.parsed import Parsed
from atf_dagster.sources import SOURCES
from atf_dagster.warehouse.tables import write_table

PARSER = "2"
"""Raised when parsing changes, so that raw is made again from landing."""


def vintage_file(raw: Path, collection: Collection, vintage: Vintage) -> Path:
    return raw / collection.table / f"{vintage.id}.parquet"


def parse_new(
    catalogue: Catalogue, store: Store, raw: Path, run_id: str, progress: Callable[[str], None]
) -> list[Parsed]:
    """Parse each vintage that has no Parquet yet; unchanged bytes are never parsed again.

    Returns one entry a vintage, oldest first within its part. A vintage whose rows are not the table
    gets the verdict `rejected` and no file; the vintage before it stays in force.
    """
    results: list[Parsed] = []
    connection = duckdb.connect()
    try:
        for collection in catalogue.collections:
            _ensure_columns(raw, collection)
            for dataset in collection.datasets:
                for part in collection.parts:
                    known = store.verdicts(dataset.id, part.id)
                    for vintage in store.vintages(dataset.id, part.id):
                        verdict = known.get((vintage.sequence, "raw"))
                        target = vintage_file(raw, collection, vintage)
                        settled = verdict is not None and verdict.rules == PARSER
                        if verdict is not None and settled and (verdict.verdict == "rejected" or target.exists()):
                            results.append(Parsed(vintage, verdict, fresh=False))
                            continue
                        verdict = _parse(connection, store, collection, dataset, vintage, target, run_id)
                        store.add_verdict(vintage, verdict)
                        if verdict.verdict == "rejected":
                            progress(f"raw: {vintage.id}: rejected: {verdict.message}")
                        results.append(Parsed(vintage, verdict, fresh=True))
    finally:
        connection.close()
    fresh = [entry for entry in results if entry.fresh]
    progress(
        f"raw: {len(fresh)} vintages parsed, {sum(e.verdict.rows or 0 for e in fresh)} rows; {len(results)} in all"
    )
    _forget_orphans(raw, catalogue, (p.vintage for p in results if p.verdict.verdict == "parsed"))
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
    source = SOURCES[collection.service.id]
    pages = store.verified(vintage)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    try:
        rows = _write(connection, pages, collection, dataset, vintage, target)
        source.check_rows(connection, target, collection, dataset)
    except (BodyRejected, NoData) as rejection:
        target.unlink(missing_ok=True)
        return Verdict(
            sequence=vintage.sequence,
            stage="raw",
            verdict="rejected",
            rules=PARSER,
            at=at,
            run_id=run_id,
            reason=getattr(rejection, "reason", "no_rows"),
            message=rejection.message,
            remedy=rejection.remedy,
        )
    return Verdict(
        sequence=vintage.sequence, stage="raw", verdict="parsed", rules=PARSER, at=at, run_id=run_id, rows=rows
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    pages: Sequence[Path],
    collection: Collection,
    dataset: Dataset,
    vintage: Vintage,
    target: Path,
) -> int:
    """The rows of all pages as one Parquet file, numbered through; returns how many."""
    source = SOURCES[collection.service.id]
    tags: dict[str, str | int] = {"dataset": dataset.id, "part": vintage.part, "vintage_id": vintage.id}
    if len(pages) == 1:
        return readers.to_parquet(connection, pages[0], collection, source, target, tags={**tags, "page": 1})
    total = 0
    with TemporaryDirectory(dir=target.parent, prefix=".pages-", suffix=".tmp") as folder:
        for number, page in enumerate(pages, start=1):
            part = Path(folder) / f"{number:05d}.parquet"
            total += readers.to_parquet(connection, page, collection, source, part, tags={**tags, "page": number})
        written = str(target).replace("'", "''")
        connection.execute(
            "copy (select * replace (row_number() over (order by page, row_number) as row_number) from "
            f"read_parquet($pages, union_by_name = true)) to '{written}' (format parquet, compression zstd)",
            {"pages": f"{folder}/*.parquet"},
        )
    return total


def _ensure_columns(raw: Path, collection: Collection) -> None:
    """A file without rows, so that the table has all its columns even before the first vintage."""
    names = (*collection.columns, *collection.optional_columns)
    if collection.format == "workbook":
        names += ("key", "sheet", "sheet_row", "title")
    columns = dict.fromkeys(names, "varchar")
    tags = {"row_number": "bigint", "dataset": "varchar", "part": "varchar", "vintage_id": "varchar", "page": "int"}
    folder = raw / collection.table
    wanted, note = ",".join([*columns, *tags]), folder / "_columns.txt"
    # Twenty-five tables at forty milliseconds each would be a second of every unchanged refresh.
    if not ((folder / "_columns.parquet").exists() and note.exists() and note.read_text("utf-8") == wanted):
        write_table(folder / "_columns.parquet", {**columns, **tags}, [])
        write_atomic(note, wanted)


def _forget_orphans(raw: Path, catalogue: Catalogue, vintages: Iterable[Vintage]) -> None:
    """Remove Parquet that belongs to no vintage in landing; raw is only ever derived."""
    known = {f"{vintage.id}.parquet" for vintage in vintages} | {"_columns.parquet"}
    for collection in catalogue.collections:
        for path in (raw / collection.table).glob("*.parquet"):
            if path.name not in known:
                path.unlink()
