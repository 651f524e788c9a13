"""API keys for tests, without the limit per person."""

from collections.abc import Sequence
from datetime import datetime

from datasource.metadata.keys import NewKey, insert_key
from datasource.metadata.records import MemberRecord
from datasource.metadata.store import MetadataStore
from permissions.api_keys import generate_key, hash_key, mask_key


async def make_key(
    store: MetadataStore,
    owner: MemberRecord,
    scopes: Sequence[str],
    *,
    projects: Sequence[int] = (),
    organizations: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> str:
    """Create a key of the person, by default for all projects and organizations, and return its value."""
    value = generate_key()
    new = NewKey(
        user_id=owner.id,
        label="tests",
        secure_value=hash_key(value),
        mask=mask_key(value),
        scopes=scopes,
        scoped_projects=projects,
        scoped_organizations=organizations,
        expires_at=expires_at,
    )
    await insert_key(store, new)
    return value
