"""The steps of a refresh as Dagster assets, one module a group: landing, raw, warehouse, quality, release.

Belongs here: keys, groups, lineage, metadata, checks. Does not belong here: work of any kind; that is in
`atf_dagster.pipeline.steps` and the packages below it.

No `from __future__ import annotations` in these modules: it breaks functions with an annotated `context`.
"""
