"""Where a publisher's text is shown to people, and to whom the web server listens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from hostile_publishers import CONTROLS, HOSTILE

from atf_dagster import settings
from atf_dagster.files import read_yaml
from atf_dagster.orchestration import develop
from atf_dagster.orchestration.assets.metadata import line_plot, table
from atf_dagster.settings import Settings
from support.home import PROJECT
from support.server import free_port

TEXTS = [HOSTILE, f"a{CONTROLS}b", "![x](http://evil.example/x.png)", "<img src=x onerror=alert(1)>", "a\n| b | c |\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_of_dagsters_tables_is_neither_markup_nor_another_cell(text: str) -> None:
    lines = table(["name", "value"], [[text, 1]]).value.split("\n")
    assert len(lines) == 3
    assert "<" not in lines[2]
    assert len(re.findall(r"(?<!\\)\|", lines[2])) == 3, "two cells"
    assert not re.search(r"(?<!\\)[\[\]()`]", lines[2]), "a link or a picture"


@pytest.mark.parametrize("text", TEXTS)
def test_a_name_in_a_plot_is_no_markup_of_the_page(text: str) -> None:
    assert re.fullmatch(
        r"!\[[^\]]*\]\(data:image/svg\+xml;base64,[A-Za-z0-9+/=]+\)",
        line_plot({text: [(2020.0, 1.0), (2021.0, 2.0)]}, "A title").value,
    )


Started = list[tuple[list[str], dict[str, str]]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Started:
    """The command line and the environment of each process that `atf dev` would start; none is."""
    processes: Started = []

    class Child:
        def __init__(self, command: list[str], env: dict[str, str], **_: object) -> None:
            processes.append((command, env))

        def __enter__(self) -> Child:
            return self

        def __exit__(self, *_: object) -> None: ...

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Child)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return processes


def test_the_web_server_listens_on_loopback_only(started: Started, tmp_path: Path) -> None:
    """By the command line that is run; a port is a number, so that nothing else can be put there."""
    assert develop.develop(Settings(home=tmp_path), free_port() - 1) == 0
    ((command, _),) = started
    assert command.count("-h") == 1
    assert command[command.index("-h") + 1] == "127.0.0.1"


def test_a_relative_home_is_one_home_for_the_web_server_too(
    started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The web server works in the project's folder: there a relative home was another one, with no release."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATF_HOME", "here")
    assert develop.develop(settings.load(), free_port() - 1) == 0
    ((_, environment),) = started
    assert environment["ATF_HOME"] == str(tmp_path / "here")


def test_each_tools_own_switch_for_usage_data_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the program, and the files of those who start a tool without it."""
    for name in settings.NO_USAGE_DATA:
        monkeypatch.setenv(name, "whatever the shell says")
    settings.disable_usage_data()
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]
    assert read_yaml(PROJECT / "dagster.yaml")["telemetry"] == {"enabled": False}
    assert read_yaml(PROJECT / "dbt_project" / "dbt_project.yml")["flags"]["send_anonymous_usage_stats"] is False
