"""The command in this process, for commands that only read; `refresh` runs in its own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from atf_dagster.cli.main import main
from support.command_output import Atf, CommandOutput
from support.home import environment


@pytest.fixture
def atf(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Atf:
    """Run `atf <words>` for a home; keywords are more variables of the environment."""

    def run(home: Path, *words: str, **more: str) -> CommandOutput:
        with monkeypatch.context() as patch:
            for name in ("ATF_HOME", "ATF_MODE"):
                patch.delenv(name, raising=False)
            for name, value in environment(home, more).items():
                patch.setenv(name, value)
            capsys.readouterr()
            code = main(words)
        said = capsys.readouterr()
        return CommandOutput(code, said.out, said.err)

    return run
