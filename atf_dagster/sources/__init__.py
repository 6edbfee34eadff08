"""One module for each service: its requests, what a good body is, and bytes -> raw rows.

Belongs here: the services' paths, header names and special cases. Does not belong here: what a value means (dbt
staging), where bytes are kept (`landing`), Dagster (`orchestration`).
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec

from atf_dagster import catalogue
from atf_dagster.formats.body import Body, BodyRejected, NoData
from atf_dagster.sources.base import Source


class _Sources(Mapping[str, Source]):
    """Modules by name. Each is imported at its first use, so a new service is a new module and no list changes."""

    def __getitem__(self, service: str) -> Source:
        name = f"{__name__}.{service}"
        if find_spec(name) is None:
            raise KeyError(
                f"The service {service} of publishers.yml has no module. A data engineer writes "
                f"atf_dagster/sources/{service}.py with a SOURCE."
            )
        source: Source = import_module(name).SOURCE
        return source

    def __iter__(self) -> Iterator[str]:
        return (service.id for service in catalogue.load().services)

    def __len__(self) -> int:
        return len(catalogue.load().services)


SOURCES: Mapping[str, Source] = _Sources()
"""Service id of the catalogue -> the SOURCE of the module with this name. KeyError where there is no module."""

__all__ = ["SOURCES", "Body", "BodyRejected", "NoData", "Source"]
