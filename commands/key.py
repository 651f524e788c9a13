from datetime import datetime
from typing import Annotated

import typer

from commands.stores import with_store
from commands.tables import print_table
from datasource.metadata.keys import list_keys, revoke_key
from datasource.metadata.members import get_member
from datasource.metadata.organizations import get_organization
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from permissions.issue import IssuedKey, issue_key

COLUMNS = ("id", "mask", "label", "member", "scopes", "projects", "created", "last used", "revoked")


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="API keys: what programs ask with.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("revoke")(revoke)
    cli.add_typer(group, name="key")


def create(
    member: Annotated[str, typer.Option(metavar="EMAIL", help="Whose key it is.")],
    label: Annotated[str, typer.Option(metavar="TEXT", help="What it is for, in at most 40 characters.")],
    scope: Annotated[
        list[str],
        typer.Option(metavar="SCOPE", help="What it may do: insight:read, project:write, ... or *. Repeatable."),
    ],
    project: Annotated[
        list[int] | None,
        typer.Option(metavar="ID", help="Only this project. Repeatable; default: all of the member's."),
    ] = None,
    organization: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this organization. Repeatable; default: all of the member's."),
    ] = None,
) -> None:
    """Create a key. It is printed once, on standard output, and stored nowhere."""

    async def action(store: MetadataStore) -> IssuedKey:
        owner = await get_member(store, email=member)
        organizations = [await get_organization(store, name=name) for name in organization or ()]
        return await issue_key(
            store,
            owner=owner,
            label=label,
            scopes=scope,
            scoped_projects=project or (),
            scoped_organizations=[each.id for each in organizations],
        )

    issued = with_store(action)
    typer.echo(issued.value)
    typer.echo("Keep this key in a safe place: it is not shown again.", err=True)


def show() -> None:
    """List every key, by its mask; revoked ones too."""

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [_line(owned) for owned in await list_keys(store)]

    print_table(COLUMNS, with_store(action), empty="No keys yet: create one with key create.")


def revoke(
    key: Annotated[str, typer.Argument(metavar="ID_OR_MASK", help="As key list shows it.", show_default=False)],
) -> None:
    """Revoke a key, at once and for good."""

    async def action(store: MetadataStore) -> KeyRecord:
        return await revoke_key(store, key)

    revoked = with_store(action)
    typer.echo(f"Revoked {revoked.mask}: {revoked.label}")


def _line(owned: OwnedKey) -> tuple[str, ...]:
    key = owned.key
    return (
        key.id,
        key.mask,
        key.label,
        owned.owner.email,
        " ".join(key.scopes),
        " ".join(map(str, key.scoped_projects or ())) or "all",
        _minute(key.created_at),
        _minute(key.last_used_at) or "never",
        _minute(key.revoked_at),
    )


def _minute(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%d %H:%MZ") if instant else ""
