"""The types between the adapter and a publisher's module of the snapshot: a request, an answer, no answer.

Belongs here: these types, and the mark of an invented address. Does not belong here: HTTP (`adapter`), a publisher's
format (its module).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atf_dagster.snapshot.figures import Figure, read_figures
from atf_dagster.snapshot.reference import ReferenceSource, Rows, read_rows
from atf_dagster.snapshot.sources import FiguresSource, TakenFrom

MADE_UP = "bundled-snapshot"
"""Part of each address that no publisher ever served, so that `dim_vintage.url` makes no false claim."""

Query = list[tuple[str, str]]
"""A request's decoded parameters in their order, also repeated ones."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a publisher's module of the snapshot, with the files from which the module answers."""

    host: str
    path: str
    query: Query
    sources: Sequence[FiguresSource]
    bundle: Path
    read: list[TakenFrom] = field(default_factory=list)
    """Where each file was taken from that has been read for this request."""

    def figures(self, source: FiguresSource) -> list[Figure]:
        """The rows of a figures file."""
        self.read.append(source.taken_from)
        return read_figures(self.bundle / source.file)

    def rows(self, source: ReferenceSource) -> Rows:
        """The rows of a file of reference data."""
        self.read.append(source.taken_from)
        return read_rows(self.bundle / source.file)

    def of(self, publisher: str) -> list[FiguresSource]:
        """The figures files of one publisher."""
        return [source for source in self.sources if source.publisher == publisher]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the publisher would give it. The same request gives the same bytes."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """A strong validator: a hash of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()}"'


def json_answer(content: Any) -> Answer:
    """An answer with this content as JSON."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8")
    return Answer(status=200, content_type="application/json; charset=utf-8", body=body)


class NotBundled(Exception):
    """The snapshot has no figures for a request. The adapter turns it into SnapshotMiss.

    asked, bundled: noun phrases, for "does not hold ..." and "It holds ...".
    """

    def __init__(self, asked: str, bundled: str) -> None:
        super().__init__(f"{asked}; held: {bundled}")
        self.asked = asked
        self.bundled = bundled
