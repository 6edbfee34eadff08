"""Calls an address of the settings after each refresh.

The service at that address, such as Healthchecks, alerts people when no call comes.

Belongs here: the call and how it ended. Does not belong here: noticing on this machine that nothing ran (`atf watch`).
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

from atf_dagster.alerts.outbox import Delivery
from atf_dagster.files import write_atomic
from atf_dagster.old_names import current_names

SECONDS = 10.0
NAME = "heartbeat"


def read(folder: Path) -> Delivery:
    path = folder / "heartbeat.json"
    return (
        Delivery(**current_names(json.loads(path.read_text("utf-8")))) if path.exists() else Delivery(NAME, notified=0)
    )


def beat(folder: Path, url: str, outcome: str, at: str) -> Delivery:
    """Send the outcome of the refresh to the address. A failure is counted and never stops a refresh.

    The address may contain a secret, so the text of a failure does not contain the address.
    """
    import requests

    state = read(folder)
    try:
        answer = requests.post(url, data=outcome.encode(), timeout=SECONDS, allow_redirects=False)
        failure = "" if answer.ok else f"it answered with status {answer.status_code}"
    except requests.RequestException as error:
        failure = type(error).__name__
    if failure:
        state = replace(state, misses=state.misses + 1, failing_since=state.failing_since or at, error=failure)
    else:
        state = Delivery(NAME, notified=state.notified + 1)
    write_atomic(folder / "heartbeat.json", json.dumps(asdict(state)) + "\n")
    return state
