"""The resource that every asset uses: settings, who is told of progress, and the lock of the single writer.

Belongs here: making the `Refresh` of a Dagster run. Does not belong here: any step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from atf_dagster.files import single_writer
from atf_dagster.refresh import Refresh
from atf_dagster.settings import Settings

Progress = Callable[[str], None]


class House:
    """Settings and progress of this process; gives the `Refresh` that belongs to a run."""

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self.settings = settings
        self.progress = progress

    @contextmanager
    def refresh(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Iterator[Refresh]:
        """The run's `Refresh`, under the lock. Raises AnotherRefreshIsRunning where another process has it."""
        with single_writer(self.settings.home):
            log = context.log.info
            progress = self.progress
            yield Refresh(self.settings, context.run.run_id, progress or log)


HOUSE = "house"


def resource(settings: Settings, progress: Progress | None = None) -> dg.ResourceDefinition:
    return dg.ResourceDefinition.hardcoded_resource(House(settings, progress))
