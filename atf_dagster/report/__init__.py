"""Pages, charts, pictures and the workbook of a release, made from the release alone.

    reading, facts     open a release and give its rows, whichever tables it has
    words, table       codes in words, figures as text, tables with what is shown and what is downloaded
    charts, drawn      specifications of charts; which rows of the mart each chart gets
    overview, area, indicator, questions, explore, changed, data, quality_page
                       one kind of page each: from facts to what its template shows
    json_files         the figures as JSON and JSON-stat, for web pages of others
    render             writes all pages into a new folder and moves it into place

Belongs here: what people read of a release. Does not belong here: figures and their meaning (`dbt_project`), what a
release is (`release`), when pages are made (`pipeline.pages`).
"""

FOLDER = "report"
"""The folder of a release in which its pages are."""
WORKBOOK = "atf_beacon_indicators.xlsx"
"""The workbook, beside the pages and in the release's folder."""
JSON = "json"
"""The folder of JSON, beside the pages and in the release's folder."""
MARK = "report.json"
"""The file that says that a folder was written here, and from which release."""
