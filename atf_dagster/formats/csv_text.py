"""Reads CSV bodies: judges the whole of each when it lands, and writes its rows as Parquet text.

DuckDB reads nothing but a copy of records that were judged before. By itself it drops surplus cells that are blank, and
it guesses where line ends are mixed.

Belongs here: encoding, heading, the two steps above. Does not belong here: where a record ends and how many cells it
has (`csv_records`), a publisher's columns (the catalogue), what a value means (every cell stays text; a blank cell is
null).
"""

import codecs
import difflib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from atf_dagster import csv_records
from atf_dagster.csv_records import NotRfc4180, Record
from atf_dagster.files import CHUNK
from atf_dagster.formats.body import Body, BodyRejected, NoData
from atf_dagster.sql import literal

HEADING_BYTES = 65536
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
"""A character of more than one byte in UTF-8."""
_JSON = re.compile(r'[\ufeff\s]*(?:[{\[]\s*(?:["{}\[\]]|$)|(?:null|true|false)\s*$)')
"""How JSON begins, and no heading of a table."""


class RowsLost(Exception):
    """DuckDB read another number of rows than a body has: a fault of this program."""


def inspect(
    path: Path,
    *,
    required: Sequence[str],
    optional: Sequence[str],
    column_name: Callable[[str], str],
    ends_with_newline: bool,
    renamed: Mapping[str, str] | None = None,
    is_made_by_hand: bool = False,
) -> Body:
    """Judge the whole of a body by its content; its HTTP status does not count. Raises BodyRejected or NoData."""
    body = heading(
        path,
        required=required,
        optional=optional,
        column_name=column_name,
        renamed=renamed,
        is_made_by_hand=is_made_by_hand,
    )
    if ends_with_newline and not _is_closed(path, body.encoding):
        raise BodyRejected(
            "truncated_body",
            f"The body stops in the middle of a line after {path.stat().st_size} bytes.",
            "The network or the publisher cut it. The next refresh asks again; nobody has to act unless it repeats.",
        )
    with _records(path, body.encoding, is_made_by_hand) as found:
        rows = csv_records.rows(found, body.columns, _may_be_absent(body, optional))
        _refuse_no_rows(sum(1 for record in rows if not record.is_blank))
    return body


def heading(
    path: Path,
    *,
    required: Sequence[str],
    optional: Sequence[str],
    column_name: Callable[[str], str],
    renamed: Mapping[str, str] | None = None,
    is_made_by_hand: bool = False,
) -> Body:
    """Judge encoding and heading of a body, without its rows. Raises BodyRejected."""
    with path.open("rb") as stream:
        start = stream.read(HEADING_BYTES)
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise BodyRejected(
            "empty_body",
            f"The body is empty ({path.stat().st_size} bytes).",
            "The next refresh asks again. If it is still empty after a day, look at the page in a browser and write to "
            "the publisher.",
        )
    encoding = detect_encoding(path)
    refuse_no_table(codecs.getincrementaldecoder(encoding)().decode(start))
    with _records(path, encoding, is_made_by_hand) as found:
        row = csv_records.split(next(found).text)
    while is_made_by_hand and row and not row[-1].strip():
        row.pop()
    body = judge_columns(_heading(row, column_name), required, optional, encoding=encoding, renamed=renamed)
    if len(row) > 1 and all(cell.startswith(" ") for cell in row[1:]):
        raise BodyRejected(
            "bad_heading",
            "Line 1 separates the columns by a comma and a space, so every cell would begin with a space.",
            "The publisher changed how it writes its table. A data engineer compares it with the publisher's page.",
        )
    return body


def _may_be_absent(body: Body, optional: Sequence[str]) -> Sequence[str]:
    """The columns that all rows may lack; none where the heading has a name that nobody knows.

    A comma too many in the heading makes two names of one, and every row would be read one column further left.
    """
    return () if body.columns_added else optional


@contextmanager
def _records(path: Path, encoding: str, is_made_by_hand: bool) -> Iterator[Iterator[Record]]:
    with path.open(encoding=encoding, newline="") as stream, as_rejection():
        yield csv_records.records(stream, is_made_by_hand=is_made_by_hand)


@contextmanager
def as_rejection() -> Iterator[None]:
    """What breaks a rule of CSV within is a rejected body."""
    try:
        yield
    except NotRfc4180 as refusal:
        raise BodyRejected(refusal.reason, refusal.message, refusal.remedy) from refusal


def _is_closed(path: Path, encoding: str) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4))
        return stream.read().decode(encoding, errors="ignore").endswith(("\n", "\r"))


def _refuse_no_rows(filled: int) -> None:
    if not filled:
        raise NoData("The body has a heading and no rows.")


def judge_columns(
    found: Sequence[str],
    required: Sequence[str],
    optional: Sequence[str],
    *,
    encoding: str = "utf-8",
    renamed: Mapping[str, str] | None = None,
) -> Body:
    """Check that the required columns are there; more columns are allowed. Raises BodyRejected."""
    names = renamed or {}
    columns = tuple(name if names.get(name) in found else names.get(name, name) for name in found)
    missing = [name for name in required if name not in columns]
    if missing:
        raise BodyRejected("missing_column", *_explain_missing(missing, columns, required, optional))
    return Body(
        encoding=encoding,
        columns=columns,
        columns_added=tuple(name for name in columns if name not in required and name not in optional),
        notes=tuple(
            f"The publisher's column {old} is read as {new}, as the catalogue says."
            for old, new in zip(found, columns, strict=True)
            if old != new
        ),
    )


