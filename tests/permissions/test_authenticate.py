import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update

from datasource.metadata.keys import list_keys, revoke_key
from datasource.metadata.members import add_member, remove_member, set_member_active
from datasource.metadata.models import ApiKey, User
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project, list_projects
from datasource.metadata.reach import projects_in_reach
from datasource.metadata.records import MemberRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from permissions.authenticate import LinkedKey, authenticate, authenticate_link
from permissions.key_issuing import IssuedKey, issue_key, issue_project_key, roll_key

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


@pytest.fixture
async def owner(store: MetadataStore) -> MemberRecord:
    organization = await create_organization(store, name="Acme")
    await create_project(store, organization_id=organization.id, name="Flights")
    return await add_member(store, email="ada@example.com", organization_id=organization.id)


@pytest.fixture
async def issued(store: MetadataStore, owner: MemberRecord) -> IssuedKey:
    return await issue_key(store, owner=owner, label="CI", scopes=["insight:read"])


@pytest.fixture
async def project(store: MetadataStore, owner: MemberRecord) -> ProjectRecord:
    (project,) = await list_projects(store)
    assert project.organization_id == owner.organization_ids[0]
    return project


async def _refused(store: MetadataStore, header: str | None, *, now: datetime | None = None) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await authenticate(store, header, now=now)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert caught.value.hint
    return caught.value


async def test_valid_key_authenticates_its_owner(
    store: MetadataStore, owner: MemberRecord, issued: IssuedKey
) -> None:
    caller = await authenticate(store, f" Bearer   {issued.value} ")
    assert caller.user == owner
    assert (caller.key_id, caller.key_label, caller.key_mask, caller.scopes) == (
        issued.record.id,
        "CI",
        issued.record.mask,
        ("insight:read",),
    )
    assert (caller.scoped_projects, caller.scoped_organizations) == (None, None)
    page = await projects_in_reach(store, caller.reach, first=10)
    assert [project.name for project in page.projects] == ["Flights"]


async def test_authentication_records_the_last_use(store: MetadataStore, issued: IssuedKey) -> None:
    await authenticate(store, f"Bearer {issued.value}", now=NOON)
    await authenticate(store, f"Bearer {issued.value}", now=NOON + timedelta(minutes=30))
    assert [each.key.last_used_at for each in await list_keys(store)] == [NOON]


async def test_error_without_a_key_says_where_to_send_it(store: MetadataStore) -> None:
    error = await _refused(store, None)
    assert error.message == "No API key was sent."
    assert "Authorization: Bearer phx_" in (error.hint or "")


async def test_other_authorization_scheme_is_rejected(store: MetadataStore) -> None:
    assert "must consist of 'Bearer'" in (await _refused(store, "Basic YTpi")).message


async def test_error_for_an_unknown_key_shows_only_its_mask(store: MetadataStore, issued: IssuedKey) -> None:
    wrong = issued.value[:-4] + "0000"
    error = await _refused(store, f"Bearer {wrong}")
    assert error.message == "Unknown API key: phx_...0000"
    assert wrong[4:12] not in f"{error.message}{error.hint}{error.details}"


@pytest.mark.parametrize("spoil", [str.upper, str.lower, str.swapcase, lambda key: key[4:], lambda key: key + "0"])
async def test_similar_key_is_rejected(
    store: MetadataStore, issued: IssuedKey, spoil: Callable[[str], str]
) -> None:
    assert "Unknown API key" in (await _refused(store, f"Bearer {spoil(issued.value)}")).message


async def test_stored_hash_is_rejected_as_key(store: MetadataStore, issued: IssuedKey) -> None:
    async with store.read() as session:
        stored = await session.scalar(text("SELECT secure_value FROM api_keys"))
    assert isinstance(stored, str)
    assert issued.value not in stored
    assert "Unknown API key" in (await _refused(store, f"Bearer {stored}")).message


async def test_revoked_key_is_rejected_as_revoked(store: MetadataStore, issued: IssuedKey) -> None:
    await revoke_key(store, issued.record.id)
    error = await _refused(store, f"Bearer {issued.value}")
    assert error.message == f"The API key {issued.record.mask} was revoked."


