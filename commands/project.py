import shlex
from typing import Annotated

import typer

from commands.environment import data_folder_in_use, load_settings, require_own_tables, require_posthog
from commands.metadata import ensure_organization, with_store
from commands.options import OrganizationOption, WeekStart
from commands.output import print_line, print_table
from datasource.metadata.import_existing import check_projects_are_imported, check_team_id_is_free
from datasource.metadata.organizations import list_organizations
from datasource.metadata.projects import create_project, list_projects
from datasource.metadata.records import ProjectRecord, WeekStartDay
from datasource.metadata.store import MetadataStore
from errors import BadUserInput

COLUMNS = ("id", "name", "organization", "timezone", "week start")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Manage projects. Each has its own events.", no_args_is_help=True)
    group.command("create")(create)
    group.command("adopt")(adopt)
    group.command("list")(show)
    cli.add_typer(group, name="project")


def create(
    name: Annotated[str, typer.Argument(help="The name of the project.")],
    timezone: Annotated[str, typer.Option(help="The time zone of its days, as an IANA name.")] = "UTC",
    week_start: Annotated[WeekStart, typer.Option(help="The first day of its weeks.")] = WeekStart.SUNDAY,
    organization: OrganizationOption = None,
) -> None:
    """Create a project and print its id."""
    require_own_tables(load_settings(), "project create")

    async def action(store: MetadataStore) -> ProjectRecord:
        await check_projects_are_imported(store, expected=False)
        return await create_project(
            store,
            organization_id=(await ensure_organization(store, organization)).id,
            name=name,
            timezone=timezone,
            week_start_day=WeekStartDay[week_start.name],
        )

    project = with_store(action, creates=True)
    print_line(f"Created project {project.id}: {project.name}")
    _print_next_steps(project, organization, loads=True)


def adopt(
    *,
    team_id: Annotated[int, typer.Option(metavar="N", help="The team's id in PostHog, and the project's.")],
    name: Annotated[str | None, typer.Option(help="The project's name.", show_default="PostHog team N")] = None,
    timezone: Annotated[str, typer.Option(help="The time zone of its days, as an IANA name.")] = "UTC",
    week_start: Annotated[WeekStart, typer.Option(help="The first day of its weeks.")] = WeekStart.SUNDAY,
    organization: OrganizationOption = None,
    group_type: Annotated[
        list[str] | None,
        typer.Option(metavar="INDEX=NAME", help="A group type: its index, 0 to 4, and its name. Repeatable."),
    ] = None,
) -> None:
    """Create a project for a team of the PostHog installation whose tables hold the events."""
    require_posthog(load_settings())
    group_types = [_read_group_type(text) for text in group_type or ()]

    async def action(store: MetadataStore) -> ProjectRecord:
        await check_projects_are_imported(store, expected=True)
        await check_team_id_is_free(store, team_id)
        return await create_project(
            store,
            organization_id=(await ensure_organization(store, organization)).id,
            name=name or f"PostHog team {team_id}",
            timezone=timezone,
            week_start_day=WeekStartDay[week_start.name],
            group_types=group_types,
            team_id=team_id,
        )

    project = with_store(action, creates=True)
    print_line(f"Adopted project {project.id}: {project.name}")
    _print_next_steps(project, organization, loads=False)


def _print_next_steps(project: ProjectRecord, organization: str | None, *, loads: bool) -> None:
    # To standard error: programs read the first line.
    folder = data_folder_in_use(load_settings())
    print_line(f"Data folder: {folder}. Next:" if folder else "Next:", err=True)
    to = f" --organization {shlex.quote(organization)}" if organization else ""
    print_line(f"  trendgate member add me@example.com --level owner{to}", err=True)
    print_line("  trendgate key create --member me@example.com --label laptop --scope read", err=True)
    if loads:
        print_line(f"  trendgate load --project {project.id} events.jsonl", err=True)
    print_line("  trendgate serve", err=True)


def _read_group_type(text: str) -> tuple[int, str]:
    index, equals, name = text.partition("=")
    if not equals or not (index.isascii() and index.isdecimal()):
        raise BadUserInput("Invalid group type {text!r}.", text=text, hint="Use INDEX=NAME, such as 0=company.")
    return int(index), name


def show() -> None:
    """List all projects."""

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

    print_table(COLUMNS, with_store(action), empty="No projects yet. Create one: trendgate project create NAME.")
