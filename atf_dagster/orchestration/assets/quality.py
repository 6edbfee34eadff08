"""Asset group admission, and the checks on the mart: Great Expectations' suites as Dagster asset checks.

Admission holds single vintages and lets the rest go on; a critical failure on the mart blocks the release.

Belongs here: keys, checks and metadata of these assets. Does not belong here: running suites (`pipeline.steps`).
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from atf_dagster.catalogue import Catalogue
from atf_dagster.orchestration.assets import late_publishers, raw
from atf_dagster.orchestration.assets.landing import OWNER
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.orchestration.resources import HOME, WRITER, HomeResource
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.quality import history, suites
from atf_dagster.quality.results import SAMPLE, Result

ADMISSION = dg.AssetKey(["raw", "admission"])
STAGED = [
    dg.AssetKey(["intermediate", name])
    for name in ("int_staged", "int_admission", "int_reference_admission", "int_row_account")
]


def admission_asset() -> dg.AssetsDefinition:
    checks = [
        dg.AssetCheckSpec(suite.suite, asset=ADMISSION, description=f"Suite {suite.suite} on {suite.table}.")
        for suite in suites.load("admission")
    ]

    @dg.multi_asset(
        name="admission",
        specs=[
            dg.AssetSpec(
                ADMISSION,
                deps=[*STAGED, raw.key("vintage")],
                group_name="admission",
                kinds={"greatexpectations"},
                owners=[OWNER],
                description="Which vintages may take part in the mart. A held one leaves the one before it in force.",
            )
        ],
        check_specs=checks,
        required_resource_keys={HOME},
        pool=WRITER,
    )
    def admission(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        results, decided = refresh.admit()
        held = [(entry, verdict) for entry, verdict in decided if verdict.verdict == "quarantined"]
        refresh.progress(f"admission: {len(decided) - len(held)} vintages admitted, {len(held)} held")
        yield dg.MaterializeResult(
            asset_key=ADMISSION,
            metadata={
                "admitted": len(decided) - len(held),
                "quarantined": table(
                    ["vintage", "reason", "what happened", "what to do"],
                    [[e.vintage.id, v.reason, v.message, v.remedy] for e, v in held],
                ),
            },
        )
        outcomes = history.last(refresh.quality_folder)
        for spec in checks:
            yield _check(refresh, spec, [r for r in results if r.suite == spec.name], outcomes.get(spec.name, []))

    return admission


def mart_checks(catalogue: Catalogue) -> dg.AssetChecksDefinition:
    """The suites on the mart, and whether each publisher is on time, which is known once the mart is built."""
    found = suites.load("mart")
    specs = [
        dg.AssetCheckSpec(
            suite.suite,
            asset=dg.AssetKey(["mart", suite.table]),
            blocking=(blocks := any(entry.severity == "critical" for entry in suite.expectations)),
            description=f"Suite {suite.suite} on {suite.table}"
            + ("; a critical failure blocks the release." if blocks else "; raises an alert and blocks nothing."),
        )
        for suite in found
    ]

    timely = late_publishers.specs(catalogue)

    @dg.multi_asset_check(name="mart_checks", specs=[*specs, *timely], required_resource_keys={HOME}, pool=WRITER)
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        results = refresh.check()
        failed = [result for result in results if not result.success]
        refresh.progress(f"checks: {len(results) - len(failed)} passed, {len(failed)} failed")
        outcomes = history.last(refresh.quality_folder)
        for spec in specs:
            yield _check(refresh, spec, [r for r in results if r.suite == spec.name], outcomes.get(spec.name, []))
        yield from late_publishers.results(refresh)

    return checks


def _link(refresh: Refresh, suite: str) -> dg.UrlMetadataValue | dg.PathMetadataValue:
    """The suite's place on the validation page of this run."""
    page = f"{refresh.settings.pages}/runs/{refresh.run_id}/validation.html#{suite}"
    return dg.MetadataValue.url(page) if refresh.settings.pages_url else dg.MetadataValue.path(page)


def _check(
    refresh: Refresh, spec: dg.AssetCheckSpec, results: Sequence[Result], outcomes: Sequence[history.Outcome]
) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.success]
    critical = any(result.blocks for result in failed)
    rows = [
        [result.expectation, ", ".join(f"{k}={v}" for k, v in row.items() if v is not None)]
        for result in failed
        for row in result.failing[:SAMPLE]
    ]
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN,
        description=" ".join(result.sentence for result in failed) or f"{len(results)} expectations passed",
        metadata={
            "expectations": table(
                ["expectation", "severity", "passed", "observed", "owner", "what to do"],
                [
                    [r.expectation, r.severity, r.success, r.observed, r.owner, "" if r.success else r.remedy]
                    for r in results
                ],
            ),
            "failing_rows": table(["expectation", "row"], rows),
            "passed_expectations": len(results) - len(failed),
            "failed_expectations": len(failed),
            "page": _link(refresh, spec.name),
            "last_outcomes": table(
                ["run", "when (UTC)", "passed", "failed"],
                [[o.run_id, o.at[:16].replace("T", " "), o.passed, ", ".join(o.failed)] for o in outcomes],
            ),
        },
    )
