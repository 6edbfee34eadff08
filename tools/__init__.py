"""Programs for maintainers; not part of the wheel.

Belongs here: what people run to make parts of the project. Does not belong here: what a refresh runs (`atf_dagster`).
"""
