"""Report: pages and a workbook that people read, made from a release alone.

    reading, facts     open a release and give its rows, whichever tables it has
    words, table       codes in words, figures as text, tables with what is shown and what is downloaded
    overview, area, indicator, questions, changed, data, quality
                       one kind of page each: from facts to what its template shows
    render             writes all pages into a new folder and moves it into place

Belongs here: everything that turns a finished release into something to read. Does not belong here: working out a
figure (`dbt_project`), judging one (`quality`), when pages are made (`orchestration`).
"""
