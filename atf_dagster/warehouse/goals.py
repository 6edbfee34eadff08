"""Reads `$ATF_HOME/goals.csv`, the goals that the programme set itself, for the table fct_goal. It need not be there.

    indicator,area,year,value
    ATF17,Liverpool,2030,1.5

    goals/objects/<sha256>.csv    the bytes of each file that was read, kept before they are parsed, read-only
    goals/accepted.jsonl          one line a file without errors, in order

A file with an error is not used, not even its other rows: a goal that is missing would look like one that nobody set.
The goals of the last file without errors stay, and an expectation (suite `goals`) tells people of each error. A file
that was removed takes its goals away.

Belongs here: keeping the bytes, the rules for a row, which file serves. Does not belong here: how far an area is from a
goal (dbt), telling people (`expectations/goals.yml`, `alerts`).
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.catalogue import Catalogue
from atf_dagster.csv_records import NotRfc4180, records, split
from atf_dagster.files import append_json, keep_read_only, read_json_lines

FILE = "goals.csv"
COLUMNS = ("indicator", "area", "year", "value")
MAX_BYTES = 1_000_000
WHOLE_FILE = "file"
"""The field of errors of the file as a whole."""
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_YEAR = re.compile(r"20[0-9]{2}")

Row = dict[str, Any]


@dataclass(frozen=True)
class GoalError:
    """One error of the file. line: as an editor counts it, from 1; 0 for the file as a whole."""

    line: int
    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.field}" if self.line else "the file"
        return f"{FILE}, {where}: {self.message} What to do: {self.remedy}"


@dataclass(frozen=True)
class Goals:
    """rows: the goals that serve. errors: those of the file as it lies there now."""

    rows: tuple[Row, ...] = ()
    errors: tuple[GoalError, ...] = ()

    @property
    def error_rows(self) -> list[Row]:
        return [
            {"line": error.line, "field": error.field, "message": error.message, "told": str(error)}
            for error in self.errors
        ]


NO_GOALS = Goals()
GOAL = {"indicator_code": "varchar", "area_code": "varchar", "goal_year": "integer", "goal_value": "double"}
GOAL_ERROR = {"line": "integer", "field": "varchar", "message": "varchar", "told": "varchar"}


def collect(home: Path, catalogue: Catalogue) -> Goals:
    """The goals that serve now. Keeps the bytes of a file that was not seen before."""
    path = home / FILE
    if not path.exists():
        return Goals()
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _with_last_good(
            home, catalogue, (_of_file(f"It cannot be read: {error.strerror}.", "Give the right to."),)
        )
    if len(data) > MAX_BYTES:
        return _with_last_good(
            home, catalogue, (_of_file(f"It is larger than {MAX_BYTES:,} bytes.", "Remove the rest."),)
        )
    sha256 = hashlib.sha256(data).hexdigest()
    keep_read_only(_object(home, sha256), data)
    goals = parse(data, catalogue)
    if goals.errors:
        return _with_last_good(home, catalogue, goals.errors)
    if _last_accepted(home) != sha256:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        append_json(_ledger(home), {"sha256": sha256, "rows": len(goals.rows), "accepted_at": now})
    return goals


def parse(data: bytes, catalogue: Catalogue) -> Goals:
    """The rows of a file, or every error in it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Goals(errors=(GoalError(line, WHOLE_FILE, "It is not UTF-8.", "Save it again as CSV UTF-8."),))
    try:
        found = [
            (record.line, [cell.strip() for cell in split(record.text)])
            for record in records(io.StringIO(text, newline=""), is_made_by_hand=True)
        ]
    except NotRfc4180 as error:
        return Goals(errors=(_of_file(str(error), "Correct that line, or save the file again as CSV UTF-8."),))
    if not found or tuple(cell.lower() for cell in found[0][1]) != COLUMNS:
        line = found[0][0] if found else 1
        message = f"The heading is not {','.join(COLUMNS)}."
        return Goals(errors=(GoalError(line, WHOLE_FILE, message, "Write that heading as the first line."),))
    return _Reader(catalogue).read(found[1:])


