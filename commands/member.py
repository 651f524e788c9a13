from typing import Annotated

import typer

from commands.metadata import ensure_organization, require_membership, require_organization, with_store
from commands.options import ExistingOrganizationOption, Level, OrganizationOption
from commands.output import print_table
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

EmailArgument = Annotated[str, typer.Argument(help="The person's e-mail address.")]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Members: the people that keys belong to.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(show)
    group.command("level")(change_level)
    group.command("activate")(activate)
    group.command("deactivate")(deactivate)
    group.command("remove")(remove)
    cli.add_typer(group, name="member")


def add(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="The person's name.", show_default=False)] = "",
    organization: OrganizationOption = None,
    level: Annotated[Level, typer.Option(help="Level in the organization.")] = Level.MEMBER,
) -> None:
    """Add a person to an organization."""

    async def action(store: MetadataStore) -> tuple[MemberRecord, str]:
        chosen = await ensure_organization(store, organization)
        member = await add_member(
            store, email=email, organization_id=chosen.id, name=name, level=OrganizationLevel[level.name]
        )
        return member, chosen.name

    member, organization_name = with_store(action)
    typer.echo(f"Added {member.email} to {organization_name} as {level.value}")


def show() -> None:
    """List every member, one line per organization."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [line for member in await list_members(store) for line in _lines(member)]

    print_table(COLUMNS, with_store(action), empty="No members yet: add one with member add EMAIL.")


def change_level(
    email: EmailArgument,
    level: Annotated[Level, typer.Argument(help="The level from now on.")],
    organization: ExistingOrganizationOption = None,
) -> None:
    """Change the level in an organization.

    Rules bind members; admins and owners have the highest level everywhere and may edit rules. Rules that name
    the person stay, and count again once they are a member. Their keys go on working, with the new level.
    """
    wanted = OrganizationLevel[level.name]

    async def action(store: MetadataStore) -> str:
        chosen = await require_organization(store, organization)
        member, before = await require_membership(store, email, chosen)
        await set_member_level(store, email=email, organization_id=chosen.id, level=wanted)
        where = f"{member.email} in {chosen.name}"
        if before.level is wanted:
            return f"{where}: {level.value} already"
        bound = "rules do not bind them" if wanted >= OrganizationLevel.ADMIN else "rules bind them"
        return f"{where}: {before.level.name.lower()} -> {level.value}; {bound}"

    typer.echo(with_store(action))


def activate(email: EmailArgument) -> None:
    """Let a person in again: their keys work unless revoked or expired, and rules that name them count."""
    member = _set_active(email, is_active=True)
    typer.echo(f"{member.email} is active: their keys work unless revoked or expired")


def deactivate(email: EmailArgument) -> None:
    """Shut a person out everywhere: all their keys are refused at once. Memberships, roles and rules stay.

    Keys that belong to a project go on working.
    """
    member = _set_active(email, is_active=False)
    typer.echo(f"{member.email} is not active: their keys are refused, their rules and roles stay")


def remove(email: EmailArgument, organization: ExistingOrganizationOption = None) -> None:
    """Take a person out of an organization, for good: the rules that name them and their roles there go.

    Their keys stay and reach only the organizations that are left to them. What they made stays.
    """

    async def action(store: MetadataStore) -> str:
        chosen = await require_organization(store, organization)
        member, _ = await require_membership(store, email, chosen)
        await remove_member(store, email=email, organization_id=chosen.id)
        rest = "with their roles and the rules that named them; no key of theirs reaches it"
        return f"Removed {member.email} from {chosen.name}, {rest}"

    typer.echo(with_store(action))


def _set_active(email: str, *, is_active: bool) -> MemberRecord:
    async def action(store: MetadataStore) -> MemberRecord:
        member = await get_member(store, email=email)
        return await set_member_active(store, email=member.email, is_active=is_active)

    return with_store(action)


def _lines(member: MemberRecord) -> list[tuple[str, ...]]:
    active = "yes" if member.is_active else "no"
    memberships = [(each.organization_name, each.level.name.lower()) for each in member.memberships]
    return [
        (member.email, member.name, organization, level, active)
        for organization, level in memberships or [("", "")]
    ]
