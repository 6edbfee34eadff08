"""What a step of the story recorded, and the few questions that several tests put to it.

Belongs here: records and look-ups. Does not belong here: what happens (`conftest`), assertions on it (the tests).
"""

from __future__ import annotations

from dataclasses import dataclass

from bad_inputs import Fault
from homes import Ended, Home, Record

from atf_dagster import catalogue

Heard = dict[str, list[dict[str, str]]]
"""Step of the story -> the messages that it sent."""

FIGURES = """
    select o.* from mart.fct_observation as o inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id
    where v.dataset = ? order by all
"""


@dataclass(frozen=True)
class Damaged:
    """The refresh in which every fault happens at once, and what the home says of it before the repair."""

    ended: Ended
    faults: dict[str, Fault]
    diagnoses: dict[str, str]
    """Dataset -> what `atf diagnose` prints."""
    status: str
    bytes_sent: dict[str, int]
    asked: dict[str, list[dict[str, str]]]
    """Source id -> the headers of each request."""


@dataclass(frozen=True)
class Unchanged:
    """A refresh with nothing new, and the home before and after it."""

    ended: Ended
    versions: tuple[list[str], list[str]]
    raw_files: tuple[dict[str, int], dict[str, int]]
    vintages: tuple[dict[str, int], dict[str, int]]


def source_id(dataset: str) -> str:
    return catalogue.load().dataset(dataset)[1].source_id


def indicator_of(dataset: str) -> str:
    return catalogue.load().dataset(dataset)[1].indicators[0]


def part_of(dataset: str) -> str:
    """The part that carries the councils."""
    return catalogue.load().dataset(dataset)[0].parts[0].id


def receipt(home: Home, dataset: str, run_id: str) -> Record:
    """The one receipt that a run left for the main part of a dataset."""
    (found,) = home.attempts(dataset, part_of(dataset), run_id)
    return dict(found)


def vintage_name(vintage: Record) -> str:
    """The vintage_id of the mart for a line of vintages.jsonl."""
    return f"{vintage['dataset']}.{vintage['part']}.{vintage['sequence']:04d}.{vintage['sha256'][:12]}"


def says(words: tuple[str, ...], text: str) -> bool:
    """Whether a message holds the words that carry its meaning, all of them."""
    missing = [word for word in words if word.lower() not in text.lower()]
    assert not missing, f"{missing} are not in: {text}"
    return True
