"""The kinds of pollution of the Pollock corpus, made from a clean file of 84 rows and 9 columns.

The kinds are those of Vitagliano and others: "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023, one file for each
row and column as there. To them come encodings, sizes and notes below the table, which publishers of statistics serve
as well. Files and code of the corpus are not used.

Belongs here: one polluted file a name. Does not belong here: what must come of it (tests/formats/test_polluted_files).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache

HEADING = ("Area Code", "Area Name", "Period", "Value", "Lower", "Upper", "Count", "Note", "Status")
ROWS = 84
Table = Sequence[Sequence[str]]


def clean_rows() -> list[tuple[str, ...]]:
    """Rows with what real ones have: blank cells, commas, quotes and line ends in quotes, letters with accents."""
    notes = (
        "",
        "Aggregated from all known lower geography values",
        "Estimate, see note",
        'A "crude" rate',
        "two,\nlines",
    )
    names = ("Halton", "Bristol, City of", "Ynys Môn", "St. Helens", "King's Lynn")
    return [
        (
            f"E{6000000 + row:08d}",
            names[row % len(names)],
            f"{2000 + row % 20} - {(row + 2) % 20:02d}",
            f"{row * 1.37:.4f}",
            "" if row % 7 == 0 else f"{row * 1.2:.2f}",
            "" if row % 7 == 0 else f"{row * 1.5:.2f}",
            str(row * 11),
            notes[row % len(notes)],
            "normal" if row % 3 else "provisional",
        )
        for row in range(1, ROWS + 1)
    ]


def written(rows: Table, heading: Sequence[str] | None = HEADING, **dialect: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=dialect.pop("end", "\n"), **dialect)  # type: ignore[arg-type]
    writer.writerows(rows if heading is None else [heading, *rows])
    return text.getvalue()


def record(cells: Sequence[str]) -> str:
    return written([cells], None).removesuffix("\n")


def with_row(number: int, change: Callable[[list[str]], str]) -> str:
    """The clean file in which one row (0: the heading) is what `change` makes of its cells as they are written."""
    lines = [",".join(cells) for cells in _records()]
    lines[number] = change(_records()[number])
    return "".join(f"{line}\n" for line in lines)


@cache
def _records() -> list[list[str]]:
    """The cells of the clean file as they are written, its heading first."""
    return [[record([cell]) if cell else "" for cell in row] for row in [HEADING, *clean_rows()]]


def _more(column: int) -> Callable[[list[str]], str]:
    return lambda cells: ",".join([*cells[:column], "", *cells[column:]])


def _less(column: int) -> Callable[[list[str]], str]:
    return lambda cells: ",".join([*cells[: column - 1], cells[column - 1] + cells[column], *cells[column + 1 :]])


def _quote(column: int) -> Callable[[list[str]], str]:
    return lambda cells: ",".join([*cells[:column], cells[column] + '"', *cells[column + 1 :]])


def each_row() -> Iterator[tuple[str, bytes]]:
    """A delimiter too many or too few, a quote too many, another delimiter: in every row and column."""
    for row in range(1, ROWS + 1):
        for column in range(len(HEADING)):
            yield f"row_more_sep_row{row}_col{column}", with_row(row, _more(column)).encode()
            yield f"row_extra_quote{row}_col{column}", with_row(row, _quote(column)).encode()
            if column:
                yield f"row_less_sep_row{row}_col{column}", with_row(row, _less(column)).encode()
        yield f"row_field_delimiter_{row}_0x20", with_row(row, " ".join).encode()


def whole_files() -> Iterator[tuple[str, bytes]]:
    """What is wrong with a file as a whole."""
    rows = clean_rows()
    source = written(rows)
    second = [[f"{cell} {word}" for cell in HEADING] for word in ("unit", "source")]
    for name, text in {
        "source": source,
        "file_no_payload": "",
        "file_no_trailing_newline": source.removesuffix("\n"),
        "file_double_trailing_newline": source + "\n",
        "file_no_header": written(rows, None),
        "file_header_multirow_2": written([second[0], *rows]),
        "file_header_multirow_3": written([*second, *rows]),
        "file_header_over_two_rows": written([["Code", "Name", *HEADING[2:]], *rows], ["Area", "Area", *HEADING[2:]]),
        "file_header_repeated": written([HEADING, *rows]),
        "file_preamble": f"Some statistics\nof 2026\n\n{source}",
        "file_preamble_padded": f"Some statistics{',' * 8}\n{source}",
        "file_footnote": f"{source}Source: the publisher\n",
        "file_footnote_after_a_blank_line": f"{source}\nSource: the publisher\n",
        "file_footnote_padded": f"{source}Source: the publisher{',' * 8}\n",
        "file_multitable_less": f"{written([row[:6] for row in rows], HEADING[:6])}\n{source}",
        "file_multitable_more": f"{source}\n{written([row[:6] for row in rows], HEADING[:6])}",
        "file_multitable_same": f"{source}\n{source}",
        "file_multitable_same_joined": source + source,
        "file_header_only": written([]),
        "file_one_data_row": written(rows[:1]),
        "file_field_delimiter_0x20": written(rows, delimiter=" "),
        "file_field_delimiter_0x2C_0x20": ", ".join(HEADING) + "\n" + "".join(f"{', '.join(r)}\n" for r in rows),
        "file_field_delimiter_0x2C_0x20_quoted": written(rows).replace(",", ", "),
        "file_field_delimiter_0x3B": written(rows, delimiter=";"),
        "file_field_delimiter_0x9": written(rows, delimiter="\t"),
        "file_field_delimiter_0x7C_0x7C": written(rows, delimiter="|").replace("|", "||"),
        "file_quotation_char_0x27": written(rows, quotechar="'"),
        "file_escape_char_0x5C": source.replace('""', '\\"'),
        "file_escape_char_0x00": source.replace('""', '"'),
        "file_record_delimiter_0xA": source,
        "file_record_delimiter_0xD": written(rows, end="\r"),
        "file_record_delimiter_0xD_0xA": written(rows, end="\r\n"),
        "file_record_delimiter_mixed": source.replace("normal\n", "normal\r\n", 20),
        "file_column_twice": written(rows, [*HEADING[:-1], HEADING[3]]),
        "file_column_without_name": written(rows, [*HEADING[:-1], ""]),
        "file_field_of_200k": written([*rows, (*rows[0][:-2], "x" * 200_000, "normal")]),
        "file_blank_lines": written(rows).replace("normal\n", "normal\n\n"),
        "file_nul": source.replace("Halton", "Hal\0ton"),
    }.items():
        yield name, text.encode()
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"):
        yield f"file_encoding_{encoding}", source.encode(encoding)
    yield "file_encoding_two", source.encode() + "E06000999,Ynys Môn,2019 - 21,1,1,1,1,,normal\n".encode("latin-1")
