"""What publishers said: their bytes, kept once per content, with a receipt for every attempt.

Belongs here: the store, the receipts, vintages and verdicts, and the round that fetches all datasets.
Does not belong here: the wire (`http`), what a good body looks like (`sources`).
"""

from atf_dagster.landing.records import Attempt, Verdict, Vintage
from atf_dagster.landing.store import Store

__all__ = ["Attempt", "Store", "Verdict", "Vintage"]
