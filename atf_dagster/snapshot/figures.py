"""The tidy format in which the snapshot keeps published figures: one row a figure, one file an indicator.

Belongs here: the columns, the areas that may be held, reading and writing such a file. Does not belong here:
any publisher's format, neither the one read (`readers.py`) nor the one answered (`fingertips.py`,
`ons_els.py`).

Every cell is text, exactly as published: `66` stays `66` and `73.60000000000001` stays as it is. An empty
cell is something that the publisher left empty or that the file at hand does not say; it is never a zero.
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
"""GSS codes of the areas whose figures the snapshot holds whole, wherever the publisher gives them."""

_COUNCIL = re.compile(r"E(06|07|08|09|10)[0-9]{6}")


def is_other_council(area_code: str) -> bool:
    """Whether a code is of a council of England, of today or of before, that is none of the nine."""
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

LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

Figure = dict[str, str]
"""One row: every name of COLUMNS, with text."""


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

    Raises ValueError when the header is not COLUMNS or a row has another width.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        header = next(rows, None)
        if header is None or tuple(header) != COLUMNS:
            raise ValueError(
                f"{path.name}: the header is {header}, not that of a figures file. "
                "For an engineer: rebuild it with `python -m tools.snapshot_build FOLDER`."
            )
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]], line_ending: str = "\n") -> bytes:
    """UTF-8 CSV without a byte-order mark, quoted only where a cell needs it, a line ending on every line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_ending)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def figures_bytes(rows: Iterable[Figure]) -> bytes:
    """A figures file of the given rows."""
    return csv_bytes(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
