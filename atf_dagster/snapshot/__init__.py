"""The bundled published figures that make the default run need no network.

Belongs here: the figures themselves (`figures/`), lookups, boundaries and deprivation beside them (`reference/`),
`sources.yml` that names where each came from, the
script that carries them over from the publishers' files (`build.py`, told what to carry by `plan.yml`), and
the adapter that answers a `requests` session with them in the publishers' own formats at their own URLs.

Does not belong here: which requests the warehouse makes (`catalogue/`, `sources/`), how they are retried,
limited or landed (`http/`, `landing/`), and what the figures mean. To everything above it, the snapshot is
the publisher.
"""

from atf_dagster.snapshot.adapter import SnapshotAdapter
from atf_dagster.snapshot.sources import FiguresSource, load_sources

__all__ = ["FiguresSource", "SnapshotAdapter", "load_sources"]
