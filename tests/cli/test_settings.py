"""A wrong setting is refused by its name with what would do, before any work; a secret is never repeated."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from atf_dagster.settings import PROJECT, Settings, SettingsError, load

SECRET = "canary-5ec2e7"
LIVE = {"ATF_MODE": "live"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ATF_KEEP_RELEASE", "ATF_KEEP_RELEASES"),
        ("ATF_ALERT", "ATF_ALERTS"),
        ("ATF_REFRESHAT", "ATF_REFRESH_AT"),
        ("ATF_FINGERTIP_URL", "ATF_FINGERTIPS_URL"),
        ("ATF_ONS_BETA_FILE_URL", "ATF_ONS_BETA_FILES_URL"),
        ("ATF_STATXPLORE_KEY", "ATF_STAT_XPLORE_KEY"),
    ],
)
def test_a_misspelt_setting_is_refused_with_what_was_probably_meant(name: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load({**LIVE, name: SECRET})
    assert str(refusal.value) == f"{name} is not a setting; did you mean {meant}?"


@pytest.mark.parametrize("name", ["ATF_ZZZ", "ATF_SERVICE_URLS", "ATF_KEYS", "ATF_REPLACE_LIVE"])
def test_a_setting_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not a setting"):
        load({name: "x"})


def test_a_key_for_a_service_that_takes_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="ATF_FINGERTIPS_KEY is not a setting"):
        load({"ATF_FINGERTIPS_KEY": SECRET})


def test_every_wrong_setting_gets_its_own_sentence() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"ATF_ATTEMPTS": "2.5", "ATF_QUIET_DAYS": "nan", "ATF_KEEP_RUNS": "-2", "ATF_REFRESH_AT": "01:30"})
    assert sorted(str(refusal.value).splitlines()) == [
        "ATF_ATTEMPTS is '2.5'; it must be a whole number.",
        "ATF_KEEP_RUNS is '-2'; it must not be negative.",
        "ATF_QUIET_DAYS is 'nan'; it must be a number.",
        "ATF_REFRESH_AT is '01:30'; it must be a time such as 06:00, and not before 03:00.",
    ]


def test_a_service_url_in_snapshot_mode_is_refused_and_its_value_not_repeated() -> None:
    url = {"ATF_NOMIS_URL": f"https://user:{SECRET}@example.org"}
    with pytest.raises(SettingsError) as refusal:
        load(url)
    assert str(refusal.value) == (
        "ATF_NOMIS_URL must not be set in snapshot mode, which asks no publisher: unset it, or set ATF_MODE=live."
    )
    assert load({**url, **LIVE}).service_urls == {"nomis": url["ATF_NOMIS_URL"]}


def test_services_are_asked_where_their_variables_say() -> None:
    found = load(
        {
            **LIVE,
            "ATF_ONS_BETA_URL": "http://127.0.0.1:1/",
            "ATF_ONS_BETA_FILES_URL": "http://127.0.0.1:2",
            "ATF_GOVUK_URL": "",
            "ATF_NOMIS_KEY": SECRET,
            "ATF_SKIP_SERVICES": "ees, ukhsa,",
        }
    )
    assert found.service_urls == {"ons_beta": "http://127.0.0.1:1", "ons_beta_files": "http://127.0.0.1:2"}
    assert found.keys == {"nomis": SECRET}
    assert found.skip_services == {"ees", "ukhsa"}
    assert SECRET not in repr(found)


def test_what_the_program_sets_for_dbt_is_no_misspelt_setting() -> None:
    assert load({"ATF_RAW": "/somewhere", "ATF_WAREHOUSE": "/somewhere"}) == load({})


def test_an_empty_variable_leaves_the_default() -> None:
    assert load(dict.fromkeys(("ATF_HOME", "ATF_MODE", "ATF_ATTEMPTS", "ATF_MAX_BYTES", "ATF_REFRESH_AT"), "")) == load(
        {}
    )
    assert load({}).home == (PROJECT / ".atf").resolve()


def test_settings_made_in_the_program_do_not_hang_on_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "ATF_ATTEMPTS", "9")
    assert load().attempts == 9
    assert Settings(home=tmp_path).attempts == 5


def test_settings_do_not_change_once_made(tmp_path: Path) -> None:
    made = Settings(home=tmp_path)
    with pytest.raises(ValidationError):
        made.mode = "live"  # type: ignore[misc]
    assert made.model_copy(update={"attempts": 1}).attempts == 1 and made.attempts == 5
