"""How the reading of publishers' answers bears damage: `python -m benchmarks.mutations`.

Takes every answer that the bundled snapshot gives for a table, changes each a little (one byte, comma, quote, cell,
line or heading, by a seeded choice), and lets a fetch run land it after the whole one and raw read it, as in a refresh.
Prints for each publisher and kind of damage what came of it:

- refused: landing or raw refused the body with a message, and the figures before it stay
- same: the rows are those of the whole body
- value: one cell has another value, every other cell is the same
- withdrawn: rows at the end are missing and every other row is the same; a refresh reports them as withdrawn
- elsewhere: a damaged listing led to other tables of the publisher, or to fewer, which were read as they are
- silent: anything else that was read, or a refusal without a message or remedy
- error: an error that would have stopped the refresh

Ends with exit code 1 where anything was silent or an error.

Belongs here: the damage, and the judgement on what was read. Does not belong here: reading (`formats`,
`warehouse.raw`), what a changed value means (expectations).
"""

import argparse
import dataclasses
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster import settings
from atf_dagster.catalogue import Catalogue, Collection, Dataset, Part, load
from atf_dagster.files import append_json, read_json_lines
from atf_dagster.http import Client, Host, Limits
from atf_dagster.landing import Store, Vintage
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.pipeline.client import base_urls
from atf_dagster.snapshot import SnapshotAdapter
from atf_dagster.snapshot.answer import Answer
from atf_dagster.warehouse import raw

PER_PUBLISHER = 2000
OUTCOMES = ("refused", "same", "value", "withdrawn", "elsewhere", "silent", "error")
OF_LISTINGS = 0.15
"""Share of the damages that a listing or probe gets, the answers that lead to a table."""
SHOWN = 20
"""Silent ones and errors that are printed with all that is needed to see them again."""
STRUCTURE = b',";\n\r\t\0 .-:{}[]01'
Damage = Callable[[random.Random, bytes], bytes]
Row = tuple[Any, ...]


# damage ----------------------------------------------------------------------------------------------------


def _byte(chance: random.Random) -> bytes:
    return bytes([chance.choice(STRUCTURE) if chance.random() < 0.5 else chance.randrange(256)])


