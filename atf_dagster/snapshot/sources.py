"""What `sources.yml` says of each bundled figures file: whose figures, where from, under which licence.

Belongs here: the record and its reading. Does not belong here: writing it (`build.py`) and the figures
themselves (`figures.py`).
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.files import read_yaml

BUNDLE = Path(__file__).parent
"""The folder that holds `sources.yml` and `figures/`."""


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """The public repository from which the publisher's file was taken."""

    repository: str  # owner/name on GitHub
    path: str  # inside the repository
    commit: str  # as much of the hash as is known
    date: str  # of the commit, ISO
    sha256: str  # of the file, in full
    bytes: int  # size of the file


@dataclass(frozen=True, slots=True)
class FiguresSource:
    """One figures file, and all that is needed to name its publisher and to answer in its format."""

    file: str  # inside BUNDLE, for example figures/ons_els/employment-rate.csv
    publisher: str  # short name, the folder under figures/
    publisher_name: str
    indicator: str  # the publisher's own id: a number at Fingertips, a slug at Explore Local Statistics
    title: str  # the indicator's name as in the file
    release: str
    page: str  # the publisher's own page
    taken_from: TakenFrom
    licence: str
    attribution: str
    precision: str  # what was lost on the way, if anything
    areas: str  # which areas it holds, and of how much
    rows: int
    intervals: bool  # whether the publisher gives confidence limits with this indicator, in the file at hand
    line_ending: str  # of the answer: LF or CRLF
    period_range: str  # Fingertips: length of a period, for example 3y; empty elsewhere
    compared_to_parent: str  # Fingertips: the comparison with the parent area, one text for all rows


def load_sources(bundle: Path = BUNDLE) -> tuple[FiguresSource, ...]:
    """Every figures file in `bundle`, in the order of `sources.yml`.

    Raises FileNotFoundError when there is no `sources.yml`, and TypeError when an entry lacks a field or has
    one too many.
    """
    entries = read_yaml(bundle / "sources.yml")
    return tuple(_source(entry) for entry in entries["figures"])


def as_entry(source: FiguresSource) -> dict[str, Any]:
    """The entry of `sources.yml` for a figures file."""
    return dataclasses.asdict(source)


def _source(entry: dict[str, Any]) -> FiguresSource:
    return FiguresSource(**{**entry, "taken_from": TakenFrom(**entry["taken_from"])})
