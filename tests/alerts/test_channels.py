"""Channels are set by address, and no address is ever shown: not by the check of the settings, not in a failure."""

from __future__ import annotations

import logging
import socket

import pytest

from atf_dagster.alerts.channels import Channel, Undelivered, channels, send
from atf_dagster.settings import Settings, SettingsError, load
from support.channels import MailServer, Webhook

SECRET = "canary-5f1c9e77"


def test_channels_are_separated_by_spaces_and_may_have_owners() -> None:
    first, second, third = channels(
        "mailto://a.example.org  analysts=jsons://b.example.org/x publisher,data-engineers=slack://c/d/e"
    )
    assert (first.kind, first.owners) == ("mailto", ())
    assert (second.url, second.owners) == ("jsons://b.example.org/x", ("analysts",))
    assert third.owners == ("publisher", "data engineers")


@pytest.mark.parametrize("entry", ["mail.example.org", "analysts=", "analysts=mail.example.org"])
def test_an_entry_that_is_no_address_is_refused_by_its_number(entry: str) -> None:
    with pytest.raises(SettingsError, match="Entry 2 of ATF_ALERTS is not the address") as refusal:
        channels(f"json://a.example.org {entry}{SECRET}")
    assert SECRET not in str(refusal.value)


def test_an_owner_that_nothing_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"for analyst,.*data-engineers") as refusal:
        channels(f"analyst=json://{SECRET}.example.org")
    assert SECRET not in str(refusal.value)


def test_settings_never_show_what_may_hold_a_secret() -> None:
    of = load(
        {
            "ATF_ALERTS": f"slack://{SECRET}",
            "ATF_ALERTS_SECOND": f"mailto://user:{SECRET}@example.org",
            "ATF_HEARTBEAT_URL": f"https://example.org/{SECRET}",
        }
    )
    assert SECRET in of.alerts and SECRET in of.alerts_second and SECRET in of.heartbeat_url
    assert SECRET not in repr(of)
    assert SECRET not in repr(channels(of.alerts)) + channels(of.alerts)[0].name


@pytest.mark.parametrize("name", ["ATF_HEARTBEAT_URL", "ATF_PAGES_URL"])
@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org", "http://127.0.0.1.example.org/x"])
def test_addresses_are_over_tls_or_on_this_machine(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=name) as refusal:
        load({name: url})
    assert url not in str(refusal.value)
    assert isinstance(load({name: "http://127.0.0.1:8080/x"}), Settings)


def test_a_webhook_gets_title_and_text(webhook: Webhook) -> None:
    with webhook.open():
        send(Channel(webhook.url, "json"), "A title", "A text & <more>", "<p>no</p>", is_failure=True)
    (got,) = webhook.received
    assert (got["title"], got["message"], got["type"]) == ("A title", "A text & <more>", "failure")


def test_mail_gets_the_page_and_a_subject_of_one_line(mail: MailServer) -> None:
    with mail.open():
        send(Channel(mail.url, "mailto"), "A title", "A text", "<p>A <b>page</b></p>", is_failure=False)
    (got,) = mail.mails
    assert got["Subject"] == "A title"
    assert got["To"] and "team@example.org" in got["To"]
    html = got.get_body(("html",))
    assert html is not None and "<p>A <b>page</b></p>" in html.get_content()


def test_a_channel_that_is_not_there_says_so_without_its_address(
    webhook: Webhook, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for url in (f"json://user:{SECRET}@127.0.0.1:{webhook.port}/{SECRET}", mail.url.replace("//", f"//u:{SECRET}@")):
        with pytest.raises(Undelivered) as failure:
            send(Channel(url, url.split(":")[0]), "t", "t", "t", is_failure=False)
        assert str(failure.value)
        assert SECRET not in str(failure.value)
        assert "127.0.0.1" not in str(failure.value)
    assert SECRET not in "".join(record.getMessage() for record in caplog.records)


def test_a_channel_that_refuses_is_told_with_its_status(webhook: Webhook) -> None:
    webhook.status = 503
    with webhook.open(), pytest.raises(Undelivered, match="503"):
        send(Channel(webhook.url, "json"), "t", "t", "t", is_failure=False)


def test_a_channel_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:  # accepts, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"json://127.0.0.1:{silent.getsockname()[1]}/?cto=1&rto=1"
        with pytest.raises(Undelivered):
            send(Channel(url, "json"), "t", "t", "t", is_failure=False)


def test_an_address_that_no_plug_in_knows_is_told_as_one() -> None:
    with pytest.raises(Undelivered, match="does not understand the address"):
        send(Channel(f"nosuchthing://{SECRET}", "nosuchthing"), "t", "t", "t", is_failure=False)


def test_a_chat_with_short_messages_gets_whole_lines_and_is_told_where_the_rest_is(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 200)
    with webhook.open():
        send(Channel(webhook.url, "json"), "t", "\n".join(f"line {n}" for n in range(100)), "", is_failure=False)
    lines = webhook.received[0]["message"].splitlines()
    assert lines[-1] == "(cut here: `atf alerts show` prints all of it)"
    assert lines[:-1] == [f"line {n}" for n in range(len(lines) - 1)]
