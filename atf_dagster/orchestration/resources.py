"""The resource that every asset uses: settings, progress lines, and the lock of the single writer.

Belongs here: making the `Refresh` of a Dagster run. Does not belong here: any step.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from atf_dagster.files import single_writer
from atf_dagster.pipeline.engines import Engines
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings

Progress = Callable[[str], None]
HOME = "home"
WAIT_SECONDS = 1800.0
UNATTENDED = {"atf/unattended": "yes"}
"""Marks runs that a schedule or a sensor started: nobody waits for them, so they may wait and try again."""
RETRIES = 3
WRITER = "writer"
"""The pool of every step that writes: dagster.yaml lets one of them work at a time."""


class HomeResource:
    """Settings and progress of this process; gives the `Refresh` that belongs to a run."""

    def __init__(self, settings: Settings, progress: Progress | None, engines: Engines) -> None:
        self.settings = settings
        self.progress = progress
        self.engines = engines

    def refresh(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Refresh:
        return Refresh(self.settings, context.run.run_id, self.progress or context.log.info, self.engines)


def resource(
    settings: Settings, progress: Progress | None = None, engines: Engines | None = None
) -> dg.ResourceDefinition:
    """The home for the length of a run, which holds the writer's lock from its first step to its last.

    engines: the process of dbt and the checks, where the caller has started it already.

    The in-process executor makes resources once a run. Raises AnotherRefreshIsRunning at its start.
    """

    def home(context: dg.InitResourceContext) -> Iterator[HomeResource]:
        # A command has the lock already and says so; a run of the daemon waits for a command's refresh to end.
        with single_writer(settings.home, wait_seconds=WAIT_SECONDS):
            made = HomeResource(settings, progress, engines or Engines(settings))
            try:
                yield made
            finally:
                made.engines.close()

    return dg.ResourceDefinition(resource_fn=home)
