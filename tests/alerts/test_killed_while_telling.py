"""`kill -9` at each step of a notification: the next one sends what is missing, once where that can be known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid

import pytest

from atf_dagster.alerts import ledger, notify, outbox
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings
from support.channels import Webhook
from support.home import environment

LOOK = """
import os, signal, sys
from atf_dagster import settings
from atf_dagster.alerts import channels, ledger, notify, outbox

def die(*anything, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def after(act):
    def done(*anything, **named):
        act(*anything, **named)
        die()
    return done

moment = sys.argv[2]
if moment == "before the digest":
    outbox.keep = die
elif moment == "between digest and ledger":
    ledger.write = die
elif moment == "between ledger and delivery":
    outbox.deliver = die
elif moment == "after delivery":
    outbox.send = after(outbox.send)
notify.after_run(settings.load(), sys.argv[1])
"""
MOMENTS = ["before the digest", "between digest and ledger", "between ledger and delivery", "after delivery"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_look_is_made_good_by_the_next(home: Settings, webhook: Webhook, moment: str) -> None:
    of = home.model_copy(update={"alerts": webhook.url})
    run_id = str(uuid.uuid4())
    Refresh(of, run_id).finish("failed", message="landing: no answer", remedy="Ask again.", error="")
    with webhook.open():
        done = subprocess.run(
            [sys.executable, "-c", LOOK, run_id, moment],
            env=environment(home.home, {"ATF_ALERTS": webhook.url}),
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        told_before = len(webhook.received)
        notify.after_run(of, run_id)
        notify.watch(of)
        notify.watch(of)
    folder = notify.folder_of(of)
    kept = ledger.read(folder)
    assert (kept.sequence, [entry.alert.kind for entry in kept.open]) == (1, ["refresh-failed"])
    assert outbox.numbers(folder) == [1]
    # A message whose delivery could not be recorded is sent again, so that it is not lost.
    assert told_before == (moment == "after delivery")
    assert len(webhook.received) == 1 + told_before
    assert {message["title"] for message in webhook.received} == {webhook.received[0]["title"]}
    assert os.listdir(folder / "digests")
