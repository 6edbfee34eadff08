"""An empty home, and channels that are closed until a test opens them."""

from __future__ import annotations

from pathlib import Path

import pytest

from atf_dagster.settings import Settings
from support.channels import MailServer, Webhook
from support.server import free_port


@pytest.fixture
def webhook() -> Webhook:
    """Closed until a test opens it."""
    return Webhook(free_port())


@pytest.fixture
def mail() -> MailServer:
    """Closed until a test opens it."""
    return MailServer(free_port())


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home without channels."""
    return Settings(home=tmp_path / "home")
