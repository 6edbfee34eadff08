"""Makes the bundled figures from the publishers' own files: `python -m tools.snapshot_build FOLDER`.

Belongs here: the plan, one reader a kind of file, writing `atf_dagster/snapshot`. Does not belong here: answering with
the figures (`atf_dagster.snapshot`).
"""
