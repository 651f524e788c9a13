from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from datasource.metadata.keys import (
    KeyChanges,
    NewKey,
    get_key,
    insert_key,
    replace_key,
    unknown_projects,
    update_key,
)
from datasource.metadata.models import LABEL_LENGTH
from datasource.metadata.records import KeyRecord, MemberRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, Place
from permissions.api_keys import generate_key, hash_key, mask_key
from permissions.scopes import check_scopes

MOST_KEYS = 10
"""The maximum number of usable keys of a person."""
LONGEST_DESCRIPTION = 1000
LONGEST_GRACE = timedelta(days=7)
"""How long the old value of a rolled key can go on working."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `value` is the key itself, which is not stored: show it once."""

    record: KeyRecord
    value: str = field(repr=False)


async def issue_key(
    store: MetadataStore,
    *,
    owner: MemberRecord,
    label: str,
    scopes: Iterable[str],
    description: str = "",
    scoped_projects: Iterable[int] = (),
    scoped_organizations: Iterable[str] = (),
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> IssuedKey:
    """Issue a key to a person; without `scoped_…` it can be used for everything its owner can reach.

    Raises BadUserInput for an invalid label, description, scope or time, for projects and organizations that are
    not the owner's, and when the owner has MOST_KEYS already.
    """
    at = now or datetime.now(UTC)
    settings = _settings(label, description, scopes, expires_at, at)
    projects = tuple(dict.fromkeys(scoped_projects))
    organizations = tuple(dict.fromkeys(scoped_organizations))
    _check_organizations(owner, organizations)
    await _check_projects(store, owner, projects)
    new = replace(settings, user_id=owner.id, scoped_projects=projects, scoped_organizations=organizations)
    return await _issue(store, new, at)


async def issue_project_key(
    store: MetadataStore,
    *,
    project: ProjectRecord,
    label: str,
    scopes: Iterable[str],
    description: str = "",
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> IssuedKey:
    """Issue a key to a project, which stays valid when its creator leaves.

    It can be used for this project only, is limited by its scopes alone, and cannot change access rules. Raises
    BadUserInput for invalid settings.
    """
    at = now or datetime.now(UTC)
    settings = _settings(label, description, scopes, expires_at, at)
    return await _issue(store, replace(settings, project_id=project.id), at)


async def roll_key(
    store: MetadataStore, id_or_mask: str, *, grace: timedelta | None = None, now: datetime | None = None
) -> IssuedKey:
    """Replace the value of a key; the old value becomes invalid at once, or after `grace`.

    Raises NotFound, and BadUserInput for a revoked key, an ambiguous mask or a grace that is too long.
    """
    at = now or datetime.now(UTC)
    if grace is not None and not timedelta(0) < grace <= LONGEST_GRACE:
        raise BadUserInput(
            "The old value of a key can keep working for at most {days} days.",
            days=LONGEST_GRACE.days,
            path=("grace",),
            hint="Use a duration such as 24h.",
        )
    key = await get_key(store, id_or_mask)
    value = generate_key()
    record = await replace_key(
        store,
        key.id,
        secure_value=hash_key(value),
        mask=mask_key(value),
        old_value_until=None if grace is None else at + grace,
        now=at,
    )
    return IssuedKey(record=record, value=value)


async def change_key(
    store: MetadataStore, id_or_mask: str, changes: KeyChanges, *, now: datetime | None = None
) -> tuple[KeyRecord, KeyRecord]:
    """Change the settings of a key, and return it before and after. Its value, owner and projects stay.

    Raises NotFound, and BadUserInput for settings that `issue_key` rejects, and for a revoked key.
    """
    at = now or datetime.now(UTC)
    _check_expiry(changes.expires_at, at)
    checked = replace(
        changes,
        label=None if changes.label is None else check_label(changes.label),
        scopes=None if changes.scopes is None else check_scopes(changes.scopes),
    )
    return await update_key(store, id_or_mask, checked, most_per_user=MOST_KEYS, now=at)


def _settings(
    label: str, description: str, scopes: Iterable[str], expires_at: datetime | None, now: datetime
) -> NewKey:
    checked_label, checked_scopes = check_label(label), check_scopes(scopes)
    if len(description) > LONGEST_DESCRIPTION or not description.replace("\n", " ").isprintable():
        raise BadUserInput(
            "The description of a key may have at most {limit} printable characters.",
            limit=LONGEST_DESCRIPTION,
            path=("description",),
        )
    _check_expiry(expires_at, now)
    return NewKey(
        label=checked_label,
        description=description,
        scopes=checked_scopes,
        expires_at=expires_at,
        secure_value="",
        mask="",
    )


async def _issue(store: MetadataStore, new: NewKey, now: datetime) -> IssuedKey:
    value = generate_key()
    new = replace(new, secure_value=hash_key(value), mask=mask_key(value))
    record = await insert_key(store, new, most_per_user=MOST_KEYS, now=now)
    return IssuedKey(record=record, value=value)


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise BadUserInput("The expiry must be in the future.", path=("expires_at",))


def check_label(label: str) -> str:
    trimmed = label.strip()
    if not trimmed:
        raise BadUserInput(
            "The label of a key must not be empty.", path=("label",), hint="Say what the key is for."
        )
    if len(trimmed) > LABEL_LENGTH or not trimmed.isprintable():
        raise BadUserInput(
            "The label of a key may have at most {limit} printable characters.",
            limit=LABEL_LENGTH,
            path=("label",),
        )
    return trimmed


def _check_organizations(owner: MemberRecord, organizations: tuple[str, ...]) -> None:
    foreign = [each for each in organizations if each not in owner.organization_ids]
    if foreign:
        raise BadUserInput(
            "{email} is not a member of the organization {organization_id}.",
            email=owner.email,
            organization_id=foreign[0],
            path=("scoped_organizations",),
        )


async def _check_projects(store: MetadataStore, owner: MemberRecord, projects: tuple[int, ...]) -> None:
    unknown = await unknown_projects(store, projects, owner.organization_ids) if projects else ()
    if unknown:
        raise BadUserInput(
            "{email} has no access to project {project_id}.",
            email=owner.email,
            project_id=unknown[0],
            path=("scoped_projects",),
            hint=Place.PROJECTS,
        )
