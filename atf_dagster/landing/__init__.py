"""Fetches all datasets and keeps the publishers' bytes, once per content, with a receipt for every attempt.

Belongs here: the store, the receipts, vintages and verdicts, the fetch run. Does not belong here: requests and retries
(`http`), what a good body looks like (`sources`).
"""

from atf_dagster.landing.records import Attempt, Verdict, Vintage
from atf_dagster.landing.store import Store

__all__ = ["Attempt", "Store", "Verdict", "Vintage"]
