"""Keeps accepted returns for good:

    returns/objects/<sha256>.csv    the bytes that were sent, read-only, written once
    returns/submissions.jsonl       one line a submission, in order of arrival

A submission is never changed. A later one supersedes earlier ones key by key (indicator, organisation, period,
breakdown). Keys that it does not mention stay in force. The mart's SQL decides by the submissions' `sequence`.

Belongs here: keeping and reading back. Does not belong here: rules (`check`), hiding (`disclosure`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from atf_dagster.catalogue import Catalogue
from atf_dagster.errors import AtfError
from atf_dagster.files import append_json, keep_read_only, read_json_lines, single_writer
from atf_dagster.returns import reading
from atf_dagster.returns.check import check_bytes, rows_of_accepted
from atf_dagster.returns.rows import Checked, ReturnError, ReturnErrors, Row, RowKey


class Refused(AtfError):
    """A return with errors; nothing of it was kept."""

    def __init__(self, errors: tuple[ReturnError, ...]) -> None:
        super().__init__(
            f"The return has {len(errors)} errors; nothing of it was kept.",
            "Correct the file by the remedy of each error, and submit it again.",
            owner="the organisation that sent it",
        )
        self.errors = errors


class ReturnsDamaged(AtfError):
    """Bytes of an accepted return are missing or changed. The message names the file."""


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
    """Whether this call added the submission; not recorded."""


def object_path(home: Path, sha256: str) -> Path:
    """The file with the bytes of a submission."""
    return home / "returns" / "objects" / f"{sha256}.csv"


def submissions(home: Path) -> list[Submission]:
    """All accepted returns in order of arrival."""
    return [
        Submission(**{**record, "indicators": tuple(record["indicators"]), "orgs": tuple(record["orgs"])})
        for record in read_json_lines(_ledger(home))
    ]


def submit(home: Path, path: Path, catalogue: Catalogue, now: dt.datetime) -> Submission:
    """Check a return and keep it. The same bytes a second time add nothing. Raises Refused with every error."""
    errors = ReturnErrors()
    data = reading.load(path, errors)
    if data is None:
        raise Refused(tuple(errors))
    sha256 = hashlib.sha256(data).hexdigest()
    # Checked before the lock: the sender of a bad file does not wait for a refresh, and no refresh for the check.
    before = submissions(home)
    checked = None
    if all(submission.sha256 != sha256 for submission in before):
        checked = _check(home, data, catalogue, now)
    # The refresh's lock: no return arrives while the warehouse reads them, and no two get the same number.
    with single_writer(home):
        known = submissions(home)
        for submission in known:
            if submission.sha256 == sha256:
                keep_read_only(object_path(home, sha256), data)
                return submission
        if checked is None or known != before:
            checked = _check(home, data, catalogue, now)
        keep_read_only(object_path(home, sha256), data)
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
        # The line comes last. Without it the bytes belong to no submission, and sending them again repairs that.
        record = asdict(submission)
        del record["is_new"]
        append_json(_ledger(home), record)
    return replace(submission, is_new=True)


def _check(home: Path, data: bytes, catalogue: Catalogue, now: dt.datetime) -> Checked:
    """The result of all rules, also those that compare with earlier returns. Raises Refused."""
    checked = check_bytes(data, catalogue, now=now, earlier=list(rows_in_force(home, catalogue).values()))
    if checked.errors:
        raise Refused(checked.errors)
    return checked


def accepted_rows(home: Path, catalogue: Catalogue) -> Iterator[tuple[Submission, Row]]:
    """Every row of every submission, in order. Raises ReturnsDamaged."""
    for submission in submissions(home):
        data = _verified(home, submission)
        accepted_at = dt.datetime.fromisoformat(submission.accepted_at)
        for row in rows_of_accepted(data, catalogue, accepted_at):
            yield submission, row


def rows_in_force(home: Path, catalogue: Catalogue) -> dict[RowKey, Row]:
    """The newest row of each key. Rules compare later returns with these rows, and `disclosure.hide` takes them."""
    return {row.key: row for _, row in accepted_rows(home, catalogue)}


def _ledger(home: Path) -> Path:
    return home / "returns" / "submissions.jsonl"


def _verified(home: Path, submission: Submission) -> bytes:
    path = object_path(home, submission.sha256)
    damage = None
    data = b""
    if not path.is_file():
        damage = "is missing"
    else:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != submission.sha256:
            damage = "no longer has the hash of its submission"
    if damage:
        raise ReturnsDamaged(
            f"{path} {damage} (submission {submission.sequence}, {submission.file_name!a}).",
            "Restore it from a backup, or ask the organisation to send the same file again.",
        )
    return data
