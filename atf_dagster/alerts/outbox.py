"""Digests, kept in the house and brought to every channel, however long a channel is down.

    digests/000012.json, .txt, .html   what was told; the text and the page are there even without any channel
    delivery.json                      how far each channel is, and what keeps it from going on

Belongs here: keeping, delivering, trying again, the second channel. Does not belong here: what is told (`digest`), how
a channel is spoken to (`channels`).
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
"""Deliveries in a row that fail before the second channel is told."""
KEPT = 400


@dataclass(frozen=True)
class Delivery:
    """How far one channel is. `told` is the last digest that it got, `second` the last that went elsewhere for it."""

    name: str
    notified: int
    misses: int = 0
    failing_since: str = ""
    error: str = ""
    second: int = 0


def keep(folder: Path, digest: Digest, pages: str) -> None:
    """Write a digest down, as data and for people."""
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
    """The digests that there are, oldest first."""
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
    """Bring every channel up to the ledger; what failed is tried again at the next look.

    A channel that is new is told everything that is open. After MISSES failures in a row the second channels get what
    the failing one should have had; it gets it itself when it is back. Returns how far each channel is now.
    """
    known = deliveries(folder)
    now: dict[str, Delivery] = {}
    for channel in channels:
        state = known.get(channel.id)
        digest = _due(folder, ledger, state, at, mode)
        if state is None:
            state = Delivery(channel.name, notified=0)
        now[channel.id] = _bring(channel, state, digest, ledger, second, at=at, pages=pages)
        write_atomic(folder / "delivery.json", _as_json({**known, **now}))
    if known and set(known) - set(now):
        write_atomic(folder / "delivery.json", _as_json(now))
    return list(now.values())


def undelivered(found: Sequence[Delivery]) -> list[Alert]:
    """One problem a channel that failed so often that nobody can rely on it."""
    return [
        Alert(
            key=f"channel/{delivery.name}",
            kind="alerts-undelivered",
            severity="critical",
            owner="data engineers",
            place=delivery.name,
            headline="alerts cannot be delivered",
            message=f"{delivery.misses} deliveries in a row failed: {delivery.error}. Nothing is lost: what should "
            "have been told waits, and is in the house's own folder of digests.",
            remedy="Mend the channel or its address in the settings and try it with `atf alerts test`; what waits goes "
            "out with the next refresh, or with `atf alerts send`.",
            since=delivery.failing_since,
            state="down",
            runbook="alerts-undelivered",
        )
        for delivery in found
        if delivery.misses >= MISSES
    ]


def _due(folder: Path, ledger: Ledger, state: Delivery | None, at: str, mode: str) -> Digest | None:
    """What a channel has not been told yet, as one digest."""
    if state is None:
        newest = read(folder, ledger.sequence)
        return replace(
            newest or Digest(ledger.sequence, at, mode), new=ledger.open, changed=(), resolved=(), still_open=()
        )
    waiting = [digest for number in range(state.notified + 1, ledger.sequence + 1) if (digest := read(folder, number))]
    return fold(waiting) if waiting else None


def _bring(
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
        if state.misses >= MISSES and state.second < ledger.sequence and _tell_second(second, theirs, state, pages):
            state = replace(state, second=ledger.sequence)
        return state
    return Delivery(state.name, notified=ledger.sequence)


def _tell_second(second: Sequence[Channel], digest: Digest, state: Delivery, pages: str) -> bool:
    """Whether one of the second channels took what the first one could not."""
    note = f"This should have gone to {state.name}, which has not taken a message since {state.failing_since[:16]} UTC."
    notified = False
    for channel in second:
        try:
            _send(channel, replace(digest, quiet=note), pages)
            notified = True
        except Undelivered:
            continue  # the first channel's failure is the one that is told; both are tried again at the next look
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
