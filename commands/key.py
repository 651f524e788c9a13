import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commands.metadata import require_project, with_store
from commands.output import format_minute, print_line, print_table
from datasource.metadata.keys import list_keys, revoke_key
from datasource.metadata.members import get_member
from datasource.metadata.organizations import get_organization
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.key_issuing import IssuedKey, issue_key, issue_project_key, roll_key

COLUMNS = (
    *("id", "mask", "label", "owner", "scopes", "projects"),
    *("created", "last used", "expires", "state", "revoked"),
)

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DURATION = re.compile(r"([1-9][0-9]{0,6})([hdw])", re.ASCII)

KeyArgument = Annotated[
    str,
    typer.Argument(metavar="ID_OR_MASK", help="The key's id or mask; see `key list`.", show_default=False),
]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Manage API keys.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("roll")(roll)
    group.command("revoke")(revoke)
    cli.add_typer(group, name="key")


def create(
    *,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the key is for, up to 40 characters.")],
    scope: Annotated[
        list[str],
        typer.Option(metavar="SCOPE", help="A scope such as insight:read, project:write or *. Repeatable."),
    ],
    member: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The member the key belongs to.", show_default=False)
    ] = None,
    for_project: Annotated[
        int | None,
        typer.Option(
            metavar="ID",
            help="The project the key belongs to, for services. Such a key outlives its creator, can access only "
            "this project, is limited only by its scopes, and can never change access.",
            show_default=False,
        ),
    ] = None,
    project: Annotated[
        list[int] | None,
        typer.Option(metavar="ID", help="Limit the key to this project. Repeatable. Default: no limit."),
    ] = None,
    organization: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Limit the key to this organization. Repeatable. Default: no limit."),
    ] = None,
    description: Annotated[str, typer.Option(metavar="TEXT", help="A longer text.", show_default=False)] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="When the key expires: after a duration (36h, 90d, 52w), or at a date or time in UTC (2027-01-31 "
            "means midnight). Default: never.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Create a key for a member (--member) or a project (--for-project).

    The key is printed once, to standard output; only its hash is stored.
    """
    if (member is None) == (for_project is None):
        raise BadUserInput(
            "A key must belong to either a member or a project.",
            hint="Use --member EMAIL or --for-project ID, not both.",
        )
    if for_project is not None and (project or organization):
        raise BadUserInput(
            "A project's key can access only that project.",
            hint="Omit --project and --organization, which are for a member's key.",
        )
    now = datetime.now(UTC)
    expires_at = None if expires is None else parse_expiry(expires, now)

    async def action(store: MetadataStore) -> IssuedKey:
        if for_project is not None:
            return await issue_project_key(
                store,
                project=await require_project(store, for_project),
                label=label,
                scopes=scope,
                description=description,
                expires_at=expires_at,
                now=now,
            )
        organizations = [await get_organization(store, name=name) for name in organization or ()]
        return await issue_key(
            store,
            owner=await get_member(store, email=member or ""),
            label=label,
            scopes=scope,
            description=description,
            scoped_projects=project or (),
            scoped_organizations=[each.id for each in organizations],
            expires_at=expires_at,
            now=now,
        )

    _print_once(with_store(action))


def show() -> None:
    """List all keys, including those that no longer work: expired, revoked, or without an active owner."""
    now = datetime.now(UTC)

    async def action(store: MetadataStore) -> list[tuple[str, ...]]:
        return [_row(owned, now) for owned in await list_keys(store)]

    print_table(COLUMNS, with_store(action), empty="No keys yet. Create one: trendgate key create.")


def roll(key: KeyArgument) -> None:
    """Replace the value of a key and print the new one once. The old value stops working immediately."""

    async def action(store: MetadataStore) -> IssuedKey:
        return await roll_key(store, key)

    rolled = with_store(action)
    _print_once(rolled)
    if rolled.record.expires_at is not None and rolled.record.expires_at <= datetime.now(UTC):
        print_line("This key has expired and still will not work. Create a new one.", err=True)


def revoke(key: KeyArgument) -> None:
    """Revoke a key immediately and permanently."""

    async def action(store: MetadataStore) -> KeyRecord:
        return await revoke_key(store, key)

    revoked = with_store(action)
    print_line(f"Revoked {revoked.mask}: {revoked.label}")


def _print_once(issued: IssuedKey) -> None:
    print_line(issued.value)
    print_line("Store this key safely; it won't be shown again.", err=True)


def _row(owned: OwnedKey, now: datetime) -> tuple[str, ...]:
    key = owned.key
    projects = (key.project_id,) if key.project_id is not None else key.scoped_projects
    return (
        key.id,
        key.mask,
        key.label,
        owned.owner.email if owned.owner else f"project {key.project_id}",
        " ".join(key.scopes),
        " ".join(map(str, projects or ())) or "all",
        format_minute(key.created_at),
        format_minute(key.last_used_at) or "never",
        format_minute(key.expires_at) or "never",
        owned.state_at(now).value,
        format_minute(key.revoked_at),
    )


def parse_expiry(text: str, now: datetime) -> datetime:
    """Read a duration from now (36h, 90d, 52w), a date (midnight UTC) or a time (UTC by default).

    Raises BadUserInput for anything else.
    """
    text = text.strip()
    try:
        if duration := DURATION.fullmatch(text):
            return (now + int(duration[1]) * UNITS[duration[2]]).replace(microsecond=0)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadUserInput(
            "Invalid expiry {text!r}.",
            text=text,
            hint="Use a duration such as 36h, 90d or 52w, or a date or time in UTC such as 2027-01-31.",
        ) from exc
