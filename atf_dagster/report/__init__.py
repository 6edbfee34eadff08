"""Pages, charts, pictures and the workbook of a release, made from the release alone.

Belongs here: what people read of a release. Does not belong here: figures and their meaning (`dbt_project`), what a
release is (`release`).
"""
