"""Reads CSV bodies: judges them by their first and last bytes when they land, and writes them as Parquet text.

Belongs here: encoding, heading, dialect, rows with too few or too many cells. Does not belong here: a publisher's
columns (the catalogue), what a value means (every cell stays text; a blank cell is null).
"""

import codecs
import csv
import difflib
import io
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from atf_dagster.files import CHUNK
from atf_dagster.formats.body import Body, BodyRejected, NoData
from atf_dagster.sql import literal

HEADING_BYTES = 65536


def inspect(
    path: Path,
    *,
    required: Sequence[str],
    optional: Sequence[str],
    column_name: Callable[[str], str],
    ends_with_newline: bool,
    renamed: Mapping[str, str] | None = None,
) -> Body:
    """Judge a body by its content; its HTTP status does not count. Raises BodyRejected or NoData."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(HEADING_BYTES)
        stream.seek(max(0, size - 4))
        end = stream.read()
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise BodyRejected(
            "empty_body",
            f"The body is empty ({size} bytes).",
            "The next refresh asks again. If it is still empty after a day, look at the page in a browser and write to "
            "the publisher.",
        )
    encoding = detect_encoding(path)
    text = _decode_start(start, encoding)
    refuse_markup(text)
    found = _heading(text, column_name)
    body = judge_columns(found, required, optional, encoding=encoding, renamed=renamed or {})
    closed = end.decode(encoding, errors="ignore").endswith(("\n", "\r"))
    if not closed and ends_with_newline:
        raise BodyRejected(
            "truncated_body",
            f"The body stops in the middle of a line after {size} bytes.",
            "The network or the publisher cut it. The next refresh asks again; nobody has to act unless it repeats.",
        )
    if _is_heading_only(text, size, len(start)):
        raise NoData("The body has a heading and no rows.")
    return body


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
    """The encoding: utf-16 with its byte order mark, else utf-8-sig, else cp1252. Raises BodyRejected for bytes that
    are not text.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    candidates = ["utf-16"] if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ["utf-8-sig", "cp1252"]
    for encoding in candidates:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    if "\0" in decoder.decode(chunk):
                        raise UnicodeError("a NUL character")
                decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        return encoding
    raise BodyRejected(
        "wrong_encoding",
        f"The body is not text in any of {', '.join(candidates)}.",
        "Compare the file in a browser. If the publisher's page states a new encoding, a data engineer adds it to "
        "detect_encoding; otherwise write to the publisher.",
    )


def _decode_start(start: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)().decode(start)


def refuse_markup(text: str) -> None:
    beginning = text.lstrip()[:400].lower()
    if beginning.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<script")) or "<html" in beginning:
        raise BodyRejected(
            "html_body",
            f"The body is a web page, not a table; it begins: {text.strip()[:80]!r}.",
            "This is an error page of a proxy or of the publisher. Open the URL in a browser from the same network. If "
            "the table comes there, ask whoever runs the proxy to allow this host; otherwise wait for the publisher.",
        )


def _heading(text: str, column_name: Callable[[str], str]) -> tuple[str, ...]:
    row = next(csv.reader(io.StringIO(text, newline="")), [])
    columns = tuple(column_name(heading) for heading in row)
    twice = {name for name, times in Counter(columns).items() if times > 1}
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


def _is_heading_only(text: str, size: int, read: int) -> bool:
    if size > read:
        return False
    rows = csv.reader(io.StringIO(text, newline=""))
    next(rows, None)
    return not any(any(cell.strip() for cell in row) for row in rows)


def to_parquet(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    body: Body,
    target: Path,
    *,
    tags: Mapping[str, str | int],
    optional: Sequence[str] = (),
) -> int:
    """Write the rows of `source` as text columns to `target`, with `row_number` and the constant `tags`.

    Returns the number of rows. Raises BodyRejected where a row and the heading differ in their number of cells. A table
    in which every row lacks the same last `optional` columns is complete (older Fingertips files are like this).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    readable = source
    if body.encoding != "utf-8-sig":
        readable = temporary.with_suffix(".utf8")
        _transcode(source, readable, body.encoding)
    try:
        try:
            count = _copy(connection, readable, body.columns, temporary, tags)
        except duckdb.InvalidInputException as error:
            width = _uniform_width(readable)
            if width is None or width >= len(body.columns) or not set(body.columns[width:]) <= set(optional):
                where = " ".join(str(error).split("Possible fixes")[0].split())[:400]
                raise BodyRejected(
                    "ragged_rows",
                    f"A row does not fit the heading of {len(body.columns)} columns: {where}",
                    "The publisher's table is damaged or cut. The next refresh asks again. If it repeats, look at the "
                    "line that is named here and write to the publisher.",
                ) from error
            count = _copy(connection, readable, body.columns[:width], temporary, tags)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        if readable is not source:
            readable.unlink(missing_ok=True)
    return count


def _copy(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    columns: Sequence[str],
    target: Path,
    tags: Mapping[str, str | int],
) -> int:
    """Returns the number of rows that were written."""
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)  # snake case: nothing to escape
    constants = "".join(f", {literal(value)} as {name}" for name, value in tags.items())
    written = connection.execute(
        f"copy (select *, cast(row_number() over () as bigint) as row_number{constants} from "
        f"read_csv({literal(source)}, auto_detect = false, header = false, skip = 1, columns = {{{names}}}, "
        "delim = ',', quote = '\"', escape = '\"', strict_mode = true, null_padding = false, ignore_errors = false, "
        f"max_line_size = 10000000)) to {literal(target)} (format parquet, compression zstd)"
    ).fetchone()
    return int(written[0]) if written else 0


def _uniform_width(path: Path) -> int | None:
    """The number of cells that every row below the heading has; None where the rows differ."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        next(rows, None)
        widths = {len(row) for row in rows}
    return widths.pop() if len(widths) == 1 else None


def _transcode(source: Path, target: Path, encoding: str) -> None:
    with (
        source.open("r", encoding=encoding, newline="") as incoming,
        target.open("w", encoding="utf-8", newline="") as outgoing,
    ):
        while text := incoming.read(CHUNK):
            outgoing.write(text)
