"""Writes `atf_beacon_indicators.xlsx`, the workbook of a release, by the Government Analysis Function's guidance.

Guidance: "Releasing statistics in spreadsheets", with its checklist. One departure: panes are frozen, which the
checklist says is better avoided; a table of twelve areas through twenty years is hard to follow without them.

Belongs here: the sheets, and the workbook's file. Does not belong here: pages and charts; the release and when it is
published.
"""

from atf_dagster.report.workbook.write import write_workbook

__all__ = ["write_workbook"]
