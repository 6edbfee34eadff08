"""A publisher on loopback that serves whatever body a test gives it, as both publishers of the catalogue.

Belongs here: the server and a round of fetching against it. Does not belong here: retries, TLS and cut
connections (tests/http).
"""

from __future__ import annotations

from pathlib import Path

from atf_dagster.landing import Attempt
from support.fetching import fetch_one
from support.server import Answer, LoopbackServer, Request, respond, respond_json

DATASET = "ons_els_modelled_unemployment"
PART = "all"
A = b"areacd,areanm,period,value,status\nE06000006,Halton,2023-01-01/P1Y,4.1,\n"
B = b"areacd,areanm,period,value,status\nE06000006,Halton,2023-01-01/P1Y,4.2,\n"


class OneTablePublisher(LoopbackServer):
    """Answers every GET with `status`, `headers` and `body`, as they stand when the request comes.

    cards: what its list of indicators says. tables_asked: how often the table itself was asked for.
    lies: a validator is always answered with 304, whatever the body is by now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status = 200
        self.body = A
        self.headers: dict[str, str] = {}
        self.says_length = True
        self.cards: list[dict[str, str]] = [{"slug": "modelled-unemployment"}]
        self.tables_asked = 0
        self.lies = False

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("/metadata/indicators"):
            return respond_json(self.cards)
        self.tables_asked += 1
        if self.lies and "if-none-match" in request.headers:
            return respond(b"", status=304)
        return respond(self.body, status=self.status, says_length=self.says_length, **self.headers)


def fetch_once(landing: Path, url: str, *, run_id: str = "run") -> Attempt:
    """Ask for the one dataset once, as a refresh does; the receipt."""
    return fetch_one(landing, url, DATASET, run_id=run_id)