def _spliced(chance: random.Random, body: bytes, old: int, new: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + new + body[at + old :]


def _near(chance: random.Random, body: bytes, what: bytes) -> int | None:
    """The place of one `what`, by chance; None where there is none."""
    if what not in body:
        return None
    start = chance.randrange(len(body))
    found = body.find(what, start)
    return found if found >= 0 else body.find(what)


def _replaced(what: bytes, by: bytes) -> Damage:
    def damage(chance: random.Random, body: bytes) -> bytes:
        at = _near(chance, body, what)
        return body if at is None else body[:at] + by + body[at + len(what) :]

    return damage


def _lines(body: bytes) -> list[bytes]:
    return body.splitlines(keepends=True)


def _in_a_line(change: Callable[[random.Random, bytes, bytes], bytes]) -> Damage:
    """`change` gets one line below the heading without its end, and its end."""

    def damage(chance: random.Random, body: bytes) -> bytes:
        lines = _lines(body)
        if len(lines) < 2:
            return body
        number = chance.randrange(1, len(lines))
        text = lines[number].rstrip(b"\r\n")
        lines[number] = change(chance, text, lines[number][len(text) :])
        return b"".join(lines)

    return damage


def _cell(new: bytes) -> Damage:
    """One cell of a line, as split at commas, becomes `new`."""

    def change(chance: random.Random, text: bytes, end: bytes) -> bytes:
        cells = text.split(b",")
        cells[chance.randrange(len(cells))] = new
        return b",".join(cells) + end

    return _in_a_line(change)


def _swapped_headings(chance: random.Random, body: bytes) -> bytes:
    lines = _lines(body)
    text = lines[0].rstrip(b"\r\n")
    cells = text.split(b",")
    one, other = chance.sample(range(len(cells)), 2)
    cells[one], cells[other] = cells[other], cells[one]
    return b",".join(cells) + lines[0][len(text) :] + b"".join(lines[1:])


def _cut(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


ANY: Mapping[str, Damage] = {
    "byte replaced": lambda chance, body: _spliced(chance, body, 1, _byte(chance)),
    "byte inserted": lambda chance, body: _spliced(chance, body, 0, _byte(chance)),
    "byte deleted": lambda chance, body: _spliced(chance, body, 1, b""),
    "body cut": _cut,
}
TEXT: Mapping[str, Damage] = {
    "comma inserted": lambda chance, body: _spliced(chance, body, 0, b","),
    "comma deleted": _replaced(b",", b""),
    "decimal comma": _replaced(b".", b","),
    "quote inserted": lambda chance, body: _spliced(chance, body, 0, b'"'),
    "quote deleted": _replaced(b'"', b""),
}
ROWS: Mapping[str, Damage] = {
    "quote opened": _replaced(b",", b',"'),
    "quote closed": _replaced(b",", b'",'),
    "cell blanked": _cell(b""),
    "cell replaced": _cell(b"[x]"),
    "cell quoted": _cell(b'"1,""a"",\n2"'),
    "row cut": _in_a_line(lambda chance, text, end: text[: chance.randrange(len(text) + 1)] + end),
    "row blanked": _in_a_line(lambda chance, text, end: end),
    "rows joined": _in_a_line(lambda chance, text, end: text),
    "line end changed": _in_a_line(lambda chance, text, end: text + chance.choice((b"\n", b"\r\n", b"\r", b"\n\r"))),
    "headings swapped": _swapped_headings,
}
DAMAGES: Mapping[str, Mapping[str, Damage]] = {
    "csv": {**ANY, **TEXT, **ROWS},
    "json": {**ANY, **TEXT},
    "workbook": ANY,
}


# one table -------------------------------------------------------------------------------------------------


class _Answers(SnapshotAdapter):
    """The bundled answers, of which one may be damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.damaged: tuple[str, bytes] | None = None
        """Hash of a whole body, and the body that comes in its place."""

    def _answer(self, request: Any) -> Answer:
        answer = super()._answer(request)
        if self.damaged is not None and sha256(answer.body).hexdigest() == self.damaged[0]:
            return dataclasses.replace(answer, body=self.damaged[1])
        return answer


@dataclass
class Bench:
    """A folder in which everything landed once, whole, and was read; each damage is undone after it was judged."""

    folder: Path
    catalogue: Catalogue = field(default_factory=load)
    answers: _Answers = field(default_factory=_Answers)

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "landing")
        self.urls = base_urls(settings.load({"ATF_HOME": str(self.folder), "ATF_MODE": "live"}), self.catalogue)
        self.client = Client(
            [Host(url, 0) for url in sorted(set(self.urls.values())) if not url.startswith("local:")],
            user_agent="atf-mutations",
            limits=Limits(attempts=1, backoff_first=0),
            adapter=self.answers,
            sleep=lambda seconds: None,
        )
        self.fetch([dataset.id for _, dataset in self.catalogue.datasets])
        for path in self.store.root.glob("*/*/attempts.jsonl"):
            # Without a probe the next fetch asks for the table itself.
            last = read_json_lines(path)[-1]
            path.unlink()
            append_json(path, {**last, "probe": None})

    def fetch(self, datasets: Sequence[str]) -> list[Any]:
        run = FetchRun(self.catalogue, self.store, self.client, self.urls, "live", "run", home=self.folder)
        return run.fetch(datasets)

    def tables(self) -> Iterator["Table"]:
        """Every part that landed, in the catalogue's order."""
        for collection, dataset in self.catalogue.datasets:
            for part in collection.parts:
                vintages = self.store.vintages(dataset.id, part.id)
                if vintages:
                    yield Table(self, collection, dataset, part, vintages[0])


@dataclass
class Table:
    """One part of a dataset with its whole body."""

    bench: Bench
    collection: Collection
    dataset: Dataset
    part: Part
    vintage: Vintage

    @property
    def pages(self) -> list[str]:
        """Hashes of the answers with the table."""
        return [page.sha256 for page in self.vintage.pages]

    @cached_property
    def listings(self) -> list[str]:
        """Hashes of the answers that led to it."""
        attempt = self.bench.store.last_attempt(self.dataset.id, self.part.id)
        return [page.sha256 for page in attempt.listings] if attempt else []

    @cached_property
    def whole(self) -> list[Row]:
        """The rows of the whole body, after which the files of landing are remembered."""
        (entry,) = self._parse()
        if entry.verdict.verdict != "parsed":
            raise ValueError(f"The bundled body itself is not read: {entry.verdict.message}")
        self._kept = {path: path.read_bytes() for path in self._records()}
        return self._rows(self.vintage, None)

    def _records(self) -> list[Path]:
        return sorted((self.bench.store.root / self.dataset.id).glob("*/*.jsonl"))

    @property
    def _raw(self) -> Path:
        return self.bench.folder / "raw" / f"{self.dataset.id}.{self.part.id}"

    @cached_property
    def _alone(self) -> Catalogue:
        dataset = self.dataset.model_copy(update={"more_parts": ()})
        own = self.collection.model_copy(update={"datasets": (dataset,), "parts": (self.part,)})
        return self.bench.catalogue.model_copy(update={"collections": (own,)})

    def _parse(self) -> list[Any]:
        return raw.parse_new(self._alone, self.bench.store, self._raw, "run", lambda line: None)

    def _rows(self, vintage: Vintage, columns: Sequence[str] | None) -> list[Row]:
        """The rows in their order, with `columns`, those of the whole body where None; a missing one is empty."""
        path = raw.vintage_file(self._raw, self.collection, vintage)
        with duckdb.connect() as connection:
            found = connection.execute("select * from read_parquet($path) order by row_number", {"path": str(path)})
            names = [column[0] for column in found.description or []]
            rows = found.fetchall()
        tags = {"row_number", "dataset", "part", "vintage_id", "page"}
        if columns is None:
            self._columns = [name for name in names if name not in tags]
        at = [names.index(name) if name in names else None for name in self._columns]
        return [tuple(None if place is None else row[place] for place in at) for row in rows]

    def judged(self, answer: str, body: bytes) -> tuple[str, str]:
        """Land and read the table with this body in place of the answer. Returns the outcome and what was said."""
        whole = self.whole
        self.bench.answers.damaged = (answer, body)
        try:
            attempts = self.bench.fetch([self.dataset.id])
            (attempt,) = [one for one in attempts if one.part == self.part.id]
            if attempt.outcome == "unchanged":
                return "same", attempt.outcome
            if attempt.outcome != "landed":
                return _told(attempt.reason, attempt.message, attempt.remedy)
            *_, entry = self._parse()
            if entry.verdict.verdict == "rejected":
                return _told(entry.verdict.reason, entry.verdict.message, entry.verdict.remedy)
            if [page.url for page in entry.vintage.pages] != [page.url for page in self.vintage.pages]:
                return "elsewhere", entry.vintage.url
            return _compared(whole, self._rows(entry.vintage, self._columns), self._columns)
        except Exception:
            return "error", traceback.format_exc()
        finally:
            self.bench.answers.damaged = None
            self._undo(body)

    def _undo(self, body: bytes) -> None:
        for path in self._records():
            path.write_bytes(self._kept[path])
        for path in (self._raw / self.collection.table).glob("*.[0-9]*.parquet"):
            if path.name != f"{self.vintage.id}.parquet":
                path.unlink()
        digest = sha256(body).hexdigest()
        if digest not in self.pages + self.listings:
            self.bench.store.object_path(digest).unlink(missing_ok=True)


def _told(reason: str | None, message: str | None, remedy: str | None) -> tuple[str, str]:
    said = f"{reason}: {message} {remedy}"
    return ("refused" if reason and message and remedy else "silent"), said


def _compared(whole: Sequence[Row], found: Sequence[Row], columns: Sequence[str]) -> tuple[str, str]:
    changed = [
        f"row {number}, {column}: {old!r} became {new!r}"
        for number, (before, after) in enumerate(zip(whole, found, strict=False), start=1)
        if before != after
        for column, old, new in zip(columns, before, after, strict=True)
        if old != new
    ]
    what = f"{len(found)} rows of {len(whole)}; {len(changed)} cells changed: {'; '.join(changed[:4])}"
    if len(changed) <= 1 and len(found) <= len(whole):
        if len(found) < len(whole):
            return "withdrawn", what
        return ("value" if changed else "same"), what
    return "silent", what


# all of them -----------------------------------------------------------------------------------------------


@dataclass
class Count:
    """What came of the damage to one publisher's answers."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind of damage, outcome) -> how often."""
    shown: list[str] = field(default_factory=list)

    def add(self, kind: str, outcome: str, what: str) -> None:
        self.outcomes[kind, outcome] += 1
        if outcome in ("silent", "error"):
            self.shown.append(what)

    def of(self, outcome: str) -> int:
        return sum(count for (_, ended), count in self.outcomes.items() if ended == outcome)


def mutate(tables: Sequence[Table], number: int, seed: int) -> Count:
    """So many damages over these tables of one publisher, each by a chance of its own."""
    count = Count()
    for turn in range(number):
        chance = random.Random(f"{seed} {tables[0].collection.service.id} {turn}")  # noqa: S311
        table = chance.choice(tables)
        of_listing = bool(table.listings) and chance.random() < OF_LISTINGS
        answer = chance.choice(table.listings if of_listing else table.pages)
        kinds = DAMAGES["json" if of_listing else table.collection.format]
        kind = chance.choice(list(kinds))
        body = table.bench.store.object_path(answer).read_bytes()
        outcome, what = table.judged(answer, kinds[kind](chance, body))
        place = f"{'a listing of ' if of_listing else ''}{table.dataset.id}.{table.part.id}"
        count.add(kind, outcome, f"{kind}, turn {turn}, {place}: {outcome}: {what}")
    return count


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench in memory, where there is a file system in memory: each damage writes and syncs some small files."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="atf-mutations-", dir=memory if memory.is_dir() else None))
    made = Bench(folder)
    try:
        yield made
    finally:
        made.client.close()
        shutil.rmtree(folder)


def by_publisher(tables: Sequence[Table]) -> dict[str, list[Table]]:
    """Service -> its tables."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.collection.service.id, []).append(table)
    return found


def _print(publisher: str, count: Count, tables: int, seconds: float) -> None:
    total = count.outcomes.total()
    print(f"{publisher}: {total} damages to {tables} tables in {seconds:.0f} s")
    kinds = dict.fromkeys(kind for damages in DAMAGES.values() for kind in damages)
    print(f"  {'':18}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES))
    for kind in kinds:
        row = [count.outcomes[kind, outcome] for outcome in OUTCOMES]
        if any(row):
            print(f"  {kind:18}" + "".join(f"{number:>11}" for number in row))
    print(f"  {'all':18}" + "".join(f"{count.of(outcome):>11}" for outcome in OUTCOMES))
    for line in count.shown[:SHOWN]:
        print(f"  {line}")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Damage the answers of every publisher, or of one, and print what came of it."""
    parser = argparse.ArgumentParser(description="How the reading of publishers' answers bears damage.")
    parser.add_argument("--per-publisher", type=int, default=PER_PUBLISHER, help="damages a publisher")
    parser.add_argument("--seed", type=int, default=1, help="another number makes other damages")
    parser.add_argument("--publisher", help="only this service of the catalogue")
    options = parser.parse_args(arguments)
    wrong = 0
    with bench() as made:
        for publisher, tables in by_publisher(list(made.tables())).items():
            if options.publisher in (None, publisher):
                started = time.monotonic()
                count = mutate(tables, options.per_publisher, options.seed)
                _print(publisher, count, len(tables), time.monotonic() - started)
                wrong += count.of("silent") + count.of("error")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
