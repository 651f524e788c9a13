from typing import Annotated

import typer

from commands.metadata import ensure_organization, require_membership, require_organization, with_store
from commands.options import ExistingOrganizationOption, Level, OrganizationOption
from commands.output import print_line, print_table
from datasource.metadata.members import (
    add_member,
    get_member,
    list_members,
    remove_member,
    set_member_active,
    set_member_level,
)
from datasource.metadata.records import MemberRecord, OrganizationLevel
from datasource.metadata.store import MetadataStore

COLUMNS = ("email", "name", "organization", "level", "active")

EmailArgument = Annotated[str, typer.Argument(help="The member's e-mail address.")]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Manage the members of organizations.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(show)
    group.command("level")(change_level)
    group.command("activate")(activate)
    group.command("deactivate")(deactivate)
    group.command("remove")(remove)
    cli.add_typer(group, name="member")


def add(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="The member's name.", show_default=False)] = "",
    organization: OrganizationOption = None,
    level: Annotated[Level, typer.Option(help="The member's level in the organization.")] = Level.MEMBER,
) -> None:
    """Add a member to an organization."""

    async def action(store: MetadataStore) -> tuple[MemberRecord, str]:
        chosen = await ensure_organization(store, organization)
        member = await add_member(
            store, email=email, organization_id=chosen.id, name=name, level=OrganizationLevel[level.name]
        )
        return member, chosen.name

    member, organization_name = with_store(action, creates=True)
    print_line(f"Added {member.email} to {organization_name} as {level.value}")


def show() -> None:
    """List all members, one line per organization."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [line for member in await list_members(store) for line in _rows(member)]

    print_table(COLUMNS, with_store(action), empty="No members yet. Add one: trendgate member add EMAIL.")


def change_level(
    email: EmailArgument,
    level: Annotated[Level, typer.Argument(help="The new level.")],
    organization: ExistingOrganizationOption = None,
) -> None:
    """Change a member's level in an organization.

    Access rules apply to members only: admins and owners have the highest level everywhere and may edit rules.
    Rules for the person are kept and apply again once their level is member. Their keys keep working.
    """
    wanted = OrganizationLevel[level.name]

    async def action(store: MetadataStore) -> str:
        chosen = await require_organization(store, organization)
        member, before = await require_membership(store, email, chosen)
        await set_member_level(store, email=email, organization_id=chosen.id, level=wanted)
        where = f"{member.email} in {chosen.name}"
        if before.level is wanted:
            return f"{where}: already {level.value}"
        effect = "rules do not apply" if wanted >= OrganizationLevel.ADMIN else "rules apply"
        return f"{where}: {before.level.name.lower()} -> {level.value}; {effect}"

    print_line(with_store(action))


def activate(email: EmailArgument) -> None:
    """Reactivate a member. Their keys work again, unless revoked or expired, and rules for them apply again."""
    member = _set_active(email, is_active=True)
    print_line(f"{member.email} is active: their keys work, unless revoked or expired")


def deactivate(email: EmailArgument) -> None:
    """Deactivate a member: all their keys stop working immediately. Memberships, roles and rules are kept.

    Keys that belong to a project keep working.
    """
    member = _set_active(email, is_active=False)
    print_line(f"{member.email} is deactivated: their keys are refused; their rules and roles are kept")


def remove(email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Remove a member from an organization permanently, with their roles and the rules for them.

    Their keys can no longer access the organization, even if they are added again; keys that could access nothing
    else are refused. What they created is kept.
    """

    async def action(store: MetadataStore) -> str:
        chosen = await require_organization(store, organization)
        member, _ = await require_membership(store, email, chosen)
        await remove_member(store, email=email, organization_id=chosen.id)
        return f"Removed {member.email} from {chosen.name}, with their roles and the rules for them"

    print_line(with_store(action))


def _set_active(email: str, *, is_active: bool) -> MemberRecord:
    async def action(store: MetadataStore) -> MemberRecord:
        member = await get_member(store, email=email)
        return await set_member_active(store, email=member.email, is_active=is_active)

    return with_store(action)


def _rows(member: MemberRecord) -> list[tuple[str, ...]]:
    active = "yes" if member.is_active else "no"
    memberships = [(each.organization_name, each.level.name.lower()) for each in member.memberships]
    return [
        (member.email, member.name, organization, level, active)
        for organization, level in memberships or [("", "")]
    ]
