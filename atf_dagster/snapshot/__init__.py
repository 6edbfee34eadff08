"""The bundled published figures, so that a default refresh needs no network.

The rest of the programs treats the snapshot like the publishers.

Belongs here: the figures (`figures/`), lookups, boundaries and deprivation data (`reference/`), `sources.yml` with the
origin of each file, the adapter that answers a `requests` session in the publishers' formats at their URLs. Does not
belong here: making the bundled files (`tools/snapshot_build`), which requests the warehouse makes (`catalogue`,
`sources`), how they are retried, limited or landed (`http`, `landing`), what the figures mean (dbt).
"""

from atf_dagster.snapshot.adapter import SnapshotAdapter
from atf_dagster.snapshot.sources import FiguresSource, load_sources

__all__ = ["FiguresSource", "SnapshotAdapter", "load_sources"]
