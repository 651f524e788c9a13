"""API keys as rows of tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from commands.output import BriefTable, format_day, format_minute
from datasource.metadata.records import KeyRecord, KeyState, OwnedKey
from permissions.scopes import ALL_READ, read_scopes

COLUMNS = (
    *("id", "mask", "label", "owner", "scopes", "projects"),
    *("created", "last used", "expires", "state", "revoked", "old value"),
)
DETAILS = (
    *("id", "mask", "label", "description", "owner", "state", "scopes", "organizations", "projects"),
    *("created", "last used", "rolled", "old value", "expires", "revoked"),
)
BRIEF_COLUMNS = ("mask", "label", "owner", "scopes", "last used", "expires", "state")
NEVER = "never"


def key_row(owned: OwnedKey, now: datetime) -> tuple[str, ...]:
    """The cells of COLUMNS."""
    key = owned.key
    projects = (key.project_id,) if key.project_id is not None else key.scoped_projects
    return (
        key.id,
        key.mask,
        key.label,
        _owner(owned),
        " ".join(key.scopes),
        " ".join(map(str, projects or ())) or "all",
        format_minute(key.created_at),
        format_minute(key.last_used_at) or NEVER,
        format_minute(key.expires_at) or NEVER,
        owned.state_at(now).value,
        format_minute(key.revoked_at),
        _old_value(key),
    )


def brief_keys(keys: Sequence[OwnedKey], now: datetime) -> BriefTable:
    """What fits in 100 columns."""
    rows = [_brief_row(owned, now) for owned in keys]
    return BriefTable(BRIEF_COLUMNS, rows, unbroken=("mask", "last used", "expires"), widest={"state": 17})


def key_details(owned: OwnedKey, organizations: Mapping[str, str], now: datetime) -> list[tuple[str, str]]:
    """The name and value of everything about a key; `organizations` has names by id."""
    key = owned.key
    scoped = [organizations.get(each, each) for each in key.scoped_organizations or ()]
    details = {
        **dict(zip(COLUMNS, key_row(owned, now), strict=True)),
        "description": key.description,
        "organizations": ", ".join(scoped) or ("" if owned.owner is None else "all"),
        "rolled": format_minute(key.last_rolled_at) or NEVER,
    }
    return [(name, details[name]) for name in DETAILS]


def key_settings(key: KeyRecord) -> dict[str, str]:
    """What `key update` can change."""
    return {
        "label": key.label,
        "scopes": " ".join(key.scopes),
        "expires": format_minute(key.expires_at) or NEVER,
    }


def _brief_row(owned: OwnedKey, now: datetime) -> tuple[str, ...]:
    key, state = owned.key, owned.state_at(now)
    works_twice = state is KeyState.ACTIVE and key.old_value_until is not None and key.old_value_until > now
    return (
        key.mask,
        key.label,
        _owner(owned),
        _brief_scopes(key.scopes),
        format_day(key.last_used_at) or NEVER,
        format_day(key.expires_at) or NEVER,
        f"{state.value}, old value until {format_minute(key.old_value_until)}" if works_twice else state.value,
    )


def _brief_scopes(scopes: Sequence[str]) -> str:
    """The scopes, with `read` for all that read."""
    reading = read_scopes()
    if not set(reading) <= set(scopes):
        return " ".join(scopes)
    return " ".join((ALL_READ, *(each for each in scopes if each not in reading)))


def _owner(owned: OwnedKey) -> str:
    return owned.owner.email if owned.owner else f"project {owned.key.project_id}"


def _old_value(key: KeyRecord) -> str:
    return f"{key.old_mask} until {format_minute(key.old_value_until)}" if key.old_value_until else ""