async def test_key_of_a_deactivated_owner_is_rejected_until_reactivation(
    store: MetadataStore, issued: IssuedKey
) -> None:
    await set_member_active(store, email="ada@example.com", is_active=False)
    error = await _refused(store, f"Bearer {issued.value}")
    assert error.message == f"The owner of the API key {issued.record.mask} is deactivated."
    await set_member_active(store, email="ada@example.com", is_active=True)
    assert (await authenticate(store, f"Bearer {issued.value}")).key_id == issued.record.id


async def test_rejected_key_is_not_recorded_as_used(store: MetadataStore, issued: IssuedKey) -> None:
    await revoke_key(store, issued.record.id)
    await _refused(store, f"Bearer {issued.value}")
    assert [each.key.last_used_at for each in await list_keys(store)] == [None]


async def test_store_without_tables_is_unavailable(database_url: str) -> None:
    async with MetadataStore.open(database_url) as store:
        with pytest.raises(GatewayError) as caught:
            await authenticate(store, "Bearer phx_0123456789")
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE


async def test_read_only_store_still_authenticates(
    store: MetadataStore,
    issued: IssuedKey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # It holds for the one pooled connection, which all that follows uses.
    async with store.write() as session:
        await session.execute(text(READ_ONLY[session.get_bind().dialect.name]))
    with caplog.at_level(logging.WARNING, logger="trendgate.authentication"):
        caller = await authenticate(store, f"Bearer {issued.value}")
    assert caller.key_id == issued.record.id
    assert f"last use of the API key {issued.record.mask} was not recorded" in caplog.text
    assert issued.value not in caplog.text


# ---------------------------------------------------------------------- expiry


async def test_key_is_accepted_until_it_expires(store: MetadataStore, owner: MemberRecord) -> None:
    issued = await issue_key(
        store, owner=owner, label="CI", scopes=["*"], expires_at=NOON, now=NOON - timedelta(days=1)
    )
    caller = await authenticate(store, f"Bearer {issued.value}", now=NOON - timedelta(microseconds=1))
    assert caller.key_expires_at == NOON
    for late in (NOON, NOON + timedelta(days=400)):
        error = await _refused(store, f"Bearer {issued.value}", now=late)
        assert error.message == f"The API key {issued.record.mask} expired at 2026-05-01 12:00 UTC."
        assert error.hint == "Ask for a new key."
    assert [each.key.last_used_at for each in await list_keys(store)] == [NOON - timedelta(microseconds=1)]


async def test_revoked_and_expired_key_is_reported_as_revoked(store: MetadataStore, owner: MemberRecord) -> None:
    issued = await issue_key(
        store, owner=owner, label="CI", scopes=["*"], expires_at=NOON, now=NOON - timedelta(days=1)
    )
    await revoke_key(store, issued.record.id)
    assert "was revoked" in (await _refused(store, f"Bearer {issued.value}", now=NOON)).message


async def test_rolled_key_is_accepted_with_its_new_value_only(store: MetadataStore, issued: IssuedKey) -> None:
    rolled = await roll_key(store, issued.record.id)
    assert "Unknown API key" in (await _refused(store, f"Bearer {issued.value}")).message
    assert (await authenticate(store, f"Bearer {rolled.value}")).key_id == issued.record.id


async def test_old_value_of_a_rolled_key_works_until_its_end(store: MetadataStore, issued: IssuedKey) -> None:
    old = f"Bearer {issued.value}"
    rolled = await roll_key(store, issued.record.id, grace=timedelta(hours=24), now=NOON)
    end = NOON + timedelta(hours=24)
    assert (rolled.record.old_mask, rolled.record.old_value_until) == (issued.record.mask, end)
    before_end = await authenticate(store, old, now=end - timedelta(microseconds=1))
    assert (before_end.key_id, before_end.key_mask) == (issued.record.id, issued.record.mask)
    assert (before_end.key_expires_at, before_end.old_value_until) == (end, end)
    error = await _refused(store, old, now=end)
    assert (
        error.message
        == f"The API key {issued.record.mask} was replaced, and stopped working at 2026-05-02 12:00 UTC."
    )
    assert error.hint == "Use its new value."
    current = await authenticate(store, f"Bearer {rolled.value}", now=end)
    assert (current.key_id, current.key_mask) == (issued.record.id, rolled.record.mask)
    assert (current.key_expires_at, current.old_value_until) == (None, None)


async def test_revoking_ends_both_values_of_a_rolled_key(store: MetadataStore, issued: IssuedKey) -> None:
    rolled = await roll_key(store, issued.record.id, grace=timedelta(days=7), now=NOON)
    for value in (issued.value, rolled.value):
        assert (await authenticate(store, f"Bearer {value}", now=NOON)).key_id == issued.record.id
    await revoke_key(store, issued.record.mask, now=NOON)
    for value in (issued.value, rolled.value):
        assert "was revoked" in (await _refused(store, f"Bearer {value}", now=NOON)).message


@pytest.mark.parametrize("grace", [None, timedelta(hours=1)])
async def test_second_roll_ends_the_oldest_value(
    store: MetadataStore, issued: IssuedKey, grace: timedelta | None
) -> None:
    second = await roll_key(store, issued.record.id, grace=timedelta(days=7), now=NOON)
    third = await roll_key(store, issued.record.id, grace=grace, now=NOON)
    assert "Unknown API key" in (await _refused(store, f"Bearer {issued.value}", now=NOON)).message
    if grace is None:
        assert "Unknown API key" in (await _refused(store, f"Bearer {second.value}", now=NOON)).message
    else:
        assert (await authenticate(store, f"Bearer {second.value}", now=NOON)).key_mask == second.record.mask
    assert (await authenticate(store, f"Bearer {third.value}", now=NOON)).key_id == issued.record.id


async def test_old_value_expires_with_its_key(store: MetadataStore, owner: MemberRecord) -> None:
    end = NOON + timedelta(hours=1)
    issued = await issue_key(store, owner=owner, label="x", scopes=["*"], expires_at=end, now=NOON)
    await roll_key(store, issued.record.id, grace=timedelta(days=1), now=NOON)
    assert (await authenticate(store, f"Bearer {issued.value}", now=NOON)).key_expires_at == end
    assert "expired" in (await _refused(store, f"Bearer {issued.value}", now=end)).message


# ---------------------------------------------------------------------- keys of projects


async def test_project_key_authenticates_no_person(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord
) -> None:
    await create_project(store, organization_id=owner.organization_ids[0], name="Another")
    issued = await issue_project_key(store, project=project, label="ingest", scopes=["insight:read"])
    caller = await authenticate(store, f"Bearer {issued.value}")
    assert (caller.user, caller.user_id, caller.project_id) == (None, None, project.id)
    assert (caller.scopes, caller.memberships) == (("insight:read",), ())
    assert (caller.actor.user_id, caller.actor.key_id) == (None, issued.record.id)
    page = await projects_in_reach(store, caller.reach, first=10)
    assert page.projects == (project,)


async def test_project_key_stays_valid_when_its_creator_leaves(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord
) -> None:
    issued = await issue_project_key(store, project=project, label="ingest", scopes=["*"])
    header = f"Bearer {issued.value}"
    await set_member_active(store, email=owner.email, is_active=False)
    assert (await authenticate(store, header)).project_id == project.id
    await remove_member(store, email=owner.email, organization_id=project.organization_id)
    assert (await authenticate(store, header)).project_id == project.id
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == owner.id))
    assert (await authenticate(store, header)).project_id == project.id


