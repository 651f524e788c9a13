from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datasource.metadata.keys import KeyChanges, find_key, list_keys, revoke_key
from datasource.metadata.members import add_member, remove_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project, ensure_project
from datasource.metadata.records import MemberRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound
from permissions.api_keys import hash_key
from permissions.authenticate import authenticate
from permissions.key_issuing import IssuedKey, change_key, issue_key, issue_project_key, roll_key
from permissions.scopes import check_scopes

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def owner(store: MetadataStore) -> MemberRecord:
    organization = await create_organization(store, name="Acme")
    return await add_member(store, email="ada@example.com", organization_id=organization.id)


@pytest.fixture
async def project(store: MetadataStore, owner: MemberRecord) -> ProjectRecord:
    return await create_project(store, organization_id=owner.organization_ids[0], name="P")


async def test_only_the_hash_of_a_key_is_stored(store: MetadataStore, owner: MemberRecord) -> None:
    issued = await issue_key(store, owner=owner, label=" CI ", scopes=["insight:read"])
    found = await find_key(store, hash_key(issued.value))
    assert found is not None
    assert (found.owned.key, found.owned.owner, found.secure_value) == (
        issued.record,
        owner,
        hash_key(issued.value),
    )
    assert (issued.record.label, issued.record.scopes) == ("CI", ("insight:read",))
    assert issued.record.mask == f"phx_...{issued.value[-4:]}"
    assert issued.value not in repr(issued)


async def test_key_can_be_scoped_to_projects_and_organizations_of_its_owner(
    store: MetadataStore, owner: MemberRecord
) -> None:
    organization_id = owner.organization_ids[0]
    project = await create_project(store, organization_id=organization_id, name="P")
    issued = await issue_key(
        store,
        owner=owner,
        label="narrow",
        scopes=["*"],
        scoped_projects=[project.id, project.id],
        scoped_organizations=[organization_id],
    )
    assert issued.record.scoped_projects == (project.id,)
    assert issued.record.scoped_organizations == (organization_id,)


async def test_foreign_and_missing_projects_of_a_key_get_the_same_error(
    store: MetadataStore, owner: MemberRecord
) -> None:
    foreign = await ensure_project(store, organization="Strangers", name="Foreign")
    for project_id in (foreign.id, 99):
        with pytest.raises(BadUserInput) as caught:
            await issue_key(store, owner=owner, label="x", scopes=["*"], scoped_projects=[project_id])
        assert caught.value.message == f"ada@example.com has no access to project {project_id}."
        assert caught.value.path == ("scoped_projects",)
    assert await list_keys(store) == ()


async def test_key_scoped_to_a_foreign_organization_is_rejected(store: MetadataStore, owner: MemberRecord) -> None:
    strangers = await create_organization(store, name="Strangers")
    with pytest.raises(BadUserInput, match="is not a member of the organization") as caught:
        await issue_key(store, owner=owner, label="x", scopes=["*"], scoped_organizations=[strangers.id])
    assert caught.value.path == ("scoped_organizations",)
    assert await list_keys(store) == ()


@pytest.mark.parametrize("label", ["", "   ", "x" * 41, "a\nb"])
async def test_invalid_label_is_rejected(store: MetadataStore, owner: MemberRecord, label: str) -> None:
    with pytest.raises(BadUserInput, match="label") as caught:
        await issue_key(store, owner=owner, label=label, scopes=["*"])
    assert caught.value.path == ("label",)
    assert await list_keys(store) == ()


async def test_key_with_a_label_of_40_characters_is_issued(store: MetadataStore, owner: MemberRecord) -> None:
    assert (await issue_key(store, owner=owner, label="x" * 40, scopes=["*"])).record.label == "x" * 40


@pytest.mark.parametrize("scopes", [[], ["insight:admin"]])
async def test_key_without_valid_scopes_is_rejected(
    store: MetadataStore, owner: MemberRecord, scopes: list[str]
) -> None:
    with pytest.raises(BadUserInput, match="scope") as caught:
        await issue_key(store, owner=owner, label="x", scopes=scopes)
    assert caught.value.path == ("scopes",)
    assert await list_keys(store) == ()


async def _issued(
    store: MetadataStore, owner: MemberRecord, *, description: str = "", expires_at: datetime | None = None
) -> IssuedKey:
    return await issue_key(
        store,
        owner=owner,
        label="x",
        scopes=["*"],
        description=description,
        expires_at=expires_at,
        now=NOON,
    )


@pytest.mark.parametrize("description", ["", "x" * 1000, "one line\nand another", "größe ✓"])
async def test_description_of_a_key_is_stored(store: MetadataStore, owner: MemberRecord, description: str) -> None:
    issued = await _issued(store, owner, description=description)
    assert issued.record.description == description
    assert [each.key for each in await list_keys(store)] == [issued.record]


