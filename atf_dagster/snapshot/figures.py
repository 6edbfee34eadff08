"""The format in which the snapshot keeps published figures: one row for each figure, one file for each indicator.

Every cell is text, exactly as published: `66` stays `66` and `73.60000000000001` stays as it is. An empty cell is one
that the publisher left empty or that our file does not give; it is never a zero.

Belongs here: the columns, the areas, reading and writing such a file. Does not belong here: a publisher's format, as
read (`tools/snapshot_build`) or as answered (`fingertips`, `ons_els` and the modules beside them).
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

ENGLAND = "E92000001"
NORTH_WEST = "E12000002"
CHESHIRE_AND_MERSEYSIDE = "E54000008"
COUNCILS = (
    "E06000006",  # Halton
    "E06000007",  # Warrington
    "E06000049",  # Cheshire East
    "E06000050",  # Cheshire West and Chester
    "E08000011",  # Knowsley
    "E08000012",  # Liverpool
    "E08000013",  # St Helens
    "E08000014",  # Sefton
    "E08000015",  # Wirral
)
AREAS = frozenset({*COUNCILS, CHESHIRE_AND_MERSEYSIDE, NORTH_WEST, ENGLAND})
"""GSS codes of the areas of which the snapshot holds all figures that the publisher gives."""

_COUNCIL = re.compile(r"E(06|07|08|09|10)[0-9]{6}")


def is_other_council(area_code: str) -> bool:
    """Whether a code belongs to a council of England, present or former, outside our nine."""
    return area_code not in AREAS and _COUNCIL.fullmatch(area_code) is not None


COLUMNS = (
    "area_code",  # GSS code
    "area_name",  # as the file names it
    "sex",  # empty where the indicator itself says it
    "age",
    "breakdown_type",  # empty for a total
    "breakdown_value",
    "period",  # as labelled by the publisher
    "value",  # in the indicator's unit; empty when not published
    "lci_95",
    "uci_95",
    "lci_998",
    "uci_998",
    "numerator",
    "denominator",
    "status",  # the publisher's marker, such as x (not available)
    "note",
    "trend",
    "compared_to_england",
    # Fingertips prints England twice in an answer, and the comparison can differ between the two.
    "compared_to_england_as_parent",
)

NEEDED = frozenset({"area_code", "period", "value"})
"""Columns that every file has; others it leaves out where all their cells are empty."""

LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

Figure = dict[str, str]
"""One row: text for every name of COLUMNS."""


def figure(**cells: str) -> Figure:
    """A row with the given cells, and the other columns empty.

    Raises KeyError for a name that is not in COLUMNS.
    """
    unknown = cells.keys() - set(COLUMNS)
    if unknown:
        raise KeyError(f"not columns of a figure: {', '.join(sorted(unknown))}")
    return {column: cells.get(column, "") for column in COLUMNS}


def read_figures(path: Path) -> list[Figure]:
    """The rows of a figures file, in its order.

    A column that the file leaves out is empty in each row; a name that it leaves out is that of the area's row before.

    Raises ValueError where the header is not that of a figures file or a row has another number of cells.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        header = next(rows, None)
        if (
            header is None
            or header != [column for column in COLUMNS if column in header]
            or not NEEDED.issubset(header)
        ):
            raise ValueError(
                f"{path.name}: the header is {header}, not that of a figures file. "
                "A data engineer rebuilds it with `python -m tools.snapshot_build FOLDER`."
            )
        left_out = dict.fromkeys((column for column in COLUMNS if column not in header), "")
        figures = [{**dict(zip(header, row, strict=True)), **left_out} for row in rows]
    names: dict[str, str] = {}
    for each in figures:
        each["area_name"] = names[each["area_code"]] = each["area_name"] or names.get(each["area_code"], "")
    return figures


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]], line_ending: str = "\n") -> bytes:
    """UTF-8 CSV without a byte order mark. Cells are quoted only where needed; every line has a line ending."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_ending)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def figures_bytes(rows: Iterable[Figure]) -> bytes:
    """A figures file of the given rows, without the columns that are empty in all of them.

    An area's name stands where the area first has it: names were a seventh of all bytes. Raises ValueError for an area
    that has a name in one row and none in a later one, which could not be read back.
    """
    kept, names = [], dict[str, str]()
    for row in rows:
        name, before = row["area_name"], names.get(row["area_code"], "")
        if before and not name:
            raise ValueError(f"{row['area_code']} is {before!r} in one row and has no name in a later one.")
        names[row["area_code"]] = name
        kept.append({**row, "area_name": "" if name == before else name})
    columns = [column for column in COLUMNS if column in NEEDED or any(row[column] for row in kept)]
    return csv_bytes(columns, ([row[column] for column in columns] for row in kept))
