from collections import Counter
from dataclasses import asdict
from typing import Annotated, Final

import typer

from commands.metadata import require_organization, with_store
from commands.output import print_line, print_table
from datasource.metadata.members import list_members
from datasource.metadata.organizations import list_organizations, set_features
from datasource.metadata.projects import list_projects
from datasource.metadata.records import OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput

COLUMNS = ("name", "members", "projects", "access control", "roles", "member keys")

EFFECTS: Final = {
    ("access_control", True): "access control is on: rules apply",
    (
        "access_control",
        False,
    ): "access control is off: rules are kept but do not apply, everyone has the default levels",
    ("role_based_access", True): "roles are on: rules for roles apply",
    ("role_based_access", False): "roles are off: rules for roles are kept but do not apply",
    ("member_keys", True): "member keys are on: keys of all active members are accepted",
    ("member_keys", False): "member keys are off: keys of members below admin are refused",
}


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="List organizations, and turn their features on or off.", no_args_is_help=True)
    group.command("list")(show)
    group.command("update")(update)
    cli.add_typer(group, name="organization")


def show() -> None:
    """List all organizations with their numbers of members and projects, and their features."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        projects = Counter(project.organization_id for project in await list_projects(store))
        members = Counter(
            organization_id for member in await list_members(store) for organization_id in member.organization_ids
        )
        return [
            _row(each, members=members[each.id], projects=projects[each.id])
            for each in await list_organizations(store)
        ]

    print_table(
        COLUMNS, with_store(action), empty="No organizations yet. Create a project: trendgate project create NAME."
    )


def update(
    name: Annotated[
        str | None, typer.Argument(help="The organization. Required if there are several.", show_default=False)
    ] = None,
    access_control: Annotated[
        bool | None,
        typer.Option(
            "--access-control/--no-access-control",
            help="Whether access rules apply. If off, everyone has the default levels.",
            show_default=False,
        ),
    ] = None,
    roles: Annotated[
        bool | None,
        typer.Option("--roles/--no-roles", help="Whether rules for roles apply.", show_default=False),
    ] = None,
    member_keys: Annotated[
        bool | None,
        typer.Option(
            "--member-keys/--no-member-keys",
            help="Whether keys of members below admin are accepted.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Turn features on or off, immediately. Features without an option, rules and keys are unchanged."""
    given = {"access_control": access_control, "role_based_access": roles, "member_keys": member_keys}
    if all(on is None for on in given.values()):
        raise BadUserInput(
            "Nothing to change.",
            hint="Use --access-control, --roles or --member-keys, or their --no- forms.",
        )

    async def action(store: MetadataStore) -> tuple[OrganizationRecord, OrganizationRecord]:
        before = await require_organization(store, name, choice="by name")
        after = await set_features(
            store,
            before.id,
            access_control=access_control,
            role_based_access=roles,
            member_keys=member_keys,
        )
        return before, after

    before, after = with_store(action)
    was, now = asdict(before.features), asdict(after.features)
    changed = [EFFECTS[feature, on] for feature, on in now.items() if was[feature] is not on]
    for line in changed or ["nothing changed"]:
        print_line(f"{after.name}: {line}")


def _row(organization: OrganizationRecord, *, members: int, projects: int) -> tuple[str, ...]:
    features = organization.features
    switches = (features.access_control, features.role_based_access, features.member_keys)
    return (organization.name, str(members), str(projects), *("on" if each else "off" for each in switches))