def detect_encoding(path: Path) -> str:
    """The encoding: utf-16 with its byte order mark, else utf-8-sig, else cp1252.

    Raises BodyRejected for bytes that are not text, and for UTF-8 with bytes of another encoding among it.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig"] if head.startswith(codecs.BOM_UTF8) else ["utf-8-sig", "cp1252"]
    found = next((encoding for encoding in candidates if _is_text(path, encoding)), None)
    if found is None or (found == "cp1252" and _UTF_8.search(path.read_bytes())):
        raise BodyRejected(
            "wrong_encoding",
            f"The body is not text in any of {', '.join(candidates)} alone: {_wrong_line(path, candidates[0])}.",
            "Compare the file in a browser. If the publisher's page states a new encoding, a data engineer adds it to "
            "detect_encoding; otherwise write to the publisher.",
        )
    return found


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _wrong_line(path: Path, encoding: str) -> str:
    data = path.read_bytes()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        # The object of the error has no byte order mark.
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"line {line} has the byte 0x{error.object[error.start]:02X}, which is not {encoding}"
    before = text[: text.index("\0")]
    return f"line {before.count(chr(10)) + 1} has a NUL character"


def refuse_no_table(text: str) -> None:
    """Refuse a web page and JSON, told by how they begin: a reader of CSV would call them a damaged table."""
    refuse_markup(text)
    if _JSON.match(text):
        raise BodyRejected(
            "json_body",
            f"The body is JSON, not a table; it begins: {text.strip()[:80]!r}.",
            "The publisher changed its interface, or something else answered in its place; nothing shows that it "
            "withdrew figures. The next refresh asks again. If it repeats, a data engineer opens the URL and compares "
            "the answer with the publisher's documentation.",
        )


def refuse_markup(text: str) -> None:
    beginning = text.lstrip()[:400].lower()
    if beginning.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<script")) or "<html" in beginning:
        raise BodyRejected(
            "html_body",
            f"The body is a web page, not a table; it begins: {text.strip()[:80]!r}.",
            "This is an error page of a proxy or of the publisher. Open the URL in a browser from the same network. If "
            "the table comes there, ask whoever runs the proxy to allow this host; otherwise wait for the publisher.",
        )


def _heading(row: Sequence[str], column_name: Callable[[str], str]) -> tuple[str, ...]:
    columns = tuple(column_name(heading) for heading in row)
    twice = {name for name, times in Counter(columns).items() if times > 1 and name}
    if twice or "" in columns:
        raise BodyRejected(
            "bad_heading",
            f"The heading has {'a column twice: ' + ', '.join(sorted(twice)) if twice else 'a column without a name'}.",
            "The publisher changed its table. A data engineer compares it with the catalogue's columns.",
        )
    return columns


def _explain_missing(
    missing: Sequence[str], columns: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> tuple[str, str]:
    unknown = [name for name in columns if name not in required and name not in optional]
    if len(missing) == len(required):
        return (
            f"The body is not this table: none of its columns is known. It begins: {', '.join(columns)[:80]!r}.",
            "It is probably an error text with status 200. Open the URL in a browser. The next refresh asks again.",
        )
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, unknown, n=1, cutoff=0.5)
        hints.append(f"{name} (renamed to {near[0]}?)" if near else name)
    return (
        f"The table no longer has: {', '.join(hints)}.",
        "The publisher changed its table. A data engineer changes the column's name in the catalogue's collection "
        "and in its staging model, or asks the publisher.",
    )


def to_parquet(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    body: Body,
    target: Path,
    *,
    tags: Mapping[str, str | int],
    optional: Sequence[str] = (),
    is_made_by_hand: bool = False,
) -> int:
    """Write the rows of a publisher's body as text columns to `target`, with `row_number` and the constant `tags`.

    Returns the number of rows. Raises BodyRejected where a row breaks a rule of `csv_records`, NoData where there is
    none.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = target.with_name(f".{target.name}.csv.{os.getpid()}.tmp")
    try:
        with (
            _records(source, body.encoding, is_made_by_hand) as found,
            copy.open("w", encoding="utf-8", newline="") as stream,
        ):
            count = filled = cells = 0
            for record in csv_records.rows(found, body.columns, _may_be_absent(body, optional)):
                stream.write(f"{record.text}\n")
                count, cells = count + 1, record.cells
                filled += not record.is_blank
        _refuse_no_rows(filled)
        return rows_to_parquet(connection, copy, body.columns[:cells], target, tags=tags, count=count)
    finally:
        copy.unlink(missing_ok=True)


def rows_to_parquet(
    connection: duckdb.DuckDBPyConnection,
    rows: Path,
    columns: Sequence[str],
    target: Path,
    *,
    tags: Mapping[str, str | int],
    count: int,
    skip: int = 0,
) -> int:
    """Write a CSV that this program wrote (UTF-8, LF, `count` rows below `skip` lines) as text columns.

    Returns `count`. Raises RowsLost.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)  # snake case: nothing to escape
    constants = "".join(f", {literal(value)} as {name}" for name, value in tags.items())
    dialect = "new_line = '\\n', delim = ',', quote = '\"', escape = '\"', strict_mode = true, null_padding = false"
    try:
        written = connection.execute(
            f"copy (select *, cast(row_number() over () as bigint) as row_number{constants} from "
            f"read_csv({literal(rows)}, auto_detect = false, header = false, skip = {skip}, columns = {{{names}}}, "
            f"{dialect}, ignore_errors = false, max_line_size = 10000000)) "
            f"to {literal(temporary)} (format parquet, compression zstd)"
        ).fetchone()
        if written is None or written[0] != count:
            raise RowsLost(f"{written and written[0]} rows of {count} were read from a copy of the body")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return count
