"""The settings of a home: its folders, its mode, and all `ATF_*` variables, which only this module reads.

Belongs here: `ATF_*` variables, the folders below `ATF_HOME`, switching off usage data in the tools. Does not belong
here: which datasets are collected (`catalogue`), how publishers are asked (`http`).
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from atf_dagster.errors import AtfError
from atf_dagster.files import read_yaml

Mode = Literal["snapshot", "live"]

PROJECT = Path(__file__).resolve().parent.parent
"""The folder of the checkout; dbt_project/ and expectations/ lie beside this package."""

NO_USAGE_DATA = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
}
"""Usage data is off in every tool. dagster.yaml and dbt_project.yml switch it off as well."""

OWN = frozenset({"ATF_RAW", "ATF_WAREHOUSE"})
"""Variables that the program sets for dbt's profile and macros. They are not settings."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
COLLECT_SELDOM = (50_000, 10, 10)
"""For `gc.set_threshold` in processes that import Dagster or dbt: an eighth of their time goes into looking for garbage
among modules otherwise."""


class SettingsError(AtfError):
    """A setting that cannot be used. The message says which one, why, and what is allowed."""


def _address(url: str) -> str:
    url = url.rstrip("/")
    parts = urlsplit(url)
    if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with https://, or with http:// on loopback.")
    return url


def _time_of_day(given: Any) -> Any:
    """Hour and minute from `HH:MM`."""
    if not isinstance(given, str):
        return given
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", given)
    # The clocks change between 01:00 and 02:00, and the rebuild runs an hour before the refresh.
    if match is None or int(match[1]) < 3:
        raise ValueError(f"is {given!r}; it must be a time such as 06:00, and not before 03:00.")
    return int(match[1]), int(match[2])


