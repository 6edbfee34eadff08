"""Turns bytes into rows: CSV, JSON records, workbooks, ZIP files that hold workbooks.

Belongs here: what a good body of a format is, and its rows as text. Does not belong here: a publisher's addresses and
special cases (`sources`), what a value means (dbt staging).
"""
