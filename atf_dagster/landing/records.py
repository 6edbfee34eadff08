"""The records of landing: an attempt, the vintage that it may bring, and the verdicts on a vintage.

Belongs here: fields and their meaning. Where they are written is `store`.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from atf_dagster.old_names import current_names

Outcome = Literal["landed", "unchanged", "no_data", "skipped", "not_in_snapshot", "rejected", "failed"]
"""landed: new bytes. unchanged: the bytes of the newest vintage, or a probe says so. no_data: the publisher has
nothing at this level. skipped: not asked, for a reason that is nobody's fault. rejected: bytes came and are
kept, but are not the table. failed: no bytes came."""

GOOD: frozenset[str] = frozenset({"landed", "unchanged", "no_data", "skipped"})


@dataclass(frozen=True)
class Answer:
    """One answer of a publisher, kept under its hash: a page of a table, or a look that led to it."""

    url: str
    sha256: str
    bytes: int
    final_url: str
    status: int


@dataclass(frozen=True)
class Attempt:
    """One request for one part of a dataset, whatever came of it. Times are UTC, ISO 8601."""

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
    """Whether the same request may succeed later with nothing mended on our side."""
    sequence: int | None = None
    """Number of the vintage that these bytes are, for landed and unchanged."""
    pages: tuple[Answer, ...] = ()
    """The pages of a table that came in several; `sha256` is then that of the list of them."""
    listings: tuple[Answer, ...] = ()
    """What was asked beside the table: probes and listings."""
    notes: tuple[str, ...] = ()
    """What people should know, such as an identifier or a column that moved, old and new name."""
    probe: str | None = None
    """What the publisher's probe said."""
    checked_at: str | None = None
    """When the table itself was last asked for, while probes said that nothing had changed."""
    rows_sha256: str | None = None
    """Hash of the sorted lines: the same rows in another order are no new vintage."""
    release: str | None = None
    """The publisher's name of the edition."""
    published_at: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        record = current_names(record)
        lists = {name: tuple(record.get(name, ())) for name in ("columns_added", "notes")}
        answers = {name: tuple(Answer(**entry) for entry in record.get(name, ())) for name in ("pages", "listings")}
        return cls(**{**record, **lists, **answers})


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
    """UTC; never earlier than the vintage before it, whatever the clock did."""
    run_id: str
    """The run that brought it; what one run brought came together."""
    published_at: dt.datetime | None
    """The publisher's Last-Modified where it sends one that is not in the future."""
    etag: str | None
    last_modified: str | None
    pages: tuple[Answer, ...]
    """What to read, in order; one entry where the table came in one answer."""
    rows_sha256: str | None = None
    release: str | None = None

    @property
    def id(self) -> str:
        return f"{self.dataset}.{self.part}.{self.sequence:04d}.{self.sha256[:12]}"


BY_HAND = "by hand"
"""The rules of a verdict that a person gave; it stands whatever the rules become."""


ASKED_AGAIN = "asked again"
"""The rules of a verdict that somebody wants given anew; it stands under none."""


@dataclass(frozen=True)
class Verdict:
    """What a later step said of a vintage; the newest one of a stage counts."""

    sequence: int
    stage: Literal["raw", "admission"]
    verdict: Literal["parsed", "rejected", "admitted", "quarantined"]
    rules: str
    """Fingerprint of the rules that were applied; other rules make a new verdict necessary."""
    at: str
    run_id: str
    rows: int | None = None
    warned: tuple[str, ...] = ()
    """Expectations of severity warning that the vintage failed; they stand as long as it is in force."""
    reason: str | None = None
    message: str | None = None
    remedy: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        record = current_names(record)
        return cls(**{**record, "warned": tuple(record.get("warned", ()))})

    def stands_under(self, rules: str) -> bool:
        """Whether this verdict still counts under `rules`."""
        return self.rules in (rules, BY_HAND)
