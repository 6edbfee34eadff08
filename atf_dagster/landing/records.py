"""The records of landing: an attempt, the vintage that it may bring, and the verdicts on a vintage.

Belongs here: fields and their meaning. Where they are written is `store`.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Outcome = Literal["landed", "unchanged", "no_data", "not_in_snapshot", "rejected", "failed"]
"""landed: new bytes. unchanged: the bytes of the newest vintage. no_data: the publisher has nothing at this
level. rejected: bytes came and are kept, but are not the table. failed: no bytes came."""

GOOD: frozenset[str] = frozenset({"landed", "unchanged", "no_data"})


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
    mend: str | None = None
    failing_since: str | None = None
    sequence: int | None = None
    """Number of the vintage that these bytes are, for landed and unchanged."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(**{**record, "columns_added": tuple(record.get("columns_added", ()))})


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

    @property
    def id(self) -> str:
        return f"{self.dataset}.{self.part}.{self.sequence:04d}.{self.sha256[:12]}"


BY_HAND = "by hand"
"""The rules of a verdict that a person gave; it stands whatever the rules become."""


@dataclass(frozen=True)
class Verdict:
    """What a later step said of a vintage; the newest one of a stage counts."""

    sequence: int
    stage: Literal["raw", "admission"]
    verdict: Literal["parsed", "rejected", "admitted", "held"]
    rules: str
    """Fingerprint of the rules that were applied; other rules make a new verdict necessary."""
    at: str
    run_id: str
    rows: int | None = None
    warned: tuple[str, ...] = ()
    """Expectations of severity warning that the vintage failed; they stand as long as it is in force."""
    reason: str | None = None
    message: str | None = None
    mend: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(**{**record, "warned": tuple(record.get("warned", ()))})

    def stands_under(self, rules: str) -> bool:
        """Whether this verdict still counts under `rules`."""
        return self.rules in (rules, BY_HAND)
