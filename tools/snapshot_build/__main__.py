"""`python -m tools.snapshot_build FOLDER`: takes published figures and reference data from FOLDER into the project.

FOLDER holds the publishers' files and a `PROVENANCE.md`. Its table names, for each file, its size, the beginning of its
SHA-256, and the public repository, path, commit and date of its origin, with a note in brackets where a third party
changed the file. Where it says that in other words ("as above"), `origin` in `plan.yml` says it. Two runs on the same
folder write the same bytes. Where a file is refused, nothing is written.

Belongs here: going through `plan.yml`, checking each file of FOLDER against its record of provenance, writing
`figures/`, `reference/` and `sources.yml`. Does not belong here: a file's format (`readers`).
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from atf_dagster.snapshot import reference
from atf_dagster.snapshot.figures import csv_bytes, figures_bytes
from atf_dagster.snapshot.reference import ReferenceRefused, ReferenceSource
from atf_dagster.snapshot.sources import BUNDLE, FiguresSource, TakenFrom, as_entry
from tools.snapshot_build import selection
from tools.snapshot_build.readers import read
from tools.snapshot_build.reading import FileRefused, Reading

PLAN = Path(__file__).with_name("plan.yml")

_PROVENANCE_ROW = re.compile(
    r"^\| (?P<file>\S.*?) \| (?P<bytes>[\d,]+) \| (?P<sha>[0-9a-f]{16}) \| (?P<origin>.+) \|$", re.MULTILINE
)
_ORIGIN = re.compile(
    r"(?P<repository>\S+/\S+) `(?P<path>[^`]+)` @(?P<commit>[0-9a-f]+) (?P<date>\d{4}-\d\d-\d\d)"
    r"(?: \((?P<note>.+)\))?"
)
_PARTS = ("repository", "path", "commit", "date", "note")
_FOLDER_REMEDY = "Give the folder that holds the publishers' files."
_PREAMBLE = (
    "# Where each bundled file came from. Written by `python -m tools.snapshot_build FOLDER`;\n"
    "# edit plan.yml and run that instead of editing this.\n"
)


_BESIDE = frozenset({"numbers", "later"})
"""Keys of an entry that name a further file."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of PROVENANCE.md. `origin` is empty where the row does not say it in full."""

    bytes: int
    sha256: str
    origin: dict[str, str]


def build(folder: Path, into: Path = BUNDLE, plan: Path = PLAN) -> tuple[FiguresSource, ...]:
    """Writes `into/figures/`, `into/reference/` and `into/sources.yml` from the files in `folder`.

    Removes files that the plan no longer names. Returns the sources of the figures. Raises FileRefused, before anything
    is written, where a file is missing, differs from its record in PROVENANCE.md, or cannot be taken over completely.
    """
    declared = yaml.safe_load(plan.read_text(encoding="utf-8"))
    provenance = _provenance(folder)
    written = [_carry_over(folder, entry, declared, provenance) for entry in declared["figures"]]
    beside = [_carry_reference(folder, entry, declared, provenance) for entry in declared.get("reference", ())]

    bodies = {into / source.file: body for source, body in written}
    bodies |= {into / source.file: body for source, body in beside}
    for path, body in bodies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    there = {*(into / "figures").rglob("*.csv"), *(into / "reference").rglob("*.csv")}
    for stale in there - bodies.keys():
        stale.unlink()
    sources = tuple(source for source, _ in written)
    (into / "sources.yml").write_bytes(_sources_bytes(sources, [source for source, _ in beside]))
    return sources


def _carry_over(
    folder: Path,
    entry: Mapping[str, str],
    declared: Mapping[str, Any],
    provenance: Mapping[str, Recorded],
) -> tuple[FiguresSource, bytes]:
    path = folder / entry["source"]
    taken_from = _verified(path, entry, provenance)
    for beside in _BESIDE & entry.keys():
        _check(folder / entry[beside], entry[beside], provenance)
    reading = read(path, entry)
    publisher = declared["publishers"][entry["publisher"]]
    indicator = entry["indicator"]
    day = f"in the repository on {taken_from.date}" if taken_from.date else ""
    source = FiguresSource(
        file=f"figures/{entry['publisher']}/{entry.get('name', indicator)}.csv",
        publisher=entry["publisher"],
        publisher_name=publisher["name"],
        indicator=indicator,
        title=reading.title,
        release=", ".join(filter(None, (_span(reading), entry.get("release", day)))),
        page=publisher["page"].format(indicator=indicator),
        taken_from=taken_from,
        licence=declared["licence"],
        attribution=publisher["attribution"],
        precision=declared["precisions"][entry["shape"]],
        areas=selection.described(entry),
        rows=len(reading.figures),
        intervals=reading.intervals,
        line_ending=reading.line_ending,
        period_range=reading.period_range,
        compared_to_parent=reading.compared_to_parent,
    )
    return source, figures_bytes(reading.figures)


