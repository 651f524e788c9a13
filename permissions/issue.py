from collections.abc import Iterable
from dataclasses import dataclass, field

from datasource.metadata.keys import insert_key, unknown_projects
from datasource.metadata.models import LABEL_LENGTH
from datasource.metadata.records import KeyRecord, MemberRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.api_keys import generate_key, hash_key, mask_key
from permissions.scopes import check_scopes


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """`value` is the key itself: show it once, it is stored nowhere."""

    record: KeyRecord
    value: str = field(repr=False)


async def issue_key(
    store: MetadataStore,
    *,
    owner: MemberRecord,
    label: str,
    scopes: Iterable[str],
    scoped_projects: Iterable[int] = (),
    scoped_organizations: Iterable[str] = (),
) -> IssuedKey:
    """A new key; without `scoped_…` it reaches whatever its owner does.

    Raises BadUserInput for a bad label or scope, and for ids of projects or organizations that are not
    the owner's.
    """
    label = check_label(label)
    checked_scopes = check_scopes(scopes)
    projects = tuple(dict.fromkeys(scoped_projects))
    organizations = tuple(dict.fromkeys(scoped_organizations))
    _check_organizations(owner, organizations)
    await _check_projects(store, owner, projects)
    value = generate_key()
    record = await insert_key(
        store,
        user_id=owner.id,
        label=label,
        secure_value=hash_key(value),
        mask=mask_key(value),
        scopes=checked_scopes,
        scoped_projects=projects,
        scoped_organizations=organizations,
    )
    return IssuedKey(record=record, value=value)


def check_label(label: str) -> str:
    trimmed = label.strip()
    if not trimmed:
        raise BadUserInput("The key's label is empty.", path=("label",), hint="Say what the key is for.")
    if len(trimmed) > LABEL_LENGTH or not trimmed.isprintable():
        raise BadUserInput(f"A key's label has at most {LABEL_LENGTH} printable characters.", path=("label",))
    return trimmed


def _check_organizations(owner: MemberRecord, organizations: tuple[str, ...]) -> None:
    foreign = [each for each in organizations if each not in owner.organization_ids]
    if foreign:
        raise BadUserInput(
            f"{owner.email} is not a member of the organization {foreign[0]}.", path=("scopedOrganizations",)
        )


async def _check_projects(store: MetadataStore, owner: MemberRecord, projects: tuple[int, ...]) -> None:
    unknown = await unknown_projects(store, projects, owner.organization_ids) if projects else ()
    if unknown:
        raise BadUserInput(
            f"{owner.email} does not reach a project {unknown[0]}.",
            path=("scopedProjects",),
            hint="List the projects: python server.py project list.",
        )
