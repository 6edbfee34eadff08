"""Where things live and in which mode: the only reader of the process environment.

Belongs here: `ATF_*` variables, the folders below `ATF_HOME`, switching off usage data in the tools.
Does not belong here: what is collected (`catalogue`), how (`http`).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, cast
from urllib.parse import urlsplit

from atf_dagster.errors import AtfError

Mode = Literal["snapshot", "live"]
N = TypeVar("N", int, float)
D = TypeVar("D")

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout: dbt_project/ and expectations/ lie beside this package."""

NO_USAGE_DATA = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
}
"""Usage data is off in every tool; the tools' own files (dagster.yaml, dbt_project.yml) say so as well."""


class SettingsError(AtfError, ValueError):
    """A setting that cannot be used; the text says which, why and what would do."""


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides. Paths are absolute."""

    home: Path
    mode: Mode = "snapshot"
    service_urls: Mapping[str, str] = field(default_factory=dict)
    """Service -> base URL that replaces the catalogue's, from `ATF_<SERVICE>_URL`; `<service>_<name>` for others."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Service -> key, from `ATF_<SERVICE>_KEY`; never printed, logged or kept."""
    skip_services: frozenset[str] = frozenset()
    """Services that are not asked for the time being; what is held of them stays in force."""
    contact: str = ""
    """An address for publishers' webmasters, put into the User-Agent in live mode."""
    attempts: int = 5
    backoff_first: float = 1.0
    """Seconds before the first retry; doubles up to a minute."""
    refresh_at: tuple[int, int] = (6, 0)
    """Hour and minute, in the time of the place, of the daily schedule."""
    retry_after: float = 600.0
    """Seconds before a run that nobody watches asks again, where no publisher answered and that can clear."""
    requests_per_second: float | None = None
    """Replaces every publisher's own rate; for servers on loopback."""
    max_bytes: int | None = None
    """Replaces the largest accepted body, in decoded bytes."""
    keep_releases: int = 30
    keep_runs: int = 200
    """Runs whose results, page and history in Dagster are kept."""
    alerts: str = field(default="", repr=False)
    """Addresses of channels, by spaces; see `alerts.channels`. They hold secrets and are never printed or kept."""
    alerts_second: str = field(default="", repr=False)
    """Channels that are told what a failing one should have been."""
    heartbeat_url: str = field(default="", repr=False)
    """Called after each refresh."""
    overdue_hours: float = 30.0
    """Hours without a refresh that ended well, after which we are late: a day and a morning."""
    quiet_days: float = 7.0
    """A message comes at least this often; 0 for never without news."""
    pages_url: str = ""
    """Where `$ATF_HOME/runs` is served for people, so that links to validation pages work; `atf dev` serves it."""
    replace_live: bool = False
    """Whether the bundled snapshot may replace a release that was fetched live; `atf refresh --replace-live`."""

    @property
    def workspace(self) -> Path:
        """Snapshot and live never share bytes, rows or verdicts: a release is wholly one or the other."""
        return self.home / self.mode

    @property
    def landing(self) -> Path:
        return self.workspace / "landing"

    @property
    def raw(self) -> Path:
        return self.workspace / "raw"

    @property
    def warehouse(self) -> Path:
        return self.workspace / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def dbt_target(self) -> Path:
        return self.home / "dbt"

    @property
    def pages(self) -> str:
        """What a link to a page of a run begins with: an address, or the house's folder."""
        return self.pages_url or str(self.home)

    @property
    def user_agent(self) -> str:
        from atf_dagster import __version__

        contact = f"; contact {self.contact}" if self.contact else ""
        return f"all-together-fairer-warehouse/{__version__} (Marmot beacon indicators{contact})"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `ATF_*` from `environ` (default: the process). Raises SettingsError for a value that cannot be."""
    env = os.environ if environ is None else environ
    mode = env.get("ATF_MODE", "snapshot")
    if mode not in ("snapshot", "live"):
        raise SettingsError(f"ATF_MODE is {mode!r}; it must be 'snapshot' (bundled figures) or 'live'.")
    urls = {
        name.removeprefix("ATF_").removesuffix("_URL").lower(): value.rstrip("/")
        for name, value in env.items()
        if name.startswith("ATF_")
        and name.endswith("_URL")
        and value
        and name not in ("ATF_HEARTBEAT_URL", "ATF_PAGES_URL")
    }
    return Settings(
        home=Path(env.get("ATF_HOME") or PROJECT / ".atf").expanduser().resolve(),
        mode=cast(Mode, mode),
        service_urls=urls,
        keys={
            name.removeprefix("ATF_").removesuffix("_KEY").lower(): value
            for name, value in env.items()
            if name.startswith("ATF_") and name.endswith("_KEY") and value
        },
        skip_services=frozenset(name.strip() for name in env.get("ATF_SKIP_SERVICES", "").split(",") if name.strip()),
        contact=env.get("ATF_CONTACT", ""),
        attempts=_number(env, "ATF_ATTEMPTS", 5, int),
        backoff_first=_number(env, "ATF_BACKOFF_FIRST", 1.0, float),
        refresh_at=_time_of_day(env, "ATF_REFRESH_AT", (6, 0)),
        retry_after=_number(env, "ATF_RETRY_AFTER", 600.0, float),
        requests_per_second=_number(env, "ATF_REQUESTS_PER_SECOND", None, float),
        max_bytes=_number(env, "ATF_MAX_BYTES", None, int),
        keep_releases=_number(env, "ATF_KEEP_RELEASES", 30, int),
        keep_runs=_number(env, "ATF_KEEP_RUNS", 200, int),
        alerts=env.get("ATF_ALERTS", ""),
        alerts_second=env.get("ATF_ALERTS_SECOND", ""),
        heartbeat_url=_address(env, "ATF_HEARTBEAT_URL"),
        overdue_hours=_number(env, "ATF_OVERDUE_HOURS", 30.0, float),
        quiet_days=_number(env, "ATF_QUIET_DAYS", 7.0, float),
        pages_url=_address(env, "ATF_PAGES_URL"),
    )


def _time_of_day(env: Mapping[str, str], name: str, default: tuple[int, int]) -> tuple[int, int]:
    """Hour and minute from `HH:MM`."""
    text = env.get(name, "")
    if not text:
        return default
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    # From 01:00 to 02:00 the clocks change; the rebuild comes an hour before the refresh, so the hour after counts too.
    if match is None or int(match[1]) < 3:
        raise SettingsError(f"{name} is {text!r}; it must be a time such as 06:00, and not before 03:00.")
    return int(match[1]), int(match[2])


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _address(env: Mapping[str, str], name: str) -> str:
    """An address over TLS, or on this machine; its value is not repeated, because it may hold a secret."""
    url = env.get(name, "").rstrip("/")
    parts = urlsplit(url)
    if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise SettingsError(f"{name} must begin with https://, or with http:// on loopback.")
    return url


def _number(env: Mapping[str, str], name: str, default: D, kind: type[N]) -> N | D:
    text = env.get(name, "")
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; it must be a number.") from None
    if value < 0:
        raise SettingsError(f"{name} is {text!r}; it must not be negative.")
    return value


def disable_usage_data() -> None:
    """Switch usage data off for this process and its children; call before a tool is imported."""
    os.environ.update(NO_USAGE_DATA)
