"""`atf alerts` and `atf watch` as people type them: in a home with open alerts, with a channel, and without."""

from __future__ import annotations

import json

import pytest

from atf_dagster.alerts import notify
from atf_dagster.cli import main
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings
from support.channels import Webhook


@pytest.fixture
def atf(home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Runs the command in the home; returns exit code, output and errors."""
    monkeypatch.setenv("ATF_HOME", str(home.home))
    for name in ("ATF_ALERTS", "ATF_ALERTS_SECOND", "ATF_MODE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, **settings: str) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def fail(settings: Settings, run_id: str) -> None:
    Refresh(settings, run_id).finish(
        "failed", message="landing: no answer", remedy="Ask again.", error="NoPublisherAnswered"
    )


def test_a_watch_of_a_quiet_house_ends_with_0_and_of_a_troubled_one_with_1(atf, home: Settings) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = atf("watch")
    assert (code, out) == (0, "Alerts: no message (nothing is new, changed or resolved since the last message)\n")
    fail(home, "one")
    notify.after_run(home, "one")
    code, out, _ = atf("watch")
    assert code == 1
    assert "critical: refresh: failed" in out
    assert "What to do: Ask again. (docs/runbook.md#refresh-failed)" in out
    assert atf("watch", "--quiet") == (1, "", "")


def test_digests_are_listed_and_shown(atf, home: Settings) -> None:  # type: ignore[no-untyped-def]
    fail(home, "one")
    notify.after_run(home, "one")
    code, out, _ = atf("alerts", "list")
    assert code == 0
    assert "1 CRITICAL, 1 new" in out
    assert "Open now: 1 alerts." in out and "No channel is set (ATF_ALERTS)" in out
    code, out, _ = atf("alerts", "show")
    assert code == 0 and "landing: no answer" in out
    code, _, err = atf("alerts", "show", "9")
    assert code == 1 and "Choose one of these: 1." in err


def test_programs_get_it_as_json(atf, home: Settings) -> None:  # type: ignore[no-untyped-def]
    fail(home, "one")
    notify.after_run(home, "one")
    notified = json.loads(atf("watch", "--json")[1])
    assert [alert["kind"] for alert in notified["open"]] == ["refresh-failed"]
    listed = json.loads(atf("alerts", "list", "--json")[1])
    assert listed["digests"] == [1] and listed["open"][0]["times"] == 1


def test_a_channel_is_tried_and_a_dead_one_is_told_without_its_address(atf, webhook: Webhook) -> None:  # type: ignore[no-untyped-def]
    url = webhook.url.replace("//", "//user:canary-5f1c9e77@")
    with webhook.open():
        code, out, _ = atf("alerts", "test", ATF_ALERTS=url)
    assert code == 0 and "accepted the message" in out
    assert "Nothing is broken" in webhook.received[0]["message"]
    code, out, err = atf("alerts", "test", ATF_ALERTS=url)
    assert code == 1
    assert "canary" not in out + err and str(webhook.port) not in out + err


def test_what_waits_is_sent_when_somebody_says_so(atf, home: Settings, webhook: Webhook) -> None:  # type: ignore[no-untyped-def]
    fail(home, "one")
    notify.after_run(home, "one")
    code, out, _ = atf("alerts", "send", ATF_ALERTS=webhook.url)
    assert code == 1 and "did not take its message" in out
    assert "fails since" in atf("alerts", "list")[1]
    with webhook.open():
        atf("alerts", "send")
    assert len(webhook.received) == 1
    assert "got every digest up to 1" in atf("alerts", "list")[1]


def test_a_slip_in_the_setting_stops_a_refresh_before_any_work(atf, home: Settings) -> None:  # type: ignore[no-untyped-def]
    code, _, err = atf("refresh", ATF_ALERTS="analyst=json://127.0.0.1/")
    assert code == 1
    assert "for analyst, and nothing has that owner" in err
    assert not home.landing.exists()
