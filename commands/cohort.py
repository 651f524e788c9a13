import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from asgi.stores import open_stores
from commands.choices import ProjectOption
from commands.refusals import load_settings
from commands.stores import existing_project
from commands.tables import print_table
from datasource.clickhouse.engine import Limits
from resolvers.cohort_calculation import CohortCalculator, Outcome, no_such_cohort
from settings import Settings

COLUMNS = ("id", "name", "members", "failure")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Cohorts: persons who have something in common.", no_args_is_help=True)
    # Without a callback the only command of a group would take the group's place.
    group.callback()(lambda: None)
    group.command("calculate")(calculate)
    cli.add_typer(group, name="cohort")


def calculate(
    project: ProjectOption,
    cohort: Annotated[
        int | None,
        typer.Option(
            metavar="ID", help="One cohort and those that it depends on; default: all.", show_default=False
        ),
    ] = None,
) -> None:
    """Calculate the members of cohorts as of now, each after those that it depends on.

    Exit status: 0 all were calculated, 1 some could not be and keep the members that they had.
    """
    outcomes = asyncio.run(run(load_settings(), project, cohort))
    print_table(COLUMNS, [_row(outcome) for outcome in outcomes], empty="The project has no cohorts.")
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)


async def run(settings: Settings, project_id: int, cohort_id: int | None) -> Sequence[Outcome]:
    """Calculate one cohort, or all."""
    limits = Limits(
        seconds=settings.query_timeout_s,
        rows_to_read=settings.query_max_rows,
        memory_bytes=settings.query_max_memory,
    )
    async with open_stores(settings) as stores:
        project = await existing_project(stores.metadata, project_id)
        calculator = CohortCalculator(stores.metadata, stores.events, limits, datetime.now(UTC), project)
        if cohort_id is None:
            return await calculator.calculate_all()
        outcomes = await calculator.calculate([cohort_id])
        if not outcomes:
            raise no_such_cohort()
        return outcomes


def _row(outcome: Outcome) -> tuple[str, ...]:
    cohort, failure = outcome.cohort, outcome.failure
    return (str(cohort.id), cohort.name, str(cohort.size), failure.message if failure else "")
