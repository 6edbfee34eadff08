"""The ways in which an answer is damaged, on the wire and in the table, without any dataset's name.

Belongs here: one function a way. Does not belong here: which dataset is damaged in which way (tests/faults/bad_inputs).
A way on the wire is an overlay; a way in the table takes the body and gives another, see `served`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from atf_dagster.snapshot.figures import COUNCILS, csv_bytes
from support.bundled import Asked, Overlay
from support.server import Answer, endless, head, raw, respond

Change = Callable[[bytes], bytes]
Row = dict[str, str]
SUPPRESSED = "Value suppressed for disclosure control due to small count"
"""Fingertips' own words, as it serves them for Rutland in 2021/22 (indicator 90284)."""


def served(change: Change) -> Overlay:
    """A proper answer with a changed body."""
    return lambda asked: respond(change(asked.body))


# on the wire -----------------------------------------------------------------------------------------------


def shorter_than_declared(asked: Asked) -> Answer:
    """Content-Length names the whole, half comes, and the connection closes."""
    return raw(head(content_length=str(len(asked.body))) + asked.body[: len(asked.body) // 2])


def cut_in_a_line(asked: Asked) -> Answer:
    """No length is declared and the connection closes in the middle of a line: to HTTP that is a whole body."""
    middle = asked.body.index(b"\n", len(asked.body) // 2)
    return raw(head(connection="close") + asked.body[: middle - 5])


def cut_by_reset(asked: Asked) -> Answer:
    return raw(head(content_length=str(len(asked.body))) + asked.body[: len(asked.body) // 2], reset=True)


def error_page(asked: Asked) -> Answer:
    page = b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head><body>Sorry.</body></html>\n"
    return respond(page, content_type="text/html; charset=utf-8")


def server_error(asked: Asked) -> Answer:
    return respond(b"Internal Server Error", status=500, content_type="text/plain")


def busy_once(seconds: int, then: Change) -> Overlay:
    """429 with Retry-After at the first request, a proper answer afterwards."""

    def answer(asked: Asked) -> Answer:
        if asked.number == 1:
            return respond(b"", status=429, retry_after=str(seconds))
        return respond(then(asked.body))

    return answer


def redirect(target: Callable[[], str]) -> Overlay:
    """A redirect to another host; its address is only known when it runs."""
    return lambda asked: respond(b"", status=302, location=f"{target()}/data.csv")


def without_end(most: int) -> Overlay:
    """Rows of the table again and again, made as they are sent, until the client hangs up or `most` bytes."""

    def answer(asked: Asked) -> Answer:
        heading, _, rows = asked.body.partition(b"\n")
        return endless(head(connection="close") + heading, b"\n" + rows, most=most)

    return answer


# in the table ----------------------------------------------------------------------------------------------


def empty(_: bytes) -> bytes:
    return b""


def heading_alone(body: bytes) -> bytes:
    return edited(body, lambda rows: [])


def renamed(before: str, after: str) -> Change:
    """A column's heading changes; the cells stay."""

    def change(body: bytes) -> bytes:
        heading, end, rows = body.partition(b"\n")
        cells = [after if cell == before else cell for cell in heading.decode().rstrip("\r").split(",")]
        assert after in cells, f"no column {before}"
        return ",".join(cells).encode() + (b"\r" if heading.endswith(b"\r") else b"") + end + rows

    return change


def swapped_headings(one: str, other: str) -> Change:
    """Two headings change places; the cells stay."""
    names = {one: other, other: one}

    def change(body: bytes) -> bytes:
        heading, end, rows = body.partition(b"\n")
        cells = heading.decode().rstrip("\r").split(",")
        assert names.keys() <= set(cells), f"no columns {one} and {other}"
        renamed = ",".join(names.get(cell, cell) for cell in cells)
        return renamed.encode() + (b"\r" if heading.endswith(b"\r") else b"") + end + rows

    return change


def in_rows(old: bytes, new: bytes) -> Change:
    """The first `old` below the heading becomes `new`."""

    def change(body: bytes) -> bytes:
        heading, end, rows = body.partition(b"\n")
        assert old in rows, f"no {old!r}"
        return heading + end + rows.replace(old, new, 1)

    return change


def quote_in_the_heading(body: bytes) -> bytes:
    """The heading's last cell begins with two quotes too many and ends with one."""
    heading, end, rows = body.partition(b"\n")
    first, _, last = heading.rstrip(b"\r").rpartition(b",")
    return first + b',""' + last + b'"' + heading[len(heading.rstrip(b"\r")) :] + end + rows


def without_column(name: str) -> Change:
    """A column disappears, heading and cells. For tables without quoted cells."""

    def change(body: bytes) -> bytes:
        lines = [line.split(",") for line in body.decode().splitlines()]
        gone = lines[0].index(name)
        return "\n".join(",".join(line[:gone] + line[gone + 1 :]) for line in lines).encode()

    return change


def with_column(name: str, cell: str) -> Change:
    """A column more at the end of each line. For tables without quoted cells."""

    def change(body: bytes) -> bytes:
        first, *rest = body.decode().splitlines()
        return "\n".join([f"{first},{name}", *(f"{line},{cell}" for line in rest)]).encode()

    return change


def binary(body: bytes) -> bytes:
    """A workbook's first bytes before the table's: what a wrong link serves."""
    return b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00" + body


def in_utf_16(body: bytes) -> bytes:
    return body.decode().encode("utf-16")


def in_windows_1252(note: str) -> Change:
    """Another encoding, visible in a note to the first council's first row."""

    def change(body: bytes) -> bytes:
        def annotate(rows: list[Row]) -> list[Row]:
            first_council(rows)["Value note"] = note
            return rows

        return edited(body, annotate).decode().encode("cp1252")

    return change


def ragged(body: bytes) -> bytes:
    """One line in the middle has a cell too many."""
    lines = body.split(b"\n")
    lines[len(lines) // 2] = lines[len(lines) // 2].rstrip(b"\r") + b",a cell too many\r"
    return b"\n".join(lines)


def of_another_indicator(other: str) -> Change:
    """The second half of the rows belongs to another indicator."""

    def change(body: bytes) -> bytes:
        def exchange_half(rows: list[Row]) -> Iterator[Row]:
            for number, row in enumerate(rows):
                yield row | {"Indicator ID": other} if number >= len(rows) // 2 else row

        return edited(body, exchange_half)

    return change


def doubled_with_another_value(body: bytes) -> bytes:
    """One council's newest row comes twice and says two things."""

    def double(rows: list[Row]) -> list[Row]:
        last = newest_council(rows)
        return [*rows, last | {"Value": shifted(last["Value"], 1)}]

    return edited(body, double)


def value_outside_its_interval(body: bytes) -> bytes:
    """The value moves above its upper limit, as when columns are shifted by one."""

    def move(rows: list[Row]) -> list[Row]:
        row = next(r for r in rows if is_council(r) and r["Value"] and r["Upper CI 95.0 limit"])
        row["Value"] = shifted(row["Upper CI 95.0 limit"], 1)
        return rows

    return edited(body, move)


def suppressed(body: bytes) -> bytes:
    """The first council's first figure is suppressed, in the publisher's own way: a blank and a note."""

    def suppress(rows: list[Row]) -> list[Row]:
        first_council(rows).update(Value="", **{"Value note": SUPPRESSED})
        return rows

    return edited(body, suppress)


def zero_with_the_note(body: bytes) -> bytes:
    """A suppressed figure that a system on the way filled with 0; the note still says what it is."""

    def fill(rows: list[Row]) -> list[Row]:
        first_council(rows).update(Value="0", **{"Value note": SUPPRESSED})
        return rows

    return edited(body, fill)


def zero_without_the_note(body: bytes) -> bytes:
    """The figure that was suppressed comes back as plain 0, and nothing tells it from a real zero."""

    def fill(rows: list[Row]) -> list[Row]:
        row = first_council(rows)
        assert row["Value note"] == SUPPRESSED, "the usual body does not suppress this figure"
        row.update(Value="0", **{"Value note": ""})
        return rows

    return edited(body, fill)


def half_the_councils(body: bytes) -> bytes:
    """Five of the nine councils and half of the others are gone, and with them more than a fifth of the rows."""

    def drop(rows: list[Row]) -> list[Row]:
        others = sorted({row["areacd"] for row in rows} - set(COUNCILS))
        gone = {*sorted(COUNCILS)[:5], *others[::2]}
        return [row for row in rows if row["areacd"] not in gone]

    return edited(body, drop)


def in_column(name: str, old: str, new: str) -> Change:
    """The publisher writes `new` in a column wherever it wrote `old`."""
    return lambda body: edited(body, lambda rows: [row | {name: row[name].replace(old, new)} for row in rows])


def as_shares_of_one(body: bytes) -> bytes:
    """Per cent become shares: 45 becomes 0.45."""

    def divide(rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            yield row | {"value": repr(float(row["value"]) / 100)} if row["value"] else row

    return edited(body, divide)


def without_the_oldest_periods(number: int) -> Change:
    """The publisher withdraws so many periods, for every area."""

    def withdraw(rows: list[Row]) -> list[Row]:
        gone = sorted({row["period"][:4] for row in rows})[:number]  # a snapshot's day moves from area to area
        return [row for row in rows if row["period"][:4] not in gone]

    return lambda body: edited(body, withdraw)


# what is right ---------------------------------------------------------------------------------------------


def revised_els_figure(body: bytes) -> bytes:
    """A genuine revision: the first council's first figure moves by a tenth."""

    def revise(rows: list[Row]) -> list[Row]:
        row = first_council(rows)
        row["value"] = shifted(row["value"], 0.1)
        return rows

    return edited(body, revise)


def revised_with_a_new_period(body: bytes) -> bytes:
    """Fingertips with a later three-year period for each area, and the newest figure of one council revised."""

    def renew(rows: list[Row]) -> list[Row]:
        newest = rows[-1]["Time period"]
        after = f"{int(newest[:4]) + 1} - {int(newest[-2:]) + 1}"
        added = [
            row | {"Time period": after, "Time period Sortable": f"{after[:4]}0000"}
            for row in rows
            if row["Time period"] == newest
        ]
        row = newest_council(rows)
        row["Value"] = shifted(row["Value"], 0.1)
        return [*rows, *added]

    return edited(body, renew)


def half_a_year(body: bytes) -> bytes:
    """A year more, in which value, limits and counts of the councils are half of the year before's, and England's 1.01
    times."""

    def add(rows: list[Row]) -> list[Row]:
        newest = newest_period(rows)
        first = int(newest[:4]) + 1
        label = {"Time period": f"{first}/{first % 100 + 1}", "Time period Sortable": f"{first}0000"}
        added = []
        for row in (row for row in rows if row["Time period Sortable"] == newest and not row["Category"]):
            factor = 0.5 if is_council(row) else 1.01
            halved = {name: repr(float(row[name]) * factor) for name in numbers_of(row) if row[name]}
            added.append(row | halved | label)
        return [*rows, *added]

    return edited(body, add)


def four_suppressed(body: bytes) -> bytes:
    """The newest period of four councils is suppressed."""

    def hide(rows: list[Row]) -> Iterator[Row]:
        newest = newest_period(rows)
        four = sorted({row["Area Code"] for row in rows if is_council(row)})[:4]
        for row in rows:
            hidden = row["Area Code"] in four and row["Time period Sortable"] == newest
            yield row | dict.fromkeys(numbers_of(row), "") | {"Value note": SUPPRESSED} if hidden else row

    return edited(body, hide)


# rows ------------------------------------------------------------------------------------------------------


def newest_period(rows: list[Row]) -> str:
    return max(row["Time period Sortable"] for row in rows)


def numbers_of(row: Row) -> list[str]:
    """The columns of Fingertips with numbers."""
    return [name for name in row if name in ("Value", "Count") or " CI " in name]


def is_council(row: Row) -> bool:
    """One of the nine; a publisher's own file has every council of England."""
    return area_code(row) in COUNCILS


def area_code(row: Row) -> str:
    return row.get("Area Code") or row.get("areacd") or ""


def first_council(rows: list[Row]) -> Row:
    """Halton's first row: it stands first of the nine in every answer, and is the same row in every version."""
    return next(row for row in rows if area_code(row) == "E06000006")


def newest_council(rows: list[Row]) -> Row:
    """The last row of the body that is one of the nine councils': Wirral, newest period."""
    return next(row for row in reversed(rows) if area_code(row) == "E08000015")


def shifted(text: str, by: float) -> str:
    """A figure moved by so much, written as short as it was."""
    return repr(round(float(text) + by, 4))


def edited(body: bytes, change: Callable[[list[Row]], Iterable[Row]]) -> bytes:
    """The body with its rows changed; heading, line endings and the end of the last line stay as they are."""
    text = body.decode("utf-8")
    ending = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    heading = tuple(next(csv.reader(io.StringIO(text, newline=""))))
    rows = change(rows_of(body))
    written = csv_bytes(heading, [[row[name] for name in heading] for row in rows], ending)
    return written if text.endswith("\n") else written.removesuffix(ending.encode())


def rows_of(body: bytes) -> list[Row]:
    """The rows of a body that is right, by the publisher's own headings."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))
