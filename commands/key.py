import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commands.key_output import COLUMNS, NEVER, brief_keys, key_details, key_row, key_settings
from commands.metadata import require_project, with_store
from commands.output import format_minute, print_line, print_table
from datasource.metadata.keys import KeyChanges, get_owned_key, list_keys, revoke_key
from datasource.metadata.members import get_member
from datasource.metadata.organizations import get_organization, list_organizations
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.key_issuing import LONGEST_GRACE, IssuedKey, change_key, issue_key, issue_project_key, roll_key

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DURATION = re.compile(r"([1-9][0-9]{0,6})([hdw])", re.ASCII)

SCOPE_HELP = "A scope such as insight:read or project:write, read for all that read, or *. Repeatable."

KeyArgument = Annotated[
    str,
    typer.Argument(metavar="ID_OR_MASK", help="The key's id or mask; see `key list`.", show_default=False),
]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(help="Manage API keys.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_all)
    group.command("show")(show)
    group.command("update")(update)
    group.command("roll")(roll)
    group.command("revoke")(revoke)
    cli.add_typer(group, name="key")


def create(
    *,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the key is for, up to 40 characters.")],
    scope: Annotated[
        list[str],
        typer.Option(metavar="SCOPE", help=SCOPE_HELP),
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


def update(
    key: KeyArgument,
    label: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The new label, up to 40 characters.", show_default=False)
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help=f"The scopes, which replace all present ones. {SCOPE_HELP}"),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="When the key expires: a duration, date or time as for `key create`, or `never`.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Change the label, scopes or expiry of a key, from the next request on. Its value stays the same."""
    if label is None and not scope and expires is None:
        raise BadUserInput("Nothing to change.", hint="Use --label, --scope or --expires.")
    now = datetime.now(UTC)
    never_expires = expires is not None and expires.strip() == NEVER
    changes = KeyChanges(
        label=label,
        scopes=scope or None,
        expires_at=None if expires is None or never_expires else parse_expiry(expires, now),
        never_expires=never_expires,
    )

    async def action(store: MetadataStore) -> tuple[KeyRecord, KeyRecord]:
        return await change_key(store, key, changes, now=now)

    before, after = with_store(action)
    was, is_now = key_settings(before), key_settings(after)
    changed = [f"{name}: {was[name]} -> {is_now[name]}" for name in was if was[name] != is_now[name]]
    for line in changed or ["nothing changed"]:
        print_line(f"{after.mask}: {line}")


def list_all() -> None:
    """List all keys, including those that no longer work: expired, revoked, or without an active owner.

    A terminal shows the most important columns, without the projects of a restricted key: see `key show`.
    """
    now = datetime.now(UTC)

    async def action(store: MetadataStore) -> Sequence[OwnedKey]:
        return await list_keys(store)

    keys = with_store(action)
    print_table(
        COLUMNS,
        [key_row(owned, now) for owned in keys],
        empty="No keys yet. Create one: trendgate key create.",
        brief=brief_keys(keys, now),
    )


def show(key: KeyArgument) -> None:
    """Show everything about a key except its value, which is not stored."""

    async def action(store: MetadataStore) -> list[tuple[str, str]]:
        owned = await get_owned_key(store, key)
        organizations = {each.id: each.name for each in await list_organizations(store)}
        return key_details(owned, organizations, datetime.now(UTC))

    print_table(("setting", "value"), with_store(action), empty="")


def roll(
    key: KeyArgument,
    grace: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help=f"How long the old value goes on working (24h, 7d), {LONGEST_GRACE.days} days at most. "
            "Default: not at all.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Replace the value of a key and print the new one once.

    The old value stops working immediately, or after --grace; `key revoke` ends both. A value that an earlier roll
    left working stops in any case.
    """
    duration = None if grace is None else parse_grace(grace)

    async def action(store: MetadataStore) -> IssuedKey:
        return await roll_key(store, key, grace=duration)

    rolled = with_store(action)
    _print_once(rolled)
    record = rolled.record
    if record.old_value_until is not None:
        until = format_minute(record.old_value_until)
        print_line(f"The old value, {record.old_mask}, works until {until}.", err=True)
    if record.expires_at is not None and record.expires_at <= datetime.now(UTC):
        print_line("This key has expired and still will not work. Extend it: trendgate key update.", err=True)


def revoke(key: KeyArgument) -> None:
    """Revoke a key immediately and permanently, with an old value that still works."""

    async def action(store: MetadataStore) -> KeyRecord:
        return await revoke_key(store, key)

    revoked = with_store(action)
    print_line(f"Revoked {revoked.mask}: {revoked.label}")


def _print_once(issued: IssuedKey) -> None:
    print_line(issued.value)
    print_line("Store this key safely; it won't be shown again.", err=True)


def parse_grace(text: str) -> timedelta:
    """Read a duration (24h, 7d, 1w). Raises BadUserInput for anything else."""
    duration = DURATION.fullmatch(text.strip())
    if duration is None:
        raise BadUserInput(
            "Invalid duration {text!r}.", text=text, path=("grace",), hint="Use a duration such as 24h or 7d."
        )
    return int(duration[1]) * UNITS[duration[2]]


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
