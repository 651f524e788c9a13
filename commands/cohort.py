import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.environment import load_settings, require_posthog
from commands.metadata import require_metadata, require_project
from commands.options import ProjectOption
from commands.output import print_line, print_table
from datasource.clickhouse.open_engine import query_limits
from datasource.events.cohort_members import count_members
from datasource.events.definition_pages import ProjectReader
from datasource.metadata.import_existing import import_cohort
from datasource.metadata.records import CohortRecord
from errors import BadUserInput
from permissions.resources import COHORT
from resolvers.cohort_calculation import CohortCalculator, Outcome
from resolvers.saved import not_found
from resolvers.stores import open_stores
from resolvers.trends.query import Cohort
from settings import Settings

COLUMNS = ("id", "name", "members", "failure")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Calculate cohorts, or adopt those of PostHog.", no_args_is_help=True)
    group.command("calculate")(calculate)
    group.command("adopt")(adopt)
    cli.add_typer(group, name="cohort")


def calculate(
    project: ProjectOption,
    cohort: Annotated[
        int | None,
        typer.Option(metavar="ID", help="One cohort and those it depends on. Default: all.", show_default=False),
    ] = None,
) -> None:
    """Calculate the members of cohorts, each after the cohorts it depends on.

    Exit status: 0 if all were calculated; 1 if some failed and keep their previous members.
    """
    outcomes = asyncio.run(calculate_cohorts(load_settings(), project, cohort))
    print_table(COLUMNS, [_row(outcome) for outcome in outcomes], empty="The project has no cohorts.")
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def adopt(
    name: Annotated[str, typer.Argument(help="The name of the cohort.")],
    project: ProjectOption,
    cohort_id: Annotated[int, typer.Option(metavar="M", help="The cohort's id in PostHog; it keeps it here.")],
    version: Annotated[
        int, typer.Option(min=0, metavar="V", help="The calculation to read; 0: all stored members.")
    ] = 0,
    static: Annotated[bool, typer.Option("--static", help="The cohort is static (a list).")] = False,
) -> None:
    """Add a cohort of the PostHog installation to a project, for filters and breakdowns.

    Its members stay in PostHog's tables; trends read them from there.
    """
    settings = load_settings()
    require_posthog(settings)
    record = asyncio.run(adopt_from_posthog(settings, project, Cohort(cohort_id, name, version, static)))
    print_line(f"Adopted cohort {record.id}: {record.name} ({record.size} members now)")


async def adopt_from_posthog(settings: Settings, project_id: int, cohort: Cohort) -> CohortRecord:
    """Raises BadUserInput for a cohort without members: its id or version is probably wrong."""
    require_metadata(settings)
    now = datetime.now(UTC)
    async with open_stores(settings) as stores:
        await require_project(stores.metadata, project_id)
        source = ProjectReader(stores.events, project_id, query_limits(settings))
        size = await count_members(source, await stores.layouts.at(now), cohort.member)
        if not size:
            raise BadUserInput(
                "PostHog has no members of cohort {id}.",
                id=cohort.id,
                hint="Check --cohort-id and --version, and whether the cohort is --static.",
            )
        return await import_cohort(
            stores.metadata,
            project_id=project_id,
            cohort_id=cohort.id,
            name=cohort.name,
            version=cohort.version,
            size=size,
            is_static=cohort.is_static,
            now=now,
        )


async def calculate_cohorts(settings: Settings, project_id: int, cohort_id: int | None) -> Sequence[Outcome]:
    require_metadata(settings)
    async with open_stores(settings) as stores:
        project = await require_project(stores.metadata, project_id)
        now = datetime.now(UTC)
        layout = await stores.layouts.at(now)
        calculator = CohortCalculator(
            stores.metadata, stores.events, query_limits(settings), now, project, layout=layout
        )
        if cohort_id is None:
            return await calculator.calculate_all()
        outcomes = await calculator.calculate([cohort_id])
        if not outcomes:
            raise not_found(COHORT)
        return outcomes


def _row(outcome: Outcome) -> tuple[str, ...]:
    cohort, error = outcome.cohort, outcome.error
    return (str(cohort.id), cohort.name, str(cohort.size), error.message if error else "")
