from collections import Counter
from dataclasses import asdict
from typing import Annotated, Final

import typer

from commands.metadata import require_organization, with_store
from commands.output import print_table
from datasource.metadata.members import list_members
from datasource.metadata.organizations import list_organizations, set_features
from datasource.metadata.projects import list_projects
from datasource.metadata.records import OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput

COLUMNS = ("name", "members", "projects", "access control", "roles", "member keys")

MEANINGS: Final = {
    ("access_control", True): "access control is on: stored rules count",
    (
        "access_control",
        False,
    ): "access control is off: stored rules stay and do not count, everyone has the defaults",
    ("role_based_access", True): "roles are on: rules that name a role count",
    ("role_based_access", False): "roles are off: rules that name a role stay and do not count",
    ("member_keys", True): "member keys are on: keys of every active member are accepted",
    ("member_keys", False): "member keys are off: keys of members below admin are not accepted",
}


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Organizations: members, projects, and features.", no_args_is_help=True)
    group.command("list")(show)
    group.command("update")(update)
    cli.add_typer(group, name="organization")


def show() -> None:
    """List every organization: how many members and projects it has, and which features are on."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        projects = Counter(project.organization_id for project in await list_projects(store))
        members = Counter(
            organization_id for member in await list_members(store) for organization_id in member.organization_ids
        )
        return [
            _line(each, members=members[each.id], projects=projects[each.id])
            for each in await list_organizations(store)
        ]

    print_table(COLUMNS, with_store(action), empty="No organizations yet: the first project or member makes one.")


def update(
    name: Annotated[
        str | None, typer.Argument(help="Which one. Needed once there are several.", show_default=False)
    ] = None,
    access_control: Annotated[
        bool | None,
        typer.Option(
            "--access-control/--no-access-control",
            help="Whether stored rules count. Off: everyone has the defaults.",
            show_default=False,
        ),
    ] = None,
    roles: Annotated[
        bool | None,
        typer.Option("--roles/--no-roles", help="Whether rules that name a role count.", show_default=False),
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
    """Switch features on or off, at once; what is not given stays as it is. No rule or key is lost by it."""
    given = {"access_control": access_control, "role_based_access": roles, "member_keys": member_keys}
    if all(on is None for on in given.values()):
        raise BadUserInput(
            "There is nothing to change.",
            hint="Give --access-control, --roles, --member-keys, or one of them with --no- in front.",
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
    changed = [MEANINGS[feature, on] for feature, on in now.items() if was[feature] is not on]
    for line in changed or ["nothing changed, it is so already"]:
        typer.echo(f"{after.name}: {line}")


def _line(organization: OrganizationRecord, *, members: int, projects: int) -> tuple[str, ...]:
    features = organization.features
    switches = (features.access_control, features.role_based_access, features.member_keys)
    return (organization.name, str(members), str(projects), *("on" if each else "off" for each in switches))