async def test_project_key_can_expire_and_be_revoked(store: MetadataStore, project: ProjectRecord) -> None:
    issued = await issue_project_key(
        store, project=project, label="x", scopes=["*"], expires_at=NOON, now=NOON - timedelta(days=1)
    )
    assert "expired" in (await _refused(store, f"Bearer {issued.value}", now=NOON)).message
    await revoke_key(store, issued.record.id)
    assert "was revoked" in (await _refused(store, f"Bearer {issued.value}", now=NOON)).message


async def test_persons_key_becomes_invalid_when_the_person_leaves(
    store: MetadataStore, owner: MemberRecord, issued: IssuedKey
) -> None:
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == owner.id))
    assert "Unknown API key" in (await _refused(store, f"Bearer {issued.value}")).message


async def test_key_of_a_removed_member_is_refused_even_when_they_are_added_again(
    store: MetadataStore, owner: MemberRecord, issued: IssuedKey
) -> None:
    (organization_id,) = owner.organization_ids
    await remove_member(store, email=owner.email, organization_id=organization_id)
    assert "was removed from the organization" in (await _refused(store, f"Bearer {issued.value}")).message
    again = await add_member(store, email=owner.email, organization_id=organization_id)
    assert "was removed from the organization" in (await _refused(store, f"Bearer {issued.value}")).message
    link = LinkedKey(issued.record.id, NOON)
    with pytest.raises(GatewayError, match="was removed from the organization"):
        await authenticate_link(store, link, now=NOON)
    new = await issue_key(store, owner=again, label="New", scopes=["insight:read"])
    caller = await authenticate(store, f"Bearer {new.value}")
    assert (await projects_in_reach(store, caller.reach, first=10)).total == 1