@pytest.mark.parametrize("description", ["x" * 1001, "a\0b", "\udcff", "a\tb", "\x1b[31m"])
async def test_invalid_description_is_rejected(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord, description: str
) -> None:
    with pytest.raises(BadUserInput, match="may have at most 1000 printable characters") as caught:
        await _issued(store, owner, description=description)
    assert caught.value.path == ("description",)
    with pytest.raises(BadUserInput, match="description"):
        await issue_project_key(store, project=project, label="x", scopes=["*"], description=description)
    assert await list_keys(store) == ()


async def test_expiry_of_a_key_is_stored(store: MetadataStore, owner: MemberRecord) -> None:
    expires_at = NOON + timedelta(microseconds=1)
    issued = await _issued(store, owner, expires_at=expires_at)
    assert (issued.record.created_at, issued.record.expires_at) == (NOON, expires_at)
    assert (await _issued(store, owner)).record.expires_at is None


@pytest.mark.parametrize("before", [timedelta(0), timedelta(seconds=1), timedelta(days=9)])
async def test_expiry_in_the_past_is_rejected(
    store: MetadataStore, owner: MemberRecord, before: timedelta
) -> None:
    with pytest.raises(BadUserInput, match="must be in the future") as caught:
        await _issued(store, owner, expires_at=NOON - before)
    assert caught.value.path == ("expires_at",)
    assert await list_keys(store) == ()


async def test_person_has_at_most_ten_usable_keys(store: MetadataStore, owner: MemberRecord) -> None:
    issued = [await _issued(store, owner) for _ in range(10)]
    with pytest.raises(BadUserInput, match="at most 10 usable API keys"):
        await _issued(store, owner)
    await revoke_key(store, issued[3].record.id, now=NOON)
    assert (await _issued(store, owner)).record.user_id == owner.id


async def test_keys_are_unique(store: MetadataStore, owner: MemberRecord) -> None:
    assert len({(await _issued(store, owner)).value for _ in range(10)}) == 10


# ---------------------------------------------------------------------- keys of projects


async def test_project_key_has_no_owner(store: MetadataStore, project: ProjectRecord) -> None:
    issued = await issue_project_key(
        store,
        project=project,
        label=" ingest ",
        scopes=["insight:read", "insight:read"],
        description="for the CI",
        expires_at=NOON + timedelta(days=1),
        now=NOON,
    )
    record = issued.record
    assert (record.user_id, record.project_id, record.label) == (None, project.id, "ingest")
    assert (record.scopes, record.description) == (("insight:read",), "for the CI")
    assert (record.scoped_projects, record.scoped_organizations) == (None, None)
    assert (record.created_at, record.expires_at) == (NOON, NOON + timedelta(days=1))
    found = await find_key(store, hash_key(issued.value))
    assert found is not None
    assert (found.owned.key, found.owned.owner) == (record, None)


async def test_projects_may_have_any_number_of_keys(store: MetadataStore, project: ProjectRecord) -> None:
    for _ in range(11):
        await issue_project_key(store, project=project, label="x", scopes=["*"])
    assert len(await list_keys(store)) == 11


async def test_project_key_with_invalid_settings_is_rejected(store: MetadataStore, project: ProjectRecord) -> None:
    with pytest.raises(BadUserInput) as caught:
        await issue_project_key(store, project=project, label=" ", scopes=["*"])
    assert caught.value.path == ("label",)
    with pytest.raises(BadUserInput) as caught:
        await issue_project_key(store, project=project, label="x", scopes=["insight"])
    assert caught.value.path == ("scopes",)
    with pytest.raises(BadUserInput) as caught:
        await issue_project_key(store, project=project, label="x", scopes=["*"], expires_at=NOON, now=NOON)
    assert caught.value.path == ("expires_at",)
    assert await list_keys(store) == ()


async def test_key_for_a_deleted_project_is_rejected(store: MetadataStore, project: ProjectRecord) -> None:
    with pytest.raises(BadUserInput, match="owner of the key no longer exists"):
        await issue_project_key(store, project=replace(project, id=9999), label="x", scopes=["*"])


# ---------------------------------------------------------------------- rolling


async def test_rolling_changes_only_the_value_of_a_key(store: MetadataStore, owner: MemberRecord) -> None:
    first = await _issued(store, owner, description="d", expires_at=NOON + timedelta(days=1))
    second = await roll_key(store, first.record.mask, now=NOON + timedelta(hours=1))
    assert second.value != first.value
    assert second.record == replace(
        first.record, mask=f"phx_...{second.value[-4:]}", last_rolled_at=NOON + timedelta(hours=1)
    )
    assert await find_key(store, hash_key(first.value)) is None
    assert (await authenticate(store, f"Bearer {second.value}", now=NOON)).key_id == first.record.id
    assert second.value not in repr(second)


