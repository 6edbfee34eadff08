"""Makes the bundled figures from the publishers' files: `python -m tools.snapshot_build FOLDER`.

Belongs here: the plan, one reader for each kind of file, writing `atf_dagster/snapshot`. Does not belong here: answers
with the figures (`atf_dagster.snapshot`).
"""
