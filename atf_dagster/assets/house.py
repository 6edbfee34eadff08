"""The resource that every asset uses: settings, who is told of progress, and the lock of the single writer.

Belongs here: making the `Refresh` of a Dagster run. Does not belong here: any step.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from atf_dagster.files import single_writer
from atf_dagster.refresh import Refresh
from atf_dagster.settings import Settings

Progress = Callable[[str], None]
HOUSE = "house"


class House:
    """Settings and progress of this process; gives the `Refresh` that belongs to a run."""

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self.settings = settings
        self.progress = progress

    def refresh(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Refresh:
        return Refresh(self.settings, context.run.run_id, self.progress or context.log.info)


def resource(settings: Settings, progress: Progress | None = None) -> dg.ResourceDefinition:
    """The house for the length of a run, which holds the writer's lock from its first step to its last.

    The in-process executor makes resources once a run. Raises AnotherRefreshIsRunning at its start.
    """

    def house(context: dg.InitResourceContext) -> Iterator[House]:
        with single_writer(settings.home):
            yield House(settings, progress)

    return dg.ResourceDefinition(resource_fn=house)
