"""The landing store: append-only files below one folder.

    objects/<first two>/<sha256>          the bytes, read-only, written once per content
    <dataset>/<part>/attempts.jsonl       a receipt for every attempt, failed ones too
    <dataset>/<part>/vintages.jsonl       the receipts that brought new content, in order
    <dataset>/<part>/verdicts.jsonl       the verdicts of raw and admission on each vintage

Belongs here: reading and writing these files. Does not belong here: deciding outcomes (`fetch`).
"""

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from atf_dagster.catalogue import Catalogue
from atf_dagster.errors import AtfError
from atf_dagster.files import append_json, last_json_line, read_json_lines, sha256_of, sync_folder, write_durably
from atf_dagster.landing.records import ASKED_AGAIN, BY_HAND, Answer, Attempt, Verdict, Vintage

SYNCED_AT_ONCE = 8
"""How many files are synced at the same time: then the file system's journal commits several files at once."""


class LandingDamaged(AtfError):
    """Bytes that a receipt names are missing or changed. The message names the file and the vintage."""


class Store:
    """One landing folder. Methods are safe to call from several threads for different parts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def incoming(self) -> Path:
        """The folder for downloads that have no hash yet; files of killed runs are removed from it."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.iterdir():
            leftover.unlink()
        return folder

    def object_path(self, sha256: str) -> Path:
        return self.root / "objects" / sha256[:2] / sha256

    def keep(self, temporary: Path, sha256: str) -> Path:
        """Move a finished download to the name of its hash; the same content is stored once.

        A damaged copy of it is replaced.
        """
        target = self.object_path(sha256)
        if _damage(target, sha256) is None:
            temporary.unlink()
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(0o444)
        temporary.replace(target)
        sync_folder(target.parent)
        return target

    def keep_list(self, pages: Sequence[Answer]) -> str:
        """Keep the list of a table's pages as an object; returns its hash."""
        text = json.dumps([asdict(page) for page in pages], ensure_ascii=False, indent=1) + "\n"
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.keep_bytes(text.encode(), sha256)
        return sha256

    def keep_bytes(self, data: bytes, sha256: str) -> Path:
        """Keep bytes that were not downloaded; on disk before they get the name of their hash."""
        temporary = self.incoming / f"{sha256}.{threading.get_ident()}"
        write_durably(temporary, data)
        return self.keep(temporary, sha256)

    def has(self, vintage: Vintage) -> bool:
        """Whether all files of a vintage exist; `verified` also checks their bytes."""
        return all(self.object_path(page.sha256).exists() for page in vintage.pages)

    def verified(self, vintage: Vintage) -> list[Path]:
        """The pages of a vintage, after checking their hashes. Raises LandingDamaged."""
        return [self._verified(page.sha256, vintage) for page in vintage.pages]

    def is_whole(self, vintage: Vintage) -> bool:
        """Whether all files of a vintage have the bytes of their receipts."""
        return all(_damage(self.object_path(page.sha256), page.sha256) is None for page in vintage.pages)

    def _verified(self, sha256: str, vintage: Vintage) -> Path:
        path = self.object_path(sha256)
        damage = _damage(path, sha256)
        if damage is not None:
            raise LandingDamaged(
                f"{path} {damage} (vintage {vintage.id}).",
                "Restore it from a backup of the landing folder. Without one, the next refresh asks the publisher "
                "again, which may no longer serve this version.",
            )
        return path

    def record(self, attempt: Attempt) -> None:
        """Write the receipt, then the vintage that it brought. A run that ends in between has landed nothing."""
        folder = self._folder(attempt.dataset, attempt.part)
        append_json(folder / "attempts.jsonl", attempt.as_json())
        if attempt.outcome == "landed":
            append_json(folder / "vintages.jsonl", attempt.as_json())

    def attempts(self, dataset: str, part: str) -> list[Attempt]:
        return [Attempt.from_json(r) for r in read_json_lines(self._folder(dataset, part) / "attempts.jsonl")]

    def last_attempt(self, dataset: str, part: str) -> Attempt | None:
        record = last_json_line(self._folder(dataset, part) / "attempts.jsonl")
        return None if record is None else Attempt.from_json(record)

    def last_check(self, vintage: Vintage) -> Attempt | None:
        """The newest receipt that speaks of this vintage: it brought it, or found it unchanged.

        Only such a receipt's probe is believed. A run that ends between the receipt of a vintage and the vintage leaves
        a receipt whose probe belongs to bytes that nobody can read.
        """

        def speaks_of_it(attempt: Attempt | None) -> bool:
            return (
                attempt is not None
                and attempt.outcome in ("landed", "unchanged")
                and (attempt.sequence, attempt.sha256) == (vintage.sequence, vintage.sha256)
            )

        last = self.last_attempt(vintage.dataset, vintage.part)
        if speaks_of_it(last):
            return last
        attempts = reversed(self.attempts(vintage.dataset, vintage.part))
        return next((attempt for attempt in attempts if speaks_of_it(attempt)), None)

    def newest_attempt(self, catalogue: Catalogue) -> dt.datetime | None:
        """When the newest attempt of all parts ended."""
        attempts = (
            self.last_attempt(dataset.id, part.id)
            for collection, dataset in catalogue.datasets
            for part in collection.parts_of(dataset)
        )
        times = [dt.datetime.fromisoformat(attempt.finished_at) for attempt in attempts if attempt is not None]
        return max(times, default=None)

    def vintages(self, dataset: str, part: str) -> list[Vintage]:
        found: list[Vintage] = []
        for record in read_json_lines(self._folder(dataset, part) / "vintages.jsonl"):
            attempt = Attempt.from_json(record)
            retrieved = dt.datetime.fromisoformat(attempt.finished_at)
            if found and retrieved <= found[-1].retrieved_at:
                retrieved = found[-1].retrieved_at + dt.timedelta(microseconds=1)
            pages = attempt.pages or (
                Answer(
                    url=attempt.url,
                    sha256=attempt.sha256 or "",
                    bytes=attempt.bytes or 0,
                    final_url=attempt.final_url or attempt.url,
                    status=attempt.status or 0,
                ),
            )
            found.append(
                Vintage(
                    dataset=dataset,
                    part=part,
                    sequence=len(found) + 1,
                    sha256=attempt.sha256 or "",
                    bytes=attempt.bytes or 0,
                    url=attempt.url,
                    final_url=attempt.final_url or attempt.url,
                    encoding=attempt.encoding or "utf-8",
                    retrieved_at=retrieved,
                    run_id=attempt.run_id,
                    published_at=_published(attempt, retrieved),
                    etag=attempt.etag,
                    last_modified=attempt.last_modified,
                    pages=pages,
                    rows_sha256=attempt.rows_sha256,
                    release=attempt.release,
                    mode=attempt.mode,
                    origin=attempt.origin,
                )
            )
        return found

    def add_verdict(self, vintage: Vintage, verdict: Verdict) -> None:
        append_json(self._folder(vintage.dataset, vintage.part) / "verdicts.jsonl", verdict.as_json())

    def add_verdicts(self, verdicts: Iterable[tuple[Vintage, Verdict]]) -> None:
        """Write many verdicts, several files at the same time, because each sync waits for the disk."""
        by_part: dict[tuple[str, str], list[tuple[Vintage, Verdict]]] = {}
        for vintage, verdict in verdicts:
            by_part.setdefault((vintage.dataset, vintage.part), []).append((vintage, verdict))

        def write(of_part: list[tuple[Vintage, Verdict]]) -> None:
            for vintage, verdict in of_part:
                self.add_verdict(vintage, verdict)

        with ThreadPoolExecutor(SYNCED_AT_ONCE, thread_name_prefix="verdicts") as pool:
            list(pool.map(write, by_part.values()))

    def ask_again(self, vintage: Vintage) -> None:
        """Make raw and admission judge a vintage again. A person's verdict stays: only a person changes it."""
        for verdict in self.verdicts(vintage.dataset, vintage.part).values():
            if verdict.sequence == vintage.sequence and verdict.rules != BY_HAND:
                self.add_verdict(vintage, replace(verdict, rules=ASKED_AGAIN))

    def verdicts(self, dataset: str, part: str) -> dict[tuple[int, str], Verdict]:
        """The newest verdict by (vintage number, stage)."""
        records = read_json_lines(self._folder(dataset, part) / "verdicts.jsonl")
        return {(v.sequence, v.stage): v for v in (Verdict.from_json(r) for r in records)}

    def _folder(self, dataset: str, part: str) -> Path:
        return self.root / dataset / part


def _damage(path: Path, sha256: str) -> str | None:
    """What is wrong with a kept file; None where it has the bytes of its name."""
    try:
        return None if sha256_of(path) == sha256 else "no longer has the hash of its receipt"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _published(attempt: Attempt, retrieved: dt.datetime) -> dt.datetime | None:
    """The time of publication in the publisher's records, else its Last-Modified."""
    try:
        if attempt.published_at:
            moment = dt.datetime.fromisoformat(attempt.published_at)
        elif attempt.last_modified:
            moment = parsedate_to_datetime(attempt.last_modified)
        else:
            return None
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    # A publisher's clock may be ahead; the figure cannot be newer than our copy.
    return min(moment.astimezone(dt.UTC), retrieved)
