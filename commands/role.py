from typing import Annotated

import typer

from commands.metadata import require_membership, require_organization, with_store
from commands.options import ExistingOrganizationOption
from commands.output import print_table
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

RoleArgument = Annotated[str, typer.Argument(metavar="NAME", help="The role, as role list shows it.")]
EmailArgument = Annotated[str, typer.Argument(help="The member's e-mail address.")]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Roles: groups of members that rules can name.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("delete")(delete)
    group.command("add")(add)
    group.command("remove")(remove)
    cli.add_typer(group, name="role")


def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    organization: ExistingOrganizationOption = None,
) -> None:
    """Create a role without members. It gives nothing until access set names it."""

    async def action(store: MetadataStore) -> tuple[RoleRecord, OrganizationRecord]:
        chosen = await require_organization(store, organization)
        return await create_role(store, organization_id=chosen.id, name=name), chosen

    role, chosen = with_store(action)
    typer.echo(f"Created the role {role.name} in {chosen.name}")
    if not chosen.features.role_based_access:
        typer.echo(f"Roles are off in {chosen.name}: rules that name one do not count.", err=True)


def show() -> None:
    """List every role with the addresses of its members."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [
            line for organization in await list_organizations(store) for line in await _lines(store, organization)
        ]

    print_table(COLUMNS, with_store(action), empty="No roles yet: create one with role create NAME.")


def delete(name: RoleArgument, organization: ExistingOrganizationOption = None) -> None:
    """Delete a role and the rules that name it. Its members lose what these rules gave."""

    async def action(store: MetadataStore) -> RoleRecord:
        role, _ = await _find(store, name, organization)
        await delete_role(store, role)
        return role

    typer.echo(f"Deleted the role {with_store(action).name} and the rules that named it")


def add(name: RoleArgument, email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Give a member a role: rules that name it apply to them at once, whichever key they use."""

    async def action(store: MetadataStore) -> str:
        role, chosen = await _find(store, name, organization)
        member, _ = await require_membership(store, email, chosen)
        await add_role_member(store, role, member)
        return f"{member.email} has the role {role.name} of {chosen.name}"

    typer.echo(with_store(action))


def remove(name: RoleArgument, email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Take a role from a member: rules that name it do not apply to them any more."""

    async def action(store: MetadataStore) -> str:
        role, chosen = await _find(store, name, organization)
        member, _ = await require_membership(store, email, chosen)
        await remove_role_member(store, role, member)
        return f"{member.email} no longer has the role {role.name} of {chosen.name}"

    typer.echo(with_store(action))


async def require_role(store: MetadataStore, name: str, organization: OrganizationRecord) -> RoleRecord:
    """Raises NotFound, also for a role of another organization."""
    try:
        return await get_role(store, organization_id=organization.id, name=name)
    except NotFound as missing:
        raise NotFound(
            f"There is no role named {name.strip()!r} in {organization.name}.",
            hint="List them: python server.py role list.",
        ) from missing


async def _find(
    store: MetadataStore, name: str, organization: str | None
) -> tuple[RoleRecord, OrganizationRecord]:
    chosen = await require_organization(store, organization)
    return await require_role(store, name, chosen), chosen


async def _lines(store: MetadataStore, organization: OrganizationRecord) -> list[tuple[str, ...]]:
    roles = await list_roles(store, organization.id)
    members = await find_role_members(store, [role.id for role in roles])
    people = await find_members(store, [user_id for each in members.values() for user_id in each])
    return [
        (role.name, organization.name, " ".join(people[user_id].email for user_id in members.get(role.id, ())))
        for role in roles
    ]
