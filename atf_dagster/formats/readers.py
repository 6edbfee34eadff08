"""Reads pages by their format: checks that a page is the table, and writes its rows as Parquet text.

Belongs here: the choice of a collection's reader, the steps that CSV, JSON and workbooks share. Does not belong here:
one format (`csv_text`, `workbooks`), a publisher's columns (the catalogue).
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from atf_dagster.catalogue import Collection, model
from atf_dagster.formats import csv_heading, csv_text, zip_member
from atf_dagster.formats.body import Body, BodyRejected, BodyRules, NoData, parsed_json, refuse_twice

CHANGED_JSON = (
    "The publisher changed its interface, or this is an error page. A data engineer opens the URL and compares it with "
    "the publisher's documentation."
)
Tags = Mapping[str, str | int]


def inspect(
    path: Path, collection: Collection, rules: BodyRules, *, ends_with_newline: bool, before: Path | None = None
) -> Body:
    """Judge a page by its content; its HTTP status does not count. Raises BodyRejected or NoData.

    before: the same page of the vintage before.
    """
    if collection.format == "workbook":
        return _inspect_workbook(path, collection)
    if collection.format == "json":
        records = _records(path, rules)
        columns = tuple(dict.fromkeys(name for record in records for name in record))
        try:
            body = csv_text.judge_columns(columns, collection.columns, collection.optional_columns)
        except BodyRejected as error:
            raise BodyRejected(error.reason, error.message, CHANGED_JSON) from error
        _refuse_missing_keys(records, collection.columns)
        return body
    body = csv_text.inspect(
        path,
        required=collection.columns,
        optional=collection.optional_columns,
        column_name=rules.column_name,
        renamed=collection.renamed,
        ends_with_newline=ends_with_newline,
        is_made_by_hand=rules.is_made_by_hand,
    )
    refuse_twice(body.columns, "The table, after its columns were renamed as the catalogue says,")
    if before is not None:
        known = (*collection.columns, *collection.optional_columns)
        csv_heading.refuse_other_names(before, path, known, rules.column_name, collection.renamed)
    return body


def to_parquet(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    collection: Collection,
    rules: BodyRules,
    target: Path,
    *,
    tags: Tags,
) -> int:
    """Write a page's rows as text columns with `row_number` and the constant `tags`. Returns their number.

    Raises BodyRejected where a row does not belong to the table, NoData where there is no row.
    """
    optional = collection.optional_columns
    if collection.format == "csv":
        body = csv_text.heading(
            path,
            required=collection.columns,
            optional=optional,
            column_name=rules.column_name,
            renamed=collection.renamed,
            is_made_by_hand=rules.is_made_by_hand,
        )
        return csv_text.to_parquet(
            connection,
            path,
            body,
            target,
            tags=tags,
            optional=optional,
            is_made_by_hand=rules.is_made_by_hand,
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".rows-") as folder:
        rows = Path(folder) / "rows.csv"
        if collection.format == "workbook":
            columns, count = _workbook_rows(path, collection, rows)
        else:
            columns, count = _write_rows(_records(path, rules), rows)
        return csv_text.rows_to_parquet(connection, rows, columns, target, tags=tags, count=count, skip=1)


def _records(path: Path, rules: BodyRules) -> list[Mapping[str, str | None]]:
    if rules.records is None:
        raise TypeError("a collection of JSON needs rules with `records`")
    csv_text.refuse_markup(path.read_bytes()[: csv_text.HEADING_BYTES].decode("utf-8", errors="replace"))
    try:
        # Numbers stay text, because 66.10 and 66.1 are different bytes.
        page = parsed_json(path.read_bytes(), parse_float=str, parse_int=str)
        records = list(rules.records(page))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BodyRejected(
            "not_this_json",
            f"The body is not JSON of the expected shape ({type(error).__name__}: {error}).",
            CHANGED_JSON,
        ) from error
    if not records:
        raise NoData("The answer holds no records.")
    return records


def _refuse_missing_keys(records: Sequence[Mapping[str, str | None]], required: Sequence[str]) -> None:
    """A record without a value says so (null). One without the key is damaged, and its value would be lost."""
    for number, record in enumerate(records, start=1):
        missing = [name for name in required if name not in record]
        if missing:
            raise BodyRejected(
                "missing_key",
                f"Record {number} of {len(records)} has no {', '.join(missing)}; it has {', '.join(record)[:200]}.",
                "The publisher's answer is damaged, or its interface changed. The next refresh asks again. If it "
                "repeats, a data engineer compares it with the publisher's documentation.",
            )


def _write_rows(records: Iterable[Mapping[str, str | None]], target: Path) -> tuple[tuple[str, ...], int]:
    """Returns the columns and the number of rows."""
    kept = list(records)
    columns = tuple(dict.fromkeys(name for record in kept for name in record))
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows([record.get(name) for name in columns] for record in kept)
    return columns, len(kept)


def _inspect_workbook(path: Path, collection: Collection) -> Body:
    from atf_dagster.formats import workbooks

    with zip_member.opened(path, _layout(collection).member) as workbook:
        table = workbooks.inspect(workbook, _layout(collection))
    added = tuple(sorted(table.unknown_headings))
    return Body(encoding="utf-8-sig", columns=collection.columns, columns_added=added)


def _workbook_rows(path: Path, collection: Collection, target: Path) -> tuple[tuple[str, ...], int]:
    from atf_dagster.formats import cell_shading, workbooks

    declared = _layout(collection)
    with zip_member.opened(path, declared.member) as workbook:
        name = zip_member.name_of(path, declared.member)
        count = workbooks.to_rows(workbook, declared, target, {"member": name} if name else None)
        if declared.shading is not None:
            cell_shading.add(workbook, declared, declared.shading, target)
    with target.open(encoding="utf-8", newline="") as stream:
        return tuple(next(csv.reader(stream))), count


def _layout(collection: Collection) -> model.Layout:
    if collection.layout is None:
        raise TypeError(f"{collection.table} is a workbook without a layout")
    return collection.layout