def _carry_reference(
    folder: Path,
    entry: Mapping[str, Any],
    declared: Mapping[str, Any],
    provenance: Mapping[str, Recorded],
) -> tuple[ReferenceSource, bytes]:
    path = folder / entry["source"]
    taken_from = _verified(path, entry, provenance)
    try:
        table = reference.carry_over(path, entry)
    except ReferenceRefused as refused:
        raise FileRefused(refused.message, refused.remedy) from refused
    publisher = declared["publishers"][entry["publisher"]]
    source = ReferenceSource(
        file=f"reference/{entry['publisher']}/{entry['name']}.csv",
        publisher=entry["publisher"],
        publisher_name=publisher["name"],
        name=entry["name"],
        address=entry.get("address", ""),
        sheet=entry.get("sheet", ""),
        title=entry["title"],
        release=entry["release"],
        page=entry["page"],
        taken_from=taken_from,
        licence=declared["licence"],
        attribution=publisher["attribution"],
        precision=entry["precision"],
        only_ours=entry.get("only_ours", False),
        rows=len(table.rows),
    )
    return source, csv_bytes(table.columns, ([row[column] for column in table.columns] for row in table.rows))


def _span(reading: Reading) -> str:
    # Labels of one indicator have one form, so they sort by time.
    periods = [row["period"] for row in reading.figures]
    first, last = min(periods), max(periods)
    return f"periods {first} to {last}" if first != last else f"period {first}"


def _verified(path: Path, entry: Mapping[str, Any], provenance: Mapping[str, Recorded]) -> TakenFrom:
    """Check that the file is the recorded one. Returns its origin, with the complete SHA-256."""
    recorded = _check(path, entry["source"], provenance)
    origin = recorded.origin | entry.get("origin", {})
    if missing := [part for part in _PARTS if part not in origin]:
        raise FileRefused(
            f"PROVENANCE.md does not say the {', '.join(missing)} of {path}.",
            "Write them there as in the other rows, or as `origin` of the file's entry in plan.yml.",
        )
    return TakenFrom(**origin, sha256=recorded.sha256, bytes=recorded.bytes)


def _check(path: Path, name: str, provenance: Mapping[str, Recorded]) -> Recorded:
    """The file's record, with the complete SHA-256. Raises FileRefused where the file is another one."""
    if not path.is_file():
        raise FileRefused(f"{path} is not there.", _FOLDER_REMEDY)
    if name not in provenance:
        raise FileRefused(f"{path} is not in PROVENANCE.md.", "Record where it was taken from.")
    recorded = provenance[name]
    body = path.read_bytes()
    sha256 = hashlib.sha256(body).hexdigest()
    if len(body) != recorded.bytes or not sha256.startswith(recorded.sha256):
        raise FileRefused(
            f"{path} has {len(body):,} bytes and SHA-256 {sha256[:16]}, but PROVENANCE.md records "
            f"{recorded.bytes:,} and {recorded.sha256}.",
            "Fetch the file again from its origin, or record its present size and hash.",
        )
    return replace(recorded, sha256=sha256)


def _provenance(folder: Path) -> dict[str, Recorded]:
    """The records of PROVENANCE.md by file name. Their SHA-256 is only the beginning of the hash."""
    path = folder / "PROVENANCE.md"
    if not path.is_file():
        raise FileRefused(f"{path} is not there.", _FOLDER_REMEDY)
    found = {}
    for row in _PROVENANCE_ROW.finditer(path.read_text(encoding="utf-8")):
        origin = _ORIGIN.fullmatch(row["origin"])
        found[row["file"]] = Recorded(
            bytes=int(row["bytes"].replace(",", "")),
            sha256=row["sha"],
            origin={part: origin[part] or "" for part in _PARTS} if origin else {},
        )
    return found


def _sources_bytes(sources: Sequence[FiguresSource], beside: Sequence[ReferenceSource]) -> bytes:
    entries = {
        "reference": [reference.as_entry(source) for source in beside],
        "figures": [as_entry(source) for source in sources],
    }
    text: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=110)
    return (_PREAMBLE + text).encode("utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0 written, 1 refused."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.snapshot_build",
        description="Carry published figures from the publishers' files in FOLDER into the bundled snapshot.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the files, with PROVENANCE.md")
    folder: Path = parser.parse_args(arguments).folder
    try:
        sources = build(folder)
    except FileRefused as refused:
        print(f"Nothing was written. {refused}", file=sys.stderr)
        return 1
    size = sum((BUNDLE / source.file).stat().st_size for source in sources)
    figures = sum(source.rows for source in sources)
    print(f"{len(sources)} figures files, {figures:,} figures, {size:,} bytes in {BUNDLE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