async def test_key_of_a_removed_member_still_works_in_their_other_organization(
    store: MetadataStore, owner: MemberRecord, issued: IssuedKey
) -> None:
    (acme_id,) = owner.organization_ids
    other = await create_organization(store, name="Zeta")
    zoo = await create_project(store, organization_id=other.id, name="Zoo")
    await add_member(store, email=owner.email, organization_id=other.id)
    await remove_member(store, email=owner.email, organization_id=acme_id)
    await add_member(store, email=owner.email, organization_id=acme_id)
    caller = await authenticate(store, f"Bearer {issued.value}")
    assert (await projects_in_reach(store, caller.reach, first=10)).projects == (zoo,)


# ---------------------------------------------------------------------- what is told of a key


async def _spoil(store: MetadataStore, owner: MemberRecord, issued: IssuedKey, how: str) -> str:
    """Make the key unusable, and return the header to send."""
    if how == "revoked":
        await revoke_key(store, issued.record.id)
    elif how == "expired":
        async with store.write() as session:
            await session.execute(update(ApiKey).values(expires_at=NOON))
    elif how == "inactive":
        await set_member_active(store, email=owner.email, is_active=False)
    elif how == "unknown":
        return f"Bearer {issued.value}0"
    elif how == "two keys":
        return f"Bearer {issued.value} {issued.value}"
    elif how == "another scheme":
        return f"Token {issued.value}"
    elif how == "no tables":
        async with store.write() as session:
            await session.execute(text("DROP TABLE api_keys"))
    return f"Bearer {issued.value}"


@pytest.mark.parametrize(
    "how",
    ["good", "revoked", "expired", "inactive", "unknown", "two keys", "another scheme", "no tables"],
)
async def test_errors_and_logs_contain_only_the_mask_of_a_key(
    store: MetadataStore,
    owner: MemberRecord,
    issued: IssuedKey,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    header = await _spoil(store, owner, issued, how)
    told = ""
    with caplog.at_level(logging.DEBUG):
        try:
            caller = await authenticate(store, header)
        except GatewayError as error:
            told = f"{error!r} {error} {error.message} {error.hint} {error.details}"
        else:
            told = repr(caller)
            assert how == "good"
    # Not even a part of it: eight characters in a row, after the prefix that every key has.
    secret = issued.value.removeprefix("phx_")
    for start in range(len(secret) - 7):
        assert secret[start : start + 8] not in told
        assert secret[start : start + 8] not in caplog.text


async def test_failure_to_record_the_last_use_is_logged_with_only_the_mask(
    store: MetadataStore, issued: IssuedKey, caplog: pytest.LogCaptureFixture
) -> None:
    async with store.write() as session:
        await session.execute(text(READ_ONLY[session.get_bind().dialect.name]))
    with caplog.at_level(logging.DEBUG):
        await authenticate(store, f"Bearer {issued.value}")
    assert issued.record.mask in caplog.text
    secret = issued.value.removeprefix("phx_")
    assert not any(secret[start : start + 8] in caplog.text for start in range(len(secret) - 7))
