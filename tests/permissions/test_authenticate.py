import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from datasource.metadata.keys import list_keys, revoke_key
from datasource.metadata.members import add_member, set_member_active
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.reach import projects_in_reach
from datasource.metadata.records import MemberRecord
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from permissions.authenticate import authenticate
from permissions.issue import IssuedKey, issue_key

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


async def _refused(store: MetadataStore, header: str | None) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await authenticate(store, header)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert caught.value.hint
    return caught.value


async def test_authenticate_with_a_good_key_is_its_owner(
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
    page = await projects_in_reach(store, caller, first=10)
    assert [project.name for project in page.projects] == ["Flights"]


async def test_authenticate_moves_the_last_use(store: MetadataStore, issued: IssuedKey) -> None:
    await authenticate(store, f"Bearer {issued.value}", now=NOON)
    await authenticate(store, f"Bearer {issued.value}", now=NOON + timedelta(minutes=30))
    assert [each.key.last_used_at for each in await list_keys(store)] == [NOON]


async def test_authenticate_without_a_key_says_where_it_belongs(store: MetadataStore) -> None:
    refusal = await _refused(store, None)
    assert refusal.message == "No API key was sent."
    assert "Authorization: Bearer phx_" in (refusal.hint or "")


async def test_authenticate_with_another_scheme_is_refused(store: MetadataStore) -> None:
    assert "must be the word Bearer" in (await _refused(store, "Basic YTpi")).message


async def test_authenticate_with_an_unknown_key_shows_its_mask_alone(
    store: MetadataStore, issued: IssuedKey
) -> None:
    wrong = issued.value[:-4] + "0000"
    refusal = await _refused(store, f"Bearer {wrong}")
    assert refusal.message == "The API key phx_...0000 is not known."
    assert wrong[4:12] not in f"{refusal.message}{refusal.hint}{refusal.details}"


@pytest.mark.parametrize("spoil", [str.upper, str.lower, str.swapcase, lambda key: key[4:], lambda key: key + "0"])
async def test_authenticate_with_a_key_that_is_nearly_right_is_refused(
    store: MetadataStore, issued: IssuedKey, spoil: Callable[[str], str]
) -> None:
    assert "is not known" in (await _refused(store, f"Bearer {spoil(issued.value)}")).message


async def test_authenticate_with_the_stored_hash_is_refused(store: MetadataStore, issued: IssuedKey) -> None:
    async with store.read() as session:
        stored = await session.scalar(text("SELECT secure_value FROM api_keys"))
    assert isinstance(stored, str)
    assert issued.value not in stored
    assert "is not known" in (await _refused(store, f"Bearer {stored}")).message


async def test_authenticate_with_a_revoked_key_says_so(store: MetadataStore, issued: IssuedKey) -> None:
    await revoke_key(store, issued.record.id)
    refusal = await _refused(store, f"Bearer {issued.value}")
    assert refusal.message == f"The API key {issued.record.mask} was revoked."


async def test_authenticate_for_an_inactive_owner_is_refused_until_active_again(
    store: MetadataStore, issued: IssuedKey
) -> None:
    await set_member_active(store, email="ada@example.com", is_active=False)
    refusal = await _refused(store, f"Bearer {issued.value}")
    assert refusal.message == f"The owner of the API key {issued.record.mask} is not active."
    await set_member_active(store, email="ada@example.com", is_active=True)
    assert (await authenticate(store, f"Bearer {issued.value}")).key_id == issued.record.id


async def test_refused_key_was_not_used(store: MetadataStore, issued: IssuedKey) -> None:
    await revoke_key(store, issued.record.id)
    await _refused(store, f"Bearer {issued.value}")
    assert [each.key.last_used_at for each in await list_keys(store)] == [None]


async def test_authenticate_on_a_store_without_tables_is_unavailable(database_url: str) -> None:
    async with MetadataStore.open(database_url) as store:
        with pytest.raises(GatewayError) as caught:
            await authenticate(store, "Bearer phx_0123456789")
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE


async def test_authenticate_on_a_store_that_cannot_be_written_still_answers(
    store: MetadataStore,
    issued: IssuedKey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # It holds for the one pooled connection, which all that follows uses.
    async with store.write() as session:
        await session.execute(text(READ_ONLY[session.get_bind().dialect.name]))
    with caplog.at_level(logging.WARNING, logger="permissions.authenticate"):
        caller = await authenticate(store, f"Bearer {issued.value}")
    assert caller.key_id == issued.record.id
    assert f"last use of the API key {issued.record.mask} was not written" in caplog.text
    assert issued.value not in caplog.text
