"""The HTTP client that asks publishers: it writes answers to disk, retries, limits its pace and its downloads.

Belongs here: requests, retries, pace, limits, redirects, secrets in addresses. Does not belong here: Dagster, the
catalogue, what a good body is, where bytes are kept.
"""

from atf_dagster.http.client import Client, Download
from atf_dagster.http.errors import FetchError, Kind, SnapshotMiss
from atf_dagster.http.limits import Budget, Host, Limits
from atf_dagster.http.redaction import redact

__all__ = ["Budget", "Client", "Download", "FetchError", "Host", "Kind", "Limits", "SnapshotMiss", "redact"]
