"""Every digest is delivered in the end: tried again, folded, sent to a second channel, and kept in the home."""

from __future__ import annotations

from pathlib import Path

from problems_made import alert

from atf_dagster.alerts import ledger, outbox
from atf_dagster.alerts.alert import Alert
from atf_dagster.alerts.channels import channels
from atf_dagster.alerts.digest import Digest
from atf_dagster.alerts.ledger import Ledger
from atf_dagster.alerts.outbox import MISSES, Delivery
from support.channels import MailServer, Webhook

SOURCES = frozenset({"source"})


class Desk:
    """Notifications of a home without refreshes. Each call of `look` is one; it makes a digest if something changed."""

    def __init__(self, folder: Path, first: str, second: str = "") -> None:
        self.folder, self.first, self.second = folder, first, second
        self.day = 0

    def compare(self, *found: Alert) -> list[Delivery]:
        self.day += 1
        at = f"2026-11-{self.day:02d}T06:00:00+00:00"
        kept, difference = ledger.read(self.folder).compare(found, SOURCES, at)
        if difference.has_changes:
            digest = Digest(
                number=kept.sequence + 1,
                at=at,
                mode="live",
                new=difference.new,
                changed=difference.changed,
                resolved=difference.resolved,
                still_open=difference.still_open,
            )
            outbox.keep(self.folder, digest, str(self.folder))
            kept = Ledger(sequence=digest.number, open=kept.open)
        ledger.write(self.folder, kept)
        return outbox.deliver(
            self.folder,
            kept,
            channels(self.first),
            channels(self.second),
            at=at,
            pages=str(self.folder),
            mode="live",
        )


def titles(webhook: Webhook) -> list[str]:
    return [message["title"].removeprefix("[All Together Fairer] ") for message in webhook.received]


def test_one_message_when_it_comes_none_while_it_stays_one_when_it_is_over(tmp_path: Path, webhook: Webhook) -> None:
    desk = Desk(tmp_path, webhook.url)
    with webhook.open():
        desk.compare(alert("a.all"))
        desk.compare(alert("a.all"))
        desk.compare(alert("a.all"))
        desk.compare()
        desk.compare()
    assert titles(webhook) == ["1 new", "1 resolved"]
    assert "seen 3 times" in webhook.received[1]["message"]


def test_a_channel_that_was_down_gets_it_all_when_it_is_back_and_only_once(tmp_path: Path, webhook: Webhook) -> None:
    desk = Desk(tmp_path, webhook.url)
    with webhook.open():
        desk.compare(alert("a.all"))
    (state,) = desk.compare(alert("a.all"), alert("b.all"))
    assert (state.misses, state.notified) == (1, 1)
    desk.compare(alert("b.all"), alert("c.all"))
    (state,) = desk.compare(alert("b.all"))
    assert state.misses == 3
    with webhook.open():
        (state,) = desk.compare(alert("b.all"))
        desk.compare(alert("b.all"))
    assert state.misses == 0
    assert titles(webhook) == ["1 new", "1 new, 1 resolved, 1 opened and resolved"]
    caught_up = webhook.received[1]["message"]
    assert caught_up.index("b.all") < caught_up.index("RESOLVED") < caught_up.index("a.all")
    assert "OPENED AND RESOLVED" in caught_up and "c.all" in caught_up


def test_a_channel_set_later_is_told_what_is_open(tmp_path: Path, webhook: Webhook) -> None:
    Desk(tmp_path, "").compare(alert("a.all"))
    desk = Desk(tmp_path, webhook.url)
    with webhook.open():
        desk.compare(alert("a.all"))
        desk.compare(alert("a.all"))
    assert titles(webhook) == ["1 new"]


def test_after_three_misses_the_second_channel_is_told_once_and_why(
    tmp_path: Path, webhook: Webhook, mail: MailServer
) -> None:
    desk = Desk(tmp_path, webhook.url, mail.url)
    with mail.open():
        for _ in range(MISSES - 1):
            desk.compare(alert("a.all"))
        assert not mail.mails
        desk.compare(alert("a.all"))
        desk.compare(alert("a.all"))
    (got,) = mail.mails
    page = got.get_body(("html",))
    assert page is not None
    assert "a.all" in page.get_content() and "has not accepted a message since" in page.get_content()


def test_that_alerts_cannot_be_delivered_is_a_problem_of_its_own(tmp_path: Path, webhook: Webhook) -> None:
    desk = Desk(tmp_path, webhook.url)
    for _ in range(MISSES - 1):
        states = desk.compare(alert("a.all"))
    assert outbox.undelivered(states) == []
    (found,) = outbox.undelivered(desk.compare(alert("a.all")))
    assert found.kind == "alerts-undelivered"
    assert f":{webhook.port}" not in found.message + found.place
    with webhook.open():
        assert outbox.undelivered(desk.compare(alert("a.all"))) == []


def test_an_owner_s_channel_hears_of_its_own_and_nothing_else(tmp_path: Path, webhook: Webhook) -> None:
    desk = Desk(tmp_path, f"analysts={webhook.url}")
    with webhook.open():
        desk.compare(alert("a.all"))
        desk.compare(alert("a.all"), alert("b.all", owner="analysts"))
    (got,) = webhook.received
    assert "b.all" in got["message"] and "a.all" not in got["message"]


def test_without_any_channel_the_digest_is_in_the_house(tmp_path: Path) -> None:
    Desk(tmp_path, "").compare(alert("a.all"))
    assert "a.all" in (tmp_path / "digests" / "000001.txt").read_text("utf-8")
    assert "a.all" in (tmp_path / "digests" / "000001.html").read_text("utf-8")
    assert outbox.read(tmp_path, 1) is not None


def test_a_digest_that_a_killed_look_wrote_and_no_ledger_names_is_not_delivered(
    tmp_path: Path, webhook: Webhook
) -> None:
    desk = Desk(tmp_path, webhook.url)
    with webhook.open():
        desk.compare(alert("a.all"))
        outbox.keep(tmp_path, Digest(number=2, at="x", mode="live", quiet="from a killed look"), "")
        desk.compare(alert("a.all"))
        desk.compare()
    assert titles(webhook) == ["1 new", "1 resolved"]


def test_no_record_of_delivery_holds_an_address(tmp_path: Path, webhook: Webhook) -> None:
    url = webhook.url.replace("//", "//user:canary-5f1c9e77@")
    Desk(tmp_path, url).compare(alert("a.all"))
    kept = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.*") if path.is_file())
    assert "canary-5f1c9e77" not in kept and str(webhook.port) not in kept
