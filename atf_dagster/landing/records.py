"""The records of landing: an attempt, the vintage that it may bring, and the verdicts on a vintage.

Belongs here: fields and their meaning. Does not belong here: writing and reading them (`store`).
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from atf_dagster.old_names import current_names

Outcome = Literal["landed", "unchanged", "no_data", "skipped", "not_in_snapshot", "rejected", "failed"]
"""landed: new bytes. unchanged: the bytes of the newest vintage, or a probe that says so. no_data: the publisher has
nothing at this level. skipped: not fetched, and nobody has to act. not_in_snapshot: the bundled snapshot does not have
it. rejected: bytes came and are kept, but are not the table. failed: no bytes came."""

GOOD: frozenset[str] = frozenset({"landed", "unchanged", "no_data", "skipped"})


@dataclass(frozen=True)
class Answer:
    """One answer of a publisher, kept under its hash: a page of a table, or a listing that led to it."""

    url: str
    sha256: str
    bytes: int
    final_url: str
    status: int


@dataclass(frozen=True)
class Origin:
    """A file from which bundled figures were taken: its place, the day of its version (or empty), and its hash."""

    place: str
    date: str
    sha256: str


@dataclass(frozen=True)
class Attempt:
    """One attempt to fetch one part of a dataset, also a failed one. Times are UTC, ISO 8601."""

    dataset: str
    part: str
    mode: str
    url: str
    outcome: Outcome
    started_at: str
    finished_at: str
    run_id: str
    tool_version: str
    final_url: str | None = None
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    encoding: str | None = None
    columns_added: tuple[str, ...] = ()
    tries: int = 0
    waited_seconds: float = 0.0
    reason: str | None = None
    message: str | None = None
    remedy: str | None = None
    failing_since: str | None = None
    can_clear: bool = False
    """Whether the same request may succeed later without any repair on our side."""
    sequence: int | None = None
    """Number of the vintage with these bytes, for landed and unchanged."""
    pages: tuple[Answer, ...] = ()
    """The pages, if a table came in several; then `sha256` is the hash of their list."""
    listings: tuple[Answer, ...] = ()
    """The answers that are not the table: probes and listings."""
    notes: tuple[str, ...] = ()
    """Notes for people, such as an identifier or a column that moved, with its old and new name."""
    probe: str | None = None
    """The answer of the publisher's probe."""
    checked_at: str | None = None
    """When the table itself was last fetched. Later probes may have said that nothing changed."""
    rows_sha256: str | None = None
    """Hash of the sorted lines: the same rows in another order are not a new vintage."""
    release: str | None = None
    """The publisher's name of the edition."""
    published_at: str | None = None
    origin: tuple[Origin, ...] = ()
    """Where bundled figures were taken from; of an answer of the publisher itself nothing."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        record = current_names(record)
        lists = {name: tuple(record.get(name, ())) for name in ("columns_added", "notes")}
        answers = {name: tuple(Answer(**entry) for entry in record.get(name, ())) for name in ("pages", "listings")}
        origin = tuple(Origin(**entry) for entry in record.get("origin", ()))
        return cls(**{**record, **lists, **answers, "origin": origin})


@dataclass(frozen=True)
class Vintage:
    """One content that a publisher served for one part of a dataset, in the order of arrival."""

    dataset: str
    part: str
    sequence: int
    sha256: str
    bytes: int
    url: str
    final_url: str
    encoding: str
    retrieved_at: dt.datetime
    """UTC; always later than the vintage before it, even if the clock went back."""
    run_id: str
    """The run that fetched it. Vintages of one run arrived together."""
    published_at: dt.datetime | None
    """The time of publication in the publisher's records, else its Last-Modified; never later than `retrieved_at`."""
    etag: str | None
    last_modified: str | None
    pages: tuple[Answer, ...]
    """The pages to read, in order; one entry if the table came in one answer."""
    rows_sha256: str | None = None
    release: str | None = None
    mode: str = "live"
    origin: tuple[Origin, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.dataset}.{self.part}.{self.sequence:04d}.{self.sha256[:12]}"


BY_HAND = "by hand"
"""The `rules` of a verdict that a person gave. Such a verdict counts under all rules."""


LANDING_DAMAGED = "landing_damaged"
"""The reason of a verdict of raw on a vintage whose bytes in landing are missing or changed."""


READ_AGAIN = "read again"
"""The `rules` of a verdict of raw on an error that may be gone the next time. Such a verdict counts under no rules."""


ASKED_AGAIN = "asked again"
"""The `rules` of a verdict that somebody asked to repeat. Such a verdict counts under no rules."""


@dataclass(frozen=True)
class Verdict:
    """The verdict of raw or admission on a vintage; the newest one of a stage counts."""

    sequence: int
    stage: Literal["raw", "admission"]
    verdict: Literal["parsed", "rejected", "admitted", "quarantined"]
    rules: str
    """Fingerprint of the rules that were applied; other rules need a new verdict."""
    at: str
    run_id: str
    rows: int | None = None
    warned: tuple[str, ...] = ()
    """Expectations of severity warning that the vintage failed; they stay open while it is in force."""
    reason: str | None = None
    message: str | None = None
    remedy: str | None = None
    cause: str | None = None
    """What happened to the figures, in a sentence, where it is known: which labels went, and which came instead."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        record = current_names(record)
        return cls(**{**record, "warned": tuple(record.get("warned", ()))})

    def stands_under(self, rules: str) -> bool:
        """Whether this verdict still counts under `rules`."""
        return self.rules in (rules, BY_HAND)
