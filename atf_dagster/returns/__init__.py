"""Local returns: NHS trusts and councils send a CSV for the indicators that nobody publishes.

Belongs here: the template, the rules of a file (`check`), the store of accepted files (`store`), which rows stay
hidden (`disclosure`). Does not belong here: fetched tables (`sources`, `landing`), the commands (`cli`), which of two
submissions is in force in the mart (SQL decides that).
"""

from atf_dagster.returns.check import check
from atf_dagster.returns.disclosure import Hiding, hide
from atf_dagster.returns.rows import Checked, ReturnError, Row
from atf_dagster.returns.store import Refused, ReturnsDamaged, Submission, rows_in_force, submissions, submit

__all__ = [
    "Checked",
    "Hiding",
    "Refused",
    "ReturnError",
    "ReturnsDamaged",
    "Row",
    "Submission",
    "check",
    "hide",
    "rows_in_force",
    "submissions",
    "submit",
]
