from typing import Annotated

import typer

from commands.choices import Level, OrganizationOption
from commands.stores import choose_organization, with_store
from commands.tables import print_table
from datasource.metadata.members import add_member, list_members
from datasource.metadata.records import MemberRecord, OrganizationLevel
from datasource.metadata.store import MetadataStore

COLUMNS = ("email", "name", "organization", "level", "active")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Members: the people that keys belong to.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(show)
    cli.add_typer(group, name="member")


def add(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    name: Annotated[str, typer.Option(help="The person's name.", show_default=False)] = "",
    organization: OrganizationOption = None,
    level: Annotated[Level, typer.Option(help="Level in the organization.")] = Level.MEMBER,
) -> None:
    """Add a person to an organization."""

    async def action(store: MetadataStore) -> tuple[MemberRecord, str]:
        chosen = await choose_organization(store, organization)
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


def _lines(member: MemberRecord) -> list[tuple[str, ...]]:
    active = "yes" if member.is_active else "no"
    memberships = [(each.organization_name, each.level.name.lower()) for each in member.memberships]
    return [
        (member.email, member.name, organization, level, active)
        for organization, level in memberships or [("", "")]
    ]
