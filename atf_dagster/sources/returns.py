"""Local returns: the submissions that this home accepted, each as a page, in the order of arrival.

Belongs here: giving landing the bytes as they were sent. Does not belong here: the rules of returns, which applied at
submission, and what stays hidden (`atf_dagster.returns`).
"""

from atf_dagster.formats.body import NoData
from atf_dagster.returns import store
from atf_dagster.sources.base import Collected, FetchContext, Source


def collect(context: FetchContext) -> Collected:
    """Every submission. Raises NoData where there is none yet."""
    accepted = store.submissions(context.home)
    if not accepted:
        raise NoData("No local return has been submitted; `atf returns template` gives the form.")
    context.probed(accepted[-1].sha256)
    return Collected(
        [
            context.keep(store.object_path(context.home, one.sha256), f"local:returns/{one.sha256}.csv")
            for one in accepted
        ],
        release=f"submission {accepted[-1].sequence}",
        published_at=accepted[-1].accepted_at,
    )


SOURCE = Source(collect=collect, is_made_by_hand=True)
