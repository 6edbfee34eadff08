"""How we speak to publishers: one client that streams to disk, retries, keeps a pace, and stays inside its
limits.

Knows nothing of Dagster, of the catalogue, of what a good body is, or of where bytes are kept.
"""

from atf_dagster.http.client import Client, Download
from atf_dagster.http.errors import FetchError, Kind, SnapshotMiss
from atf_dagster.http.limits import Host, Limits
from atf_dagster.http.redaction import redact

__all__ = ["Client", "Download", "FetchError", "Host", "Kind", "Limits", "SnapshotMiss", "redact"]
