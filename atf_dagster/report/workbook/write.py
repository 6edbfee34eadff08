"""Puts the sheets into one workbook by gptables, and writes the file whole or not at all.

Belongs here: gptables and XlsxWriter. Does not belong here: what a sheet says.
"""

import io
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.files import keep_read_only
from atf_dagster.release.candidate import begins_a_formula
from atf_dagster.report.reading import Reading, UnreadableRelease
from atf_dagster.report.workbook import cells, front, layout, words
from atf_dagster.report.workbook.figures import latest, series
from atf_dagster.report.workbook.inequalities import inequalities
from atf_dagster.report.workbook.scorecard import scorecard
from atf_dagster.report.workbook.sheet import NUMBER, Sheet
from atf_dagster.report.workbook.since import releases, since_last_release
from atf_dagster.report.workbook.states import changes, coverage, indicators, revisions

OPTIONS = {
    # A text from a release is a text, also where it looks like a formula, an address or a number.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
ONE_TABLE = "This worksheet contains one table."


def write_workbook(release: Path, target: Path) -> None:
    """Write the workbook of the release in the folder `release` to `target`, read-only, whole or not at all.

    Reads the release's database, `receipt.json` and `datapackage.json` alone. A table that the release does not
    have gives a sheet that says so. The same release gives the same bytes. Raises UnreadableRelease where one of the
    three files is missing or unreadable, OSError where the target cannot be written.
    """
    try:
        with Reading.of_whole(release) as reading:
            data = _made(reading, all_sheets(reading))
    except duckdb.Error as error:
        raise UnreadableRelease(
            f"The workbook needs what the release in {release} does not have: {' '.join(str(error).split())[:300]}.",
            "Use the pages and files of this release. A newer release has its workbook.",
        ) from error
    keep_read_only(target, data)


def all_sheets(reading: Reading) -> list[Sheet]:
    """The sheets with tables, in the workbook's order; cover, contents and notes come before them."""
    return [
        scorecard(reading),
        latest(reading),
        *series(reading),
        inequalities(reading),
        coverage(reading),
        since_last_release(reading),
        changes(reading),
        revisions(reading),
        releases(reading),
        indicators(reading),
    ]


def _made(reading: Reading, sheets: list[Sheet]) -> bytes:
    # Only here: it needs half a second, and nothing that refreshes needs it.
    import gptables
    import pandas
    from gptables.core.gptable import FormatList

    notes = front.notes(reading)
    # In the order of the numbers that gptables gives them.
    referred = list(dict.fromkeys(reference for sheet in sheets for reference in sheet.notes)) or list(notes)
    parts = [[line for line in part if line] for part in (front.introduction(reading), front.about(reading))]
    parts.append(front.contact(reading))
    tables = {sheet.name: _table(sheet, gptables.GPTable, FormatList, pandas.DataFrame) for sheet in sheets}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # gptables asks by a warning that blank cells be explained; each sheet does so.
        warnings.simplefilter("ignore")
        book = gptables.produce_workbook(
            buffer,
            tables,
            cover=gptables.Cover(
                title=cells.safe(front.title(reading)),
                intro=[cells.in_heading(line) for line in parts[0]],
                about=[cells.in_heading(line) for line in parts[1]],
                contact=[cells.in_heading(line) for line in parts[2]],
                width=layout.COVER_WIDTH,
            ),
            notes_table=pandas.DataFrame(
                [(reference, cells.in_table(notes[reference], FormatList)) for reference in referred],
                columns=["Note", "Note text"],
            ),
            contentsheet_options={"instructions": f"{ONE_TABLE} No cell is blank."},
            notesheet_options={"instructions": f"{ONE_TABLE} No cell is blank."},
            auto_width=False,
            workbook_options=OPTIONS,
        )
    for sheet in sheets:
        _finish(book, book.get_worksheet_by_name(sheet.name), tables[sheet.name], sheet)
    layout.lay_out_cover(book.get_worksheet_by_name("Cover"), front.title(reading), parts)
    titles = [sheet.title for sheet in sheets]
    layout.lay_out_list(book.get_worksheet_by_name("Contents"), layout.CONTENTS_WIDTHS, titles)
    texts = [notes[reference] for reference in referred]
    layout.lay_out_list(book.get_worksheet_by_name("Notes"), layout.NOTES_WIDTHS, texts)
    built_at = datetime.fromisoformat(str(reading.receipt["built_at"])).replace(tzinfo=None)
    about = "\n".join(parts[0])
    book.set_properties({"title": front.title(reading), "comments": about, "created": built_at})
    book.close()
    return buffer.getvalue()


def _table(sheet: Sheet, table: Any, format_list: type, frame: Any) -> Any:
    symbols = {
        str(row[column.key])
        for column in sheet.columns
        if column.key.endswith("symbol")
        for row in sheet.rows
        if row.get(column.key)
    }
    used = words.legend(symbols)
    # gptables takes the note's number from between the signs and puts it at the end of the line.
    references = "".join(f"$${reference}$$" for reference in sheet.notes)
    return table(
        table=frame(
            [[cells.in_table(row.get(column.key), format_list) for column in sheet.columns] for row in sheet.rows],
            columns=[cells.safe(column.header.replace("$$", "$ $")) for column in sheet.columns],
            dtype=object,
        ),
        table_name=sheet.name.lower(),
        title=cells.in_heading(sheet.title),
        instructions=ONE_TABLE,
        legend=[*([used] if used else []), sheet.blanks],
        source=sheet.source,
        scope=f"{sheet.scope} {references}".strip(),
        index_columns={},
    )


def _finish(book: Any, worksheet: Any, table: Any, sheet: Sheet) -> None:
    """The layout, number formats by row, and texts that no edit turns into a formula."""
    first = table.data_range[0] + 1
    layout.lay_out(worksheet, sheet, first - 1)
    base = dict(book.theme.data_format)
    for position, column in enumerate(sheet.columns):
        for offset, row in enumerate(sheet.rows):
            value = row.get(column.key)
            if value is None:
                continue
            if column.kind == NUMBER:
                decimals = column.decimals if column.decimals is not None else row.get("decimals") or 0
                shown = {**base, "align": "right", "num_format": "#,##0" + ("." + "0" * decimals if decimals else "")}
                worksheet.write_number(first + offset, position, value, book.add_format(shown))
            elif isinstance(value, str) and begins_a_formula(value):
                quoted = {**base, "align": "left", "quote_prefix": True}
                worksheet.write_string(first + offset, position, cells.safe(value), book.add_format(quoted))