def _by_comma(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return frozenset(name.strip() for name in given.split(",") if name.strip())


Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Address = Annotated[str, AfterValidator(_address)]
"""An address with TLS, or on this machine. No message repeats it, because it may contain a secret."""


class Settings(BaseSettings):
    """All settings. Paths are absolute. The class itself does not read the environment; `load` does."""

    model_config = SettingsConfigDict(env_prefix="ATF_", frozen=True)

    home: Path
    mode: Mode = "snapshot"
    service_urls: Annotated[Mapping[str, str], NoDecode] = {}
    """Service -> base URL that replaces the catalogue's, from `ATF_<SERVICE>_URL`; `<service>_<name>` for others."""
    keys: Annotated[Mapping[str, str], NoDecode] = Field(default={}, repr=False)
    """Service -> key, from `ATF_<SERVICE>_KEY`; it is never printed, logged or kept."""
    skip_services: Annotated[frozenset[str], NoDecode, BeforeValidator(_by_comma)] = frozenset()
    """Services that are not asked now; their latest vintages stay in force."""
    contact: str = ""
    """A contact for publishers' webmasters, in the User-Agent in live mode."""
    attempts: Count = 5
    backoff_first: Amount = 1.0
    """Seconds before the first retry; doubles up to a minute."""
    unanswered: Count = 2
    """Requests that a host may leave unanswered, one after the other, before it is not asked again in that refresh; 0:
    no limit."""
    lost_seconds: Amount = 300.0
    """Seconds that a host may cost a refresh in vain before it is not asked again in it; 0: no limit."""
    refresh_at: Annotated[tuple[int, int], NoDecode, BeforeValidator(_time_of_day)] = (6, 0)
    """Hour and minute of the daily schedule, in local time."""
    retry_after: Amount = 600.0
    """Seconds until a run without a person asks again, if no publisher answered and asking again can help."""
    requests_per_second: Amount | None = None
    """Replaces the rate of every publisher; for servers on loopback."""
    max_bytes: Count | None = None
    """Replaces the limit of a body, in decoded bytes."""
    keep_releases: Count = 30
    keep_runs: Count = 200
    """How many runs keep their results, page and history in Dagster."""
    report: bool = True
    """Whether a refresh makes the pages and the workbook of a new release; `atf report` makes them at any time."""
    alerts: str = Field(default="", repr=False)
    """Addresses of channels, separated by spaces; see `alerts.channels`. They are secret: never printed or kept."""
    alerts_second: str = Field(default="", repr=False)
    """Channels that get the messages of a failing channel."""
    heartbeat_url: Address = Field(default="", repr=False)
    """An address that is called after each refresh."""
    overdue_hours: Amount = 30.0
    """After so many hours without a refresh that ended well we are late: a day and a morning."""
    quiet_days: Amount = 7.0
    """A message is sent at least every so many days; 0: never without an alert or a change."""
    pages_url: Address = ""
    """The address at which people read `$ATF_HOME/runs`, for links to validation pages; `atf dev` serves it."""
    replace_live: bool = False
    """Whether the bundled snapshot may replace a live release; `atf refresh --replace-live` sets it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the arguments alone: the environment must not change settings that a test or a command makes."""
        return (init_settings,)

    @model_validator(mode="after")
    def _urls_are_for_live_refreshes(self) -> Self:
        if self.mode == "snapshot" and self.service_urls:
            named = ", ".join(f"ATF_{service.upper()}_URL" for service in sorted(self.service_urls))
            raise ValueError(
                f"{named} must not be set in snapshot mode, which asks no publisher: unset it, or set ATF_MODE=live."
            )
        return self

    @property
    def workspace(self) -> Path:
        """The folder of the mode. The two modes never share bytes, rows or verdicts: a release has one mode."""
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
        """The beginning of a link to a page of a run: an address, or the folder of the home."""
        return self.pages_url or str(self.home)

    @property
    def user_agent(self) -> str:
        from atf_dagster import __version__

        contact = f"; contact {self.contact}" if self.contact else ""
        return f"all-together-fairer-warehouse/{__version__} (Marmot beacon indicators{contact})"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `ATF_*` from `environ` (default: the process). Raises SettingsError: a sentence for each wrong setting."""
    given = os.environ if environ is None else environ
    variables = {name: value for name, value in given.items() if name.startswith("ATF_") and name not in OWN}
    source = EnvSettingsSource(Settings)
    known = {f"ATF_{name.upper()}" for name in Settings.model_fields.keys() - BY_OTHER_NAMES}
    services: dict[str, dict[str, str]] = {"service_urls": {}, "keys": {}}
    if variables.keys() - known:
        urls, keys = _names_of_services()
        if unknown := sorted(variables.keys() - known - urls.keys() - keys.keys()):
            raise SettingsError("\n".join(_no_setting(name, {*known, *urls, *keys}) for name in unknown))
        services = {
            "service_urls": {
                urls[name]: value.rstrip("/") for name, value in variables.items() if name in urls and value
            },
            "keys": {keys[name]: value for name, value in variables.items() if name in keys and value},
        }
    source.env_vars = {name.lower(): value for name, value in variables.items() if name in known and value}
    try:
        settings = Settings(**{"home": PROJECT / ".atf", **source(), **services})
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(entry) for entry in error.errors())) from None
    return settings.model_copy(update={"home": settings.home.expanduser().resolve()})


BY_OTHER_NAMES = frozenset({"service_urls", "keys", "replace_live"})
"""Fields without a variable of the same name: they have one variable a service, or an option of a command."""


def _names_of_services() -> tuple[dict[str, str], dict[str, str]]:
    """Variable -> service, for base URLs and for keys, of the catalogue's services."""
    services = read_yaml(Path(__file__).parent / "catalogue" / "publishers.yml")["services"]
    hosts = [entry["id"] for entry in services]
    hosts += [f"{entry['id']}_{name}" for entry in services for name in entry.get("other_urls", {})]
    with_keys = [entry["id"] for entry in services if entry.get("key", "none") != "none"]
    return (
        {f"ATF_{host.upper()}_URL": host for host in hosts},
        {f"ATF_{service.upper()}_KEY": service for service in with_keys},
    )


def _no_setting(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    if near:
        return f"{name} is not a setting; did you mean {near[0]}?"
    return f"{name} is not a setting; unset it, or take its name from the table in docs/settings.md."


def _sentence(error: Any) -> str:
    """One wrong setting: which one, why, what is allowed. Only a value that cannot be a secret is repeated."""
    if error["type"] == "value_error":
        return " ".join([*(f"ATF_{part.upper()}" for part in error["loc"]), str(error["ctx"]["error"])])
    name = f"ATF_{error['loc'][0].upper()}"
    demands = {
        "literal_error": "be 'snapshot' (bundled figures) or 'live'",
        "int_parsing": "be a whole number",
        "float_parsing": "be a number",
        "finite_number": "be a number",
        "greater_than_equal": "not be negative",
    }
    if error["type"] not in demands:
        return f"{name} cannot be used: {error['msg']}."
    return f"{name} is {error['input']!r}; it must {demands[error['type']]}."


def disable_usage_data() -> None:
    """Switch usage data off for this process and its children. Call it before a tool is imported."""
    os.environ.update(NO_USAGE_DATA)
