"""Accepted returns, kept for good:

    returns/objects/<sha256>.csv    the very bytes that were sent, read-only, written once
    returns/submissions.jsonl       one line a submission, in order of arrival

A submission is never changed. A later one supersedes earlier ones key by key (indicator, organisation, period,
breakdown): what it does not mention stays as it was. The mart's SQL decides by the submissions' `sequence`.

Belongs here: keeping and reading back. Does not belong here: rules (`check`), hiding (`disclosure`).
"""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from atf_dagster.catalogue import Catalogue
from atf_dagster.errors import AtfError
from atf_dagster.files import append_json, read_json_lines, single_writer, sync_folder
from atf_dagster.returns import reading
from atf_dagster.returns.check import check_bytes, rows_of_accepted
from atf_dagster.returns.rows import ReturnError, ReturnErrors, Row, RowKey


class Refused(ValueError):
    """A return with faults; nothing of it was kept."""

    def __init__(self, errors: tuple[ReturnError, ...]) -> None:
        super().__init__(f"the return has {len(errors)} faults")
        self.errors = errors


class ReturnsDamaged(AtfError):
    """Bytes of an accepted return are missing or changed; the text says which and what to do."""


@dataclass(frozen=True)
class Submission:
    """One accepted return."""

    sequence: int
    sha256: str
    bytes: int
    file_name: str
    accepted_at: str
    """UTC, ISO 8601."""
    rows: int
    indicators: tuple[str, ...]
    orgs: tuple[str, ...]
    is_new: bool = False
    """Whether the call that returned it added it; not recorded."""


def object_path(home: Path, sha256: str) -> Path:
    """Where the bytes of a submission are."""
    return home / "returns" / "objects" / f"{sha256}.csv"


def submissions(home: Path) -> list[Submission]:
    """All accepted returns in order of arrival."""
    return [
        Submission(**{**record, "indicators": tuple(record["indicators"]), "orgs": tuple(record["orgs"])})
        for record in read_json_lines(_ledger(home))
    ]


def submit(home: Path, path: Path, catalogue: Catalogue, now: dt.datetime) -> Submission:
    """Check a return and keep it. Raises Refused with every fault; the same bytes again add nothing."""
    errors = ReturnErrors()
    data = reading.load(path, errors)
    if data is None:
        raise Refused(tuple(errors))
    sha256 = hashlib.sha256(data).hexdigest()
    # The refresh's lock: a return must not arrive while the warehouse reads them, nor two have one number.
    with single_writer(home):
        known = submissions(home)
        for submission in known:
            if submission.sha256 == sha256:
                _keep(object_path(home, sha256), data)
                return submission
        checked = check_bytes(data, catalogue, now=now, earlier=list(rows_in_force(home, catalogue).values()))
        if checked.errors:
            raise Refused(checked.errors)
        _keep(object_path(home, sha256), data)
        submission = Submission(
            sequence=max((one.sequence for one in known), default=0) + 1,
            sha256=sha256,
            bytes=len(data),
            file_name=path.name,
            accepted_at=now.astimezone(dt.UTC).isoformat(),
            rows=len(checked.rows),
            indicators=tuple(sorted({row.indicator_code for row in checked.rows})),
            orgs=tuple(sorted({row.org_code for row in checked.rows})),
        )
        # The line comes last: without it the bytes are nobody's, and sending them again mends that.
        record = asdict(submission)
        del record["is_new"]
        append_json(_ledger(home), record)
    return replace(submission, is_new=True)


def accepted_rows(home: Path, catalogue: Catalogue) -> Iterator[tuple[Submission, Row]]:
    """Every row of every submission, in order. Raises ReturnsDamaged."""
    for submission in submissions(home):
        data = _verified(home, submission)
        accepted_at = dt.datetime.fromisoformat(submission.accepted_at)
        for row in rows_of_accepted(data, catalogue, accepted_at):
            yield submission, row


def rows_in_force(home: Path, catalogue: Catalogue) -> dict[RowKey, Row]:
    """The newest row of each key: what later returns are compared with, and what `disclosure.hide` is given."""
    return {row.key: row for _, row in accepted_rows(home, catalogue)}


def _ledger(home: Path) -> Path:
    return home / "returns" / "submissions.jsonl"


def _verified(home: Path, submission: Submission) -> bytes:
    path = object_path(home, submission.sha256)
    problem = None
    data = b""
    if not path.is_file():
        problem = "is missing"
    else:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != submission.sha256:
            problem = "no longer has the hash of its submission"
    if problem:
        raise ReturnsDamaged(
            f"{path} {problem} (submission {submission.sequence}, {submission.file_name!a}). An engineer restores it "
            "from a backup, or the organisation sends the same file again."
        )
    return data


def _keep(target: Path, data: bytes) -> None:
    """Write the bytes under their content's name, whole or not at all; damaged ones are replaced."""
    if target.is_file() and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), 0o444)
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    sync_folder(target.parent.parent)
