"""The sign of life: after each refresh an address of the settings is called, so that somebody notices silence.

Belongs here: calling it. Whoever answers there (a dead man's switch of one's own, such as Healthchecks) raises the
alarm when no call comes. Does not belong here: noticing from this machine that nothing ran (`atf watch`).
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
    """Call the address with how the refresh ended; a failure is counted and never stops anything.

    The address may carry a secret, so a failure is told without it.
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
