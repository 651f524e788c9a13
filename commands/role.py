from typing import Annotated

import typer

from commands.metadata import require_membership, require_organization, with_store
from commands.options import ExistingOrganizationOption
from commands.output import print_line, print_table
from datasource.metadata.members import find_members
from datasource.metadata.organizations import list_organizations
from datasource.metadata.records import OrganizationRecord, RoleRecord
from datasource.metadata.roles import (
    add_role_member,
    create_role,
    delete_role,
    find_role_members,
    get_role,
    list_roles,
    remove_role_member,
)
from datasource.metadata.store import MetadataStore
from errors import NotFound

COLUMNS = ("name", "organization", "members")

RoleArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of the role.")]
EmailArgument = Annotated[str, typer.Argument(help="The member's e-mail address.")]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Manage roles: groups of members that access rules can be for.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("delete")(delete)
    group.command("add")(add)
    group.command("remove")(remove)
    cli.add_typer(group, name="role")


def create(
    name: Annotated[str, typer.Argument(help="The name of the role.")],
    organization: ExistingOrganizationOption = None,
) -> None:
    """Create a role without members. It has no effect until `access set` creates a rule for it."""

    async def action(store: MetadataStore) -> tuple[RoleRecord, OrganizationRecord]:
        chosen = await require_organization(store, organization)
        return await create_role(store, organization_id=chosen.id, name=name), chosen

    role, chosen = with_store(action)
    print_line(f"Created the role {role.name} in {chosen.name}")
    if not chosen.features.role_based_access:
        print_line(f"Roles are off in {chosen.name}: rules for roles do not apply.", err=True)


def show() -> None:
    """List all roles with the e-mail addresses of their members."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [
            line for organization in await list_organizations(store) for line in await _rows(store, organization)
        ]

    print_table(COLUMNS, with_store(action), empty="No roles yet. Create one: trendgate role create NAME.")


def delete(name: RoleArgument, organization: ExistingOrganizationOption = None) -> None:
    """Delete a role and the rules for it. Its members lose the levels that these rules grant."""

    async def action(store: MetadataStore) -> RoleRecord:
        role, _ = await _find(store, name, organization)
        await delete_role(store, role)
        return role

    print_line(f"Deleted the role {with_store(action).name} and its rules")


def add(name: RoleArgument, email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Add a member to a role. Its rules apply to them immediately, with any of their keys."""

    async def action(store: MetadataStore) -> str:
        role, chosen = await _find(store, name, organization)
        member, _ = await require_membership(store, email, chosen)
        await add_role_member(store, role, member)
        return f"Added {member.email} to the role {role.name} in {chosen.name}"

    print_line(with_store(action))


def remove(name: RoleArgument, email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Remove a member from a role. Its rules no longer apply to them."""

    async def action(store: MetadataStore) -> str:
        role, chosen = await _find(store, name, organization)
        member, _ = await require_membership(store, email, chosen)
        await remove_role_member(store, role, member)
        return f"Removed {member.email} from the role {role.name} in {chosen.name}"

    print_line(with_store(action))


async def require_role(store: MetadataStore, name: str, organization: OrganizationRecord) -> RoleRecord:
    """Raises NotFound, also for a role of another organization."""
    try:
        return await get_role(store, organization_id=organization.id, name=name)
    except NotFound as exc:
        raise NotFound(
            "{organization} has no role {name!r}.",
            organization=organization.name,
            name=name.strip(),
            hint="List them: trendgate role list.",
        ) from exc


async def _find(
    store: MetadataStore, name: str, organization: str | None
) -> tuple[RoleRecord, OrganizationRecord]:
    chosen = await require_organization(store, organization)
    return await require_role(store, name, chosen), chosen


async def _rows(store: MetadataStore, organization: OrganizationRecord) -> list[tuple[str, ...]]:
    roles = await list_roles(store, organization.id)
    members = await find_role_members(store, [role.id for role in roles])
    people = await find_members(store, [user_id for each in members.values() for user_id in each])
    return [
        (role.name, organization.name, " ".join(people[user_id].email for user_id in members.get(role.id, ())))
        for role in roles
    ]