async def test_rolling_is_not_limited_by_the_number_of_keys(store: MetadataStore, owner: MemberRecord) -> None:
    issued = [await _issued(store, owner) for _ in range(10)]
    await roll_key(store, issued[0].record.id, now=NOON)
    assert len(await list_keys(store)) == 10


async def test_revoked_or_missing_key_cannot_be_rolled(store: MetadataStore, owner: MemberRecord) -> None:
    issued = await _issued(store, owner)
    await revoke_key(store, issued.record.id, now=NOON)
    with pytest.raises(BadUserInput, match=f"The key {issued.record.mask} is revoked"):
        await roll_key(store, issued.record.id)
    with pytest.raises(NotFound, match="There is no key 'nothing'"):
        await roll_key(store, "nothing")


@pytest.mark.parametrize("grace", [timedelta(0), timedelta(seconds=-1), timedelta(days=7, microseconds=1)])
async def test_old_value_keeps_working_for_a_week_at_most(
    store: MetadataStore, owner: MemberRecord, grace: timedelta
) -> None:
    issued = await _issued(store, owner)
    with pytest.raises(BadUserInput, match="at most 7 days") as caught:
        await roll_key(store, issued.record.id, grace=grace)
    assert caught.value.path == ("grace",)
    assert (await list_keys(store))[0].key == issued.record
    rolled = await roll_key(store, issued.record.id, grace=timedelta(days=7), now=NOON)
    assert rolled.record.old_value_until == NOON + timedelta(days=7)


# ---------------------------------------------------------------------- changing settings


async def test_changed_key_keeps_its_value_and_gets_the_new_settings(
    store: MetadataStore, owner: MemberRecord
) -> None:
    issued = await _issued(store, owner)
    end = NOON + timedelta(days=1)
    changes = KeyChanges(label=" new ", scopes=["project:read", "read"], expires_at=end)
    before, after = await change_key(store, issued.record.mask, changes, now=NOON)
    assert before == issued.record
    assert after == replace(before, label="new", scopes=check_scopes(["project:read", "read"]), expires_at=end)
    caller = await authenticate(store, f"Bearer {issued.value}", now=NOON)
    assert (caller.key_label, caller.scopes, caller.key_expires_at) == ("new", after.scopes, end)
    _, endless = await change_key(store, after.id, KeyChanges(never_expires=True), now=NOON)
    assert endless == replace(after, expires_at=None, last_used_at=endless.last_used_at)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (KeyChanges(label=" "), "label"),
        (KeyChanges(label="x" * 41), "label"),
        (KeyChanges(scopes=["insight"]), "scopes"),
        (KeyChanges(scopes=[]), "scopes"),
        (KeyChanges(expires_at=NOON), "expires_at"),
    ],
)
async def test_change_is_checked_like_a_new_key(
    store: MetadataStore, owner: MemberRecord, changes: KeyChanges, path: str
) -> None:
    issued = await _issued(store, owner)
    with pytest.raises(BadUserInput) as caught:
        await change_key(store, issued.record.id, changes, now=NOON)
    assert caught.value.path == (path,)
    assert (await list_keys(store))[0].key == issued.record


async def test_revoked_key_and_key_of_a_removed_owner_cannot_be_changed(
    store: MetadataStore, owner: MemberRecord
) -> None:
    revoked, removed = await _issued(store, owner), await _issued(store, owner)
    await revoke_key(store, revoked.record.id, now=NOON)
    await remove_member(store, email=owner.email, organization_id=owner.organization_ids[0])
    for issued, message in ((revoked, "is revoked"), (removed, "was removed")):
        with pytest.raises(BadUserInput, match=message):
            await change_key(store, issued.record.id, KeyChanges(label="x"), now=NOON)
    with pytest.raises(NotFound, match="There is no key 'nothing'"):
        await change_key(store, "nothing", KeyChanges(label="x"), now=NOON)


async def test_expired_key_works_again_with_a_later_expiry_unless_that_is_one_too_many(
    store: MetadataStore, owner: MemberRecord
) -> None:
    expired = await _issued(store, owner, expires_at=NOON + timedelta(hours=1))
    later = NOON + timedelta(hours=2)
    others = [await issue_key(store, owner=owner, label="x", scopes=["*"], now=later) for _ in range(10)]
    for changes in (KeyChanges(expires_at=later + timedelta(days=1)), KeyChanges(never_expires=True)):
        with pytest.raises(BadUserInput, match="at most 10 usable API keys"):
            await change_key(store, expired.record.id, changes, now=later)
    await change_key(store, expired.record.id, KeyChanges(label="kept"), now=later)
    await revoke_key(store, others[0].record.id, now=later)
    await change_key(store, expired.record.id, KeyChanges(never_expires=True), now=later)
    assert (await authenticate(store, f"Bearer {expired.value}", now=later)).key_label == "kept"
