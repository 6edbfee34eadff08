"""Keeps digests in the home and delivers them to every channel, also after a channel was down for long.

    digests/000012.json, .txt, .html   the digests; text and page are written even if no channel is set
    delivery.json                      the last digest that each channel got, and the error of a failing channel

Belongs here: keeping, delivering, trying again, the second channel. Does not belong here: the content of a digest
(`digest`), sending one message (`channels`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from atf_dagster.alerts import render
from atf_dagster.alerts.alert import Alert
from atf_dagster.alerts.channels import Channel, Undelivered, send
from atf_dagster.alerts.digest import Digest, fold
from atf_dagster.alerts.ledger import Ledger
from atf_dagster.files import write_atomic
from atf_dagster.old_names import current_names

MISSES = 3
"""After so many failures in a row the second channels get the message."""
KEPT = 400


@dataclass(frozen=True)
class Delivery:
    """The state of one channel. notified: its last digest. second: the last one that second channels got for it."""

    name: str
    notified: int
    misses: int = 0
    failing_since: str = ""
    error: str = ""
    second: int = 0


def keep(folder: Path, digest: Digest, pages: str) -> None:
    """Write a digest to files: JSON for programs, text and HTML for people."""
    path = folder / "digests" / f"{digest.number:06d}"
    write_atomic(path.with_suffix(".txt"), f"{render.subject(digest)}\n\n{render.text(digest, pages)}")
    write_atomic(path.with_suffix(".html"), render.html(digest, pages, most=10_000))
    write_atomic(path.with_suffix(".json"), json.dumps(digest.as_json(), ensure_ascii=False, indent=1) + "\n")
    for old in sorted((folder / "digests").glob("*.*"))[: -3 * KEPT]:
        old.unlink()


def read(folder: Path, number: int) -> Digest | None:
    path = folder / "digests" / f"{number:06d}.json"
    return Digest.from_json(json.loads(path.read_text("utf-8"))) if path.exists() else None


def numbers(folder: Path) -> list[int]:
    """The numbers of the kept digests, oldest first."""
    return sorted(int(path.stem) for path in (folder / "digests").glob("*.json"))


def deliveries(folder: Path) -> dict[str, Delivery]:
    path = folder / "delivery.json"
    if not path.exists():
        return {}
    return {id: Delivery(**current_names(record)) for id, record in json.loads(path.read_text("utf-8")).items()}


def deliver(
    folder: Path,
    ledger: Ledger,
    channels: Sequence[Channel],
    second: Sequence[Channel],
    *,
    at: str,
    pages: str,
    mode: str,
) -> list[Delivery]:
    """Deliver to every channel what it has not got yet. The next notification tries again what failed.

    A new channel gets all open alerts. After MISSES failures in a row the second channels get the message of the
    failing channel, which gets it too when it works again. Returns the state of each channel.
    """
    known = deliveries(folder)
    now: dict[str, Delivery] = {}
    for channel in channels:
        state = known.get(channel.id)
        digest = _due(folder, ledger, state, at, mode)
        if state is None:
            state = Delivery(channel.name, notified=0)
        now[channel.id] = _deliver_to(channel, state, digest, ledger, second, at=at, pages=pages)
        write_atomic(folder / "delivery.json", _as_json({**known, **now}))
    if known and set(known) - set(now):
        write_atomic(folder / "delivery.json", _as_json(now))
    return list(now.values())


def undelivered(found: Sequence[Delivery]) -> list[Alert]:
    """One alert for each channel that failed MISSES times in a row or more."""
    return [
        Alert(
            key=f"channel/{delivery.name}",
            kind="alerts-undelivered",
            severity="critical",
            owner="data engineers",
            place=delivery.name,
            headline="alerts cannot be delivered",
            message=f"{delivery.misses} deliveries in a row failed: {delivery.error}. Nothing is lost: the digests "
            "are kept in the home and wait to be sent.",
            remedy="Repair the channel, or its address in the settings, and try it with `atf alerts test`. The next "
            "refresh, or `atf alerts send`, sends what waits.",
            since=delivery.failing_since,
            state="down",
            runbook="alerts-undelivered",
        )
        for delivery in found
        if delivery.misses >= MISSES
    ]


def _due(folder: Path, ledger: Ledger, state: Delivery | None, at: str, mode: str) -> Digest | None:
    """What a channel has not got yet, as one digest."""
    if state is None:
        newest = read(folder, ledger.sequence)
        return replace(
            newest or Digest(ledger.sequence, at, mode), new=ledger.open, changed=(), resolved=(), still_open=()
        )
    waiting = [digest for number in range(state.notified + 1, ledger.sequence + 1) if (digest := read(folder, number))]
    return fold(waiting) if waiting else None


def _deliver_to(
    channel: Channel,
    state: Delivery,
    digest: Digest | None,
    ledger: Ledger,
    second: Sequence[Channel],
    *,
    at: str,
    pages: str,
) -> Delivery:
    theirs = digest.for_owners(channel.owners) if digest is not None else None
    if theirs is None or theirs.is_empty:
        return replace(state, notified=ledger.sequence)
    try:
        _send(channel, theirs, pages)
    except Undelivered as failure:
        state = replace(state, misses=state.misses + 1, failing_since=state.failing_since or at, error=str(failure))
        if state.misses >= MISSES and state.second < ledger.sequence and _notify_second(second, theirs, state, pages):
            state = replace(state, second=ledger.sequence)
        return state
    return Delivery(state.name, notified=ledger.sequence)


def _notify_second(second: Sequence[Channel], digest: Digest, state: Delivery, pages: str) -> bool:
    """Whether one of the second channels got the message of the failing channel."""
    note = f"This message is for {state.name}, which has not accepted a message since {state.failing_since[:16]} UTC."
    notified = False
    for channel in second:
        try:
            _send(channel, replace(digest, quiet=note), pages)
            notified = True
        except Undelivered:
            continue  # people are notified of the first channel's failure; the next notification tries both again
    return notified


def _send(channel: Channel, digest: Digest, pages: str) -> None:
    urgent = any(entry.alert.severity == "critical" for entry in (*digest.new, *digest.changed))
    send(
        channel,
        render.subject(digest),
        render.text(digest, pages),
        render.html(digest, pages),
        is_failure=urgent,
    )


def _as_json(states: dict[str, Delivery]) -> str:
    return json.dumps({id: asdict(state) for id, state in states.items()}, ensure_ascii=False, indent=1) + "\n"
