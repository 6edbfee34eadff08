"""The client of a refresh: which hosts may be asked, at which pace, and the fetch run that asks through it.

Belongs here: settings and catalogue turned into a client. Does not belong here: a request (`http`), what a publisher's
module asks (`sources`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from atf_dagster.catalogue import Catalogue
from atf_dagster.http import Budget, Client, Host, Limits
from atf_dagster.http.limits import Origin
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.settings import Settings, SettingsError


@contextmanager
def fetch_run(
    settings: Settings,
    catalogue: Catalogue,
    store: Store,
    run_id: str,
    *,
    on_attempt: Callable[[Attempt], None] = lambda attempt: None,
    on_retry: Callable[[str], None] = lambda line: None,
) -> Iterator[FetchRun]:
    """A fetch run with the client of these settings, which is closed at the end. Raises SettingsError.

    on_attempt: gets each attempt when its receipt is written. on_retry: gets a line before each second try.
    """
    urls = base_urls(settings, catalogue)
    adapter = None
    if settings.mode == "snapshot":
        from atf_dagster.snapshot import SnapshotAdapter

        adapter = SnapshotAdapter()
    client = Client(
        _hosts(settings, catalogue, urls),
        user_agent=settings.user_agent,
        limits=Limits(attempts=settings.attempts, backoff_first=settings.backoff_first),
        budget=Budget(settings.unanswered, settings.lost_seconds),
        adapter=adapter,
        on_retry=on_retry,
    )
    try:
        yield FetchRun(
            catalogue=catalogue,
            store=store,
            client=client,
            base_urls=urls,
            mode=settings.mode,
            run_id=run_id,
            keys=settings.keys,
            home=settings.home,
            skip=_skipped(settings, catalogue),
            max_bytes=settings.max_bytes,
            progress=on_attempt,
        )
    finally:
        client.close()


def _skipped(settings: Settings, catalogue: Catalogue) -> frozenset[str]:
    known = {service.id for service in catalogue.services}
    if unknown := settings.skip_services - known:
        raise SettingsError(
            f"ATF_SKIP_SERVICES names {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}."
        )
    return settings.skip_services


def base_urls(settings: Settings, catalogue: Catalogue) -> dict[str, str]:
    """Where each service is asked; in snapshot mode always at its own address, which the snapshot answers for."""
    urls = {}
    for service in catalogue.services:
        urls[service.id] = service.base_url
        urls |= {f"{service.id}_{name}": url for name, url in service.other_urls.items()}
    if settings.mode == "live":
        urls |= {name: url for name, url in settings.service_urls.items() if name in urls}
    return urls


def _hosts(settings: Settings, catalogue: Catalogue, urls: Mapping[str, str]) -> list[Host]:
    """The hosts that may be asked, each at the pace of the slowest service on it."""
    paces: dict[Origin, Host] = {}
    for service in catalogue.services:
        own_pace = service.requests_per_second if settings.requests_per_second is None else None
        pace = own_pace if own_pace is not None else (settings.requests_per_second or 0.0)
        if settings.mode == "snapshot":
            pace = 0.0
        names = [service.id, *(f"{service.id}_{name}" for name in service.other_urls)]
        for url in (urls[name] for name in names):
            if url.startswith("local:"):
                continue
            host = Host(url, pace)
            slowest = paces.get(host.origin)
            if slowest is None or pace < slowest.requests_per_second:
                paces[host.origin] = host
    return list(paces.values())
