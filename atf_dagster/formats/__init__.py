"""Bytes to rows: CSV, JSON records, workbooks, and ZIP files that hold them.

Belongs here: what a good body of a format is, and its rows as text. Does not belong here: any publisher's address or
quirk (`sources`), what a value means (dbt staging).
"""
