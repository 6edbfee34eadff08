"""One dataset for one vintage again: a job with a partition a vintage, for single runs and for backfills.

Belongs here: the job, its partitions, and the rebuild after it. Does not belong here: what reading again means
(`landing.Store.ask_again`). The bytes are those in landing; nothing is asked of a publisher.
"""

import dagster as dg

from atf_dagster.landing import vintages
from atf_dagster.orchestration.assets import raw
from atf_dagster.orchestration.automation import schedules
from atf_dagster.orchestration.resources import HOME, UNATTENDED, WRITER, HomeResource

JOB = "rerun_vintage"
WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]


def rerun_job() -> dg.JobDefinition:
    """Partition: a vintage id. Each run makes raw and admission forget what they said of it."""

    @dg.op(
        required_resource_keys={HOME},
        pool=WRITER,
        description="Removes a vintage's verdicts of raw and admission.",
    )
    def read_again(context: dg.OpExecutionContext) -> None:
        home: HomeResource = context.resources.home
        vintages.ask_again(home.settings, context.partition_key)
        context.log.info(f"{context.partition_key} will be read and judged again by the rebuild that follows")

    @dg.job(
        name=JOB,
        partitions_def=raw.VINTAGES,
        executor_def=dg.in_process_executor,
        tags=schedules.RUNNING,
        description="Reads and judges one vintage again from its bytes; a rebuild of the mart follows by itself. "
        "Partitions are vintages; a backfill over several is followed by one rebuild.",
    )
    def rerun() -> None:
        read_again()

    return rerun


def build_after(rerun: dg.JobDefinition) -> dg.SensorDefinition:
    """Starts one rebuild after re-runs, however many a backfill had."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="rebuild_after_rerun",
        monitored_jobs=[rerun],
        request_job=schedules.rebuild_job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds the mart again after vintages were asked for again.",
    )
    def rebuild(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        # A re-run at work is followed by a rebuild of its own; a rebuild at work may have begun before this one.
        before = {JOB: [*WAITING, dg.DagsterRunStatus.STARTED], schedules.rebuild_job.name: WAITING}
        for job, statuses in before.items():
            waiting = context.instance.get_run_records(dg.RunsFilter(job_name=job, statuses=statuses), limit=1)
            if waiting:
                return dg.SkipReason(
                    f"{job} run {waiting[0].dagster_run.run_id} is not over; the rebuild comes after it"
                )
        return dg.RunRequest(run_key=context.dagster_run.run_id, tags=UNATTENDED)

    return rebuild