class _Reader:
    """The rules for rows."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._cards = {card.code: card for card in catalogue.indicators}
        self._areas: Mapping[str, str] = {
            name.casefold(): area.code
            for area in catalogue.areas
            for name in (area.code, area.name, *area.also_written)
        }
        self._names = ", ".join(area.name for area in catalogue.areas)
        self._errors: list[GoalError] = []

    def read(self, found: list[tuple[int, list[str]]]) -> Goals:
        rows: dict[tuple[str, str, int], tuple[int, Row]] = {}
        for line, cells in found:
            before = len(self._errors)
            row = self._row(line, cells)
            if row is None or len(self._errors) > before:
                continue
            key = (row["indicator_code"], row["area_code"], row["goal_year"])
            if key in rows:
                first = f"Line {rows[key][0]} has a goal of the same indicator, area and year."
                self._add(line, "year", first, "Remove one of the two.")
            else:
                rows[key] = (line, row)
        if self._errors:
            return Goals(errors=tuple(self._errors))
        return Goals(rows=tuple(row for _, row in sorted(rows.values(), key=lambda entry: entry[0])))

    def _row(self, line: int, cells: list[str]) -> Row | None:
        if len(cells) != len(COLUMNS):
            message = f"The line has {len(cells)} cells and the heading {len(COLUMNS)}."
            self._add(line, WHOLE_FILE, message, "Look for a comma too many or too few.")
            return None
        indicator, area, year, value = cells
        card = self._cards.get(indicator.upper())
        if card is None:
            message = f"{indicator[:40]!r} is no indicator of the catalogue."
            self._add(line, "indicator", message, "Write a code such as ATF17; dim_indicator has all of them.")
        code = self._areas.get(area.casefold())
        if code is None:
            self._add(line, "area", f"{area[:40]!r} is no area that we answer for.", f"Write one of: {self._names}.")
        if not _YEAR.fullmatch(year):
            self._add(line, "year", f"{year[:40]!r} is no year.", "Write a year of four digits, from 2000 to 2099.")
        if not _NUMBER.fullmatch(value):
            message = f"{value[:40]!r} is no number."
            self._add(line, "value", message, "Write digits with a decimal point, without unit, blanks or commas.")
        elif card is not None:
            number = float(value)
            for bound, is_beyond in (
                (card.value_min, card.value_min is not None and number < card.value_min),
                (card.value_max, card.value_max is not None and number > card.value_max),
            ):
                if is_beyond:
                    message = f"{value} is beyond {bound:g}, the bound of {card.code} in {card.unit}."
                    self._add(line, "value", message, "Write the goal in the indicator's unit.")
        if card is None or code is None or not _YEAR.fullmatch(year) or not _NUMBER.fullmatch(value):
            return None
        return {"indicator_code": card.code, "area_code": code, "goal_year": int(year), "goal_value": float(value)}

    def _add(self, line: int, field: str, message: str, remedy: str) -> None:
        self._errors.append(GoalError(line, field, message, remedy))


def _of_file(message: str, remedy: str) -> GoalError:
    return GoalError(0, WHOLE_FILE, message, remedy)


def _with_last_good(home: Path, catalogue: Catalogue, errors: tuple[GoalError, ...]) -> Goals:
    """The goals of the last file without errors, where its bytes are whole and still pass, beside these errors."""
    sha256 = _last_accepted(home)
    path = _object(home, sha256) if sha256 else None
    data = path.read_bytes() if path is not None and path.is_file() else b""
    if not sha256 or hashlib.sha256(data).hexdigest() != sha256:
        return Goals(errors=errors)
    return Goals(rows=parse(data, catalogue).rows, errors=errors)


def _last_accepted(home: Path) -> str | None:
    lines = read_json_lines(_ledger(home))
    return str(lines[-1]["sha256"]) if lines else None


def _ledger(home: Path) -> Path:
    return home / "goals" / "accepted.jsonl"


def _object(home: Path, sha256: str) -> Path:
    return home / "goals" / "objects" / f"{sha256}.csv"
