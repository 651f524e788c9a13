from typing import Annotated

import typer

from commands.choices import OrganizationOption, WeekStart
from commands.stores import choose_organization, with_store
from commands.tables import print_table
from datasource.metadata.organizations import list_organizations
from datasource.metadata.projects import create_project, list_projects
from datasource.metadata.records import ProjectRecord, WeekStartDay
from datasource.metadata.store import MetadataStore

COLUMNS = ("id", "name", "organization", "timezone", "week start")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Projects: each has its own events.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    cli.add_typer(group, name="project")


def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    timezone: Annotated[str, typer.Option(help="IANA name of the time zone its days are counted in.")] = "UTC",
    week_start: Annotated[WeekStart, typer.Option(help="First day of its weeks.")] = WeekStart.SUNDAY,
    organization: OrganizationOption = None,
) -> None:
    """Create a project and print its id."""

    async def action(store: MetadataStore) -> ProjectRecord:
        return await create_project(
            store,
            organization_id=(await choose_organization(store, organization)).id,
            name=name,
            timezone=timezone,
            week_start_day=WeekStartDay[week_start.name],
        )

    project = with_store(action)
    typer.echo(f"Created project {project.id}: {project.name}")


def show() -> None:
    """List every project."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        organizations = {each.id: each.name for each in await list_organizations(store)}
        return [
            (
                str(project.id),
                project.name,
                organizations[project.organization_id],
                project.timezone,
                project.week_start_day.value.lower(),
            )
            for project in await list_projects(store)
        ]

    print_table(COLUMNS, with_store(action), empty="No projects yet: create one with project create NAME.")
