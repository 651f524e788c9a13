import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import NoneType

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from datasource.metadata.audit import (
    OPERATOR,
    Actor,
    AuditAction,
    AuditRecord,
    Change,
    add_changes,
    list_audit_log,
)
from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight
from datasource.metadata.keys import NewKey, insert_key, replace_key, revoke_key
from datasource.metadata.members import (
    add_member,
    ensure_member,
    remove_member,
    set_member_active,
    set_member_level,
)
from datasource.metadata.organizations import set_features
from datasource.metadata.records import KeyRecord, OrganizationLevel, OrganizationRecord
from datasource.metadata.roles import add_role_member, create_role, delete_role, remove_role_member
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, GatewayError, NotFound
from tests.support.seeds.two_organizations import (
    LATER,
    NOON,
    Organizations,
    audit_log,
    given_rule,
    seed_organizations,
    set_level,
)


@pytest.fixture
async def orgs(store: MetadataStore) -> Organizations:
    return await seed_organizations(store)


@pytest.fixture
async def before(store: MetadataStore, orgs: Organizations) -> dict[str, int]:
    """Count the entries of each organization before the test's changes."""
    return {each.id: len(await audit_log(store, each)) for each in (orgs.acme, orgs.zeta)}


async def _new(
    store: MetadataStore, organization: OrganizationRecord, before: dict[str, int]
) -> list[AuditRecord]:
    return (await audit_log(store, organization))[before[organization.id] :]


async def _only(store: MetadataStore, orgs: Organizations, before: dict[str, int]) -> AuditRecord:
    """The only new entry, which is about Acme."""
    assert await _new(store, orgs.zeta, before) == []
    (entry,) = await _new(store, orgs.acme, before)
    return entry


# ---------------------------------------------------------------------- rules


async def test_rule_set_changed_and_removed_is_recorded_with_both_levels(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    for level, at in (("viewer", NOON), ("none", LATER), (None, LATER + timedelta(1))):
        await set_level(store, orgs.shop, level, on="5", actor=orgs.actor, now=at)
    entries = await _new(store, orgs.acme, before)
    changes = [(each.action, each.before, each.after, each.at) for each in entries]
    assert changes == [
        (AuditAction.ACCESS_CONTROL_SET, None, {"access_level": "viewer"}, NOON),
        (AuditAction.ACCESS_CONTROL_SET, {"access_level": "viewer"}, {"access_level": "none"}, LATER),
        (AuditAction.ACCESS_CONTROL_REMOVED, {"access_level": "none"}, None, LATER + timedelta(1)),
    ]
    for each in entries:
        assert (each.organization_id, each.project_id) == (orgs.acme.id, orgs.shop.id)
        assert each.actor == orgs.actor
        assert each.target == {"resource": "insight", "resource_id": "5"}
    assert await _new(store, orgs.zeta, before) == []


async def test_rule_about_a_member_or_role_is_recorded_with_its_subject(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await given_rule(store, orgs.shop, "viewer", member=orgs.bob_in_acme)
    await given_rule(store, orgs.shop, "viewer", role=orgs.editors)
    by_member, by_role = await _new(store, orgs.acme, before)
    general = {"resource": "insight", "resource_id": None}
    assert by_member.target == {**general, "member_id": orgs.bob.id, "member": "bob@example.com"}
    assert by_role.target == {**general, "role_id": orgs.editors.id, "role": "Editors"}
    assert by_role.actor == OPERATOR


async def test_unchanged_rule_is_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await set_level(store, orgs.shop, None, on="5")
    await given_rule(store, orgs.shop, "viewer", on="5")
    await given_rule(store, orgs.shop, "viewer", on="5")
    assert (await _only(store, orgs, before)).after == {"access_level": "viewer"}


async def test_rejected_rule_is_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    with pytest.raises(BadUserInput):
        await set_level(store, orgs.shop, "viewer", on="5", most_objects=0)
    assert await _new(store, orgs.acme, before) == []


async def test_removal_of_a_deleted_objects_rules_is_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    created = await create_insight(store, project_id=orgs.shop.id, name="i", query={}, now=NOON)
    await given_rule(store, orgs.shop, "viewer", on=str(created.id))
    await given_rule(store, orgs.shop, "none", on=str(created.id), member=orgs.bob_in_acme)
    await INSIGHT_REPOSITORY.delete(store, (orgs.shop.id, created.id), now=LATER, actor=orgs.actor)
    removed = (await _new(store, orgs.acme, before))[2:]
    assert {each.action for each in removed} == {AuditAction.ACCESS_CONTROL_REMOVED}
    assert {(each.target.get("member"), str(each.before)) for each in removed} == {
        (None, "{'access_level': 'viewer'}"),
        ("bob@example.com", "{'access_level': 'none'}"),
    }
    assert {(each.actor, each.at, each.after, each.project_id) for each in removed} == {
        (orgs.actor, LATER, None, orgs.shop.id)
    }


async def test_deleted_object_without_rules_is_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    created = await create_insight(store, project_id=orgs.shop.id, name="i", query={}, now=NOON)
    await INSIGHT_REPOSITORY.delete(store, (orgs.shop.id, created.id), now=LATER)
    assert await _new(store, orgs.acme, before) == []


# ---------------------------------------------------------------------- members and roles


async def test_added_member_is_recorded_with_the_level(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    cyd = await add_member(
        store,
        email="cyd@example.com",
        organization_id=orgs.acme.id,
        level=OrganizationLevel.ADMIN,
        actor=orgs.actor,
        now=NOON,
    )
    entry = await _only(store, orgs, before)
    assert (entry.action, entry.before, entry.after) == (AuditAction.MEMBER_ADDED, None, {"level": "admin"})
    assert entry.target == {"member_id": cyd.id, "member": "cyd@example.com"}
    assert (entry.actor, entry.at, entry.project_id) == (orgs.actor, NOON, None)


async def test_changed_level_is_recorded_with_both_levels(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    for _ in range(2):
        await set_member_level(
            store,
            email="ADA@example.com",
            organization_id=orgs.acme.id,
            level=OrganizationLevel.OWNER,
            actor=orgs.actor,
            now=NOON,
        )
    entry = await _only(store, orgs, before)
    assert entry.action is AuditAction.MEMBER_CHANGED
    assert (entry.before, entry.after) == ({"level": "member"}, {"level": "owner"})
    assert (entry.target["member"], entry.actor, entry.at) == ("ada@example.com", orgs.actor, NOON)


async def test_deactivated_member_is_recorded_in_each_of_their_organizations(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    for _ in range(2):
        await set_member_active(store, email="ada@example.com", is_active=False, actor=orgs.actor, now=NOON)
    for organization in (orgs.acme, orgs.zeta):
        (entry,) = await _new(store, organization, before)
        assert entry.action is AuditAction.MEMBER_CHANGED
        assert (entry.before, entry.after) == ({"is_active": True}, {"is_active": False})
        assert (entry.target["member_id"], entry.actor, entry.at) == (orgs.ada.id, orgs.actor, NOON)


async def test_removed_member_is_recorded_with_the_level_and_removed_rules(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await given_rule(store, orgs.lab, "none", member=orgs.bob_in_acme)
    await remove_member(store, email="bob@example.com", organization_id=orgs.acme.id, actor=orgs.actor, now=LATER)
    removed = (await _new(store, orgs.acme, before))[1:]
    assert {each.action for each in removed} == {AuditAction.ACCESS_CONTROL_REMOVED, AuditAction.MEMBER_REMOVED}
    assert {(each.target["member"], each.actor, each.at) for each in removed} == {
        ("bob@example.com", orgs.actor, LATER)
    }
    by_action = {each.action: each for each in removed}
    assert by_action[AuditAction.MEMBER_REMOVED].before == {"level": "member"}
    assert by_action[AuditAction.MEMBER_REMOVED].after is None
    assert by_action[AuditAction.ACCESS_CONTROL_REMOVED].before == {"access_level": "none"}
    assert by_action[AuditAction.ACCESS_CONTROL_REMOVED].project_id == orgs.lab.id


async def test_role_is_recorded_from_creation_to_deletion(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    role = await create_role(store, organization_id=orgs.acme.id, name="Sales", actor=orgs.actor, now=NOON)
    await add_role_member(store, role, orgs.bob, actor=orgs.actor, now=NOON)
    await remove_role_member(store, role, orgs.bob, actor=orgs.actor, now=NOON)
    await given_rule(store, orgs.shop, "editor", role=role)
    await delete_role(store, role, actor=orgs.actor, now=NOON)
    entries = await _new(store, orgs.acme, before)
    assert [each.action for each in entries[:4]] == [
        AuditAction.ROLE_CREATED,
        AuditAction.ROLE_MEMBER_ADDED,
        AuditAction.ROLE_MEMBER_REMOVED,
        AuditAction.ACCESS_CONTROL_SET,
    ]
    created, added, left = entries[:3]
    assert (created.target, created.after) == ({"role_id": role.id, "role": "Sales"}, {"name": "Sales"})
    for each in (added, left):
        assert each.target == {
            "role_id": role.id,
            "role": "Sales",
            "member_id": orgs.bob.id,
            "member": "bob@example.com",
        }
    end = {each.action: each for each in entries[4:]}
    assert end.keys() == {AuditAction.ACCESS_CONTROL_REMOVED, AuditAction.ROLE_DELETED}
    assert end[AuditAction.ACCESS_CONTROL_REMOVED].target["role"] == "Sales"
    assert (end[AuditAction.ROLE_DELETED].before, end[AuditAction.ROLE_DELETED].after) == ({"name": "Sales"}, None)
    assert {each.actor for each in entries if each is not entries[3]} == {orgs.actor}


async def test_failed_changes_of_members_and_roles_are_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    with pytest.raises(BadUserInput):
        await add_member(store, email="bob@example.com", organization_id=orgs.acme.id)
    with pytest.raises(BadUserInput):
        await create_role(store, organization_id=orgs.acme.id, name="Analysts")
    with pytest.raises(NotFound):
        await remove_role_member(store, orgs.analysts, orgs.bob)
    await ensure_member(store, email="bob@example.com", organization_id=orgs.acme.id)
    assert await _new(store, orgs.acme, before) == []


async def test_changed_feature_is_recorded_alone(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    for _ in range(2):
        await set_features(store, orgs.acme.id, access_control=False, member_keys=True, actor=orgs.actor, now=NOON)
    entry = await _only(store, orgs, before)
    assert (entry.action, entry.target) == (AuditAction.ORGANIZATION_CHANGED, {"organization": "Acme"})
    assert (entry.before, entry.after) == ({"access_control": True}, {"access_control": False})
    assert (entry.actor, entry.at, entry.project_id) == (orgs.actor, NOON, None)


# ---------------------------------------------------------------------- keys


async def _insert_key(
    store: MetadataStore,
    orgs: Organizations,
    *,
    projects: list[int] | None = None,
    organizations: list[str] | None = None,
    project_id: int | None = None,
) -> KeyRecord:
    new = NewKey(
        user_id=orgs.ada.id if project_id is None else None,
        project_id=project_id,
        label="CI",
        secure_value="sha256$the hash",
        mask="phx_...0001",
        scopes=["insight:read", "query:read"],
        scoped_projects=projects,
        scoped_organizations=organizations,
        expires_at=LATER,
    )
    return await insert_key(store, new, actor=orgs.actor, now=NOON)


async def test_key_is_recorded_in_each_organization_it_can_access(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    key = await _insert_key(store, orgs)
    for organization in (orgs.acme, orgs.zeta):
        (entry,) = await _new(store, organization, before)
        assert entry.action is AuditAction.KEY_CREATED
        assert entry.target == {
            "key_id": key.id,
            "mask": "phx_...0001",
            "label": "CI",
            "member_id": orgs.ada.id,
            "member": "ada@example.com",
        }
        assert entry.before is None
        assert entry.after == {
            "scopes": ["insight:read", "query:read"],
            "scoped_projects": None,
            "scoped_organizations": None,
            "expires_at": LATER.isoformat(),
        }
        assert (entry.actor, entry.at, entry.project_id) == (orgs.actor, NOON, None)


async def test_key_scoped_to_projects_is_recorded_in_each_separately(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await _insert_key(store, orgs, projects=[orgs.zoo.id, orgs.lab.id, orgs.shop.id])
    for organization, own in ((orgs.acme, {orgs.shop.id, orgs.lab.id}), (orgs.zeta, {orgs.zoo.id})):
        entries = await _new(store, organization, before)
        assert {entry.project_id for entry in entries} == own
        for entry in entries:
            assert entry.after is not None
            assert entry.after["scoped_projects"] == [entry.project_id]


async def test_key_scoped_to_one_organization_is_recorded_only_there(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await _insert_key(store, orgs, organizations=[orgs.acme.id])
    entry = await _only(store, orgs, before)
    assert entry.after is not None
    assert entry.after["scoped_organizations"] == [orgs.acme.id]


async def test_key_scoped_to_two_organizations_reveals_neither_to_the_other(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await _insert_key(store, orgs, organizations=[orgs.zeta.id, orgs.acme.id])
    for organization in (orgs.acme, orgs.zeta):
        (entry,) = await _new(store, organization, before)
        assert entry.after is not None
        assert entry.after["scoped_organizations"] == [organization.id]


async def test_key_scoped_to_one_project_is_recorded_only_in_its_organization(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    key = await _insert_key(store, orgs, projects=[orgs.lab.id])
    await revoke_key(store, key.id, actor=orgs.actor, now=LATER)
    assert await _new(store, orgs.zeta, before) == []
    assert [each.action for each in await _new(store, orgs.acme, before)] == [
        AuditAction.KEY_CREATED,
        AuditAction.KEY_REVOKED,
    ]


async def test_key_scoped_to_an_inaccessible_project_is_not_recorded_there(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await remove_member(store, email="ada@example.com", organization_id=orgs.zeta.id)
    before[orgs.zeta.id] = len(await audit_log(store, orgs.zeta))
    await _insert_key(store, orgs, projects=[orgs.shop.id, orgs.zoo.id])
    entry = await _only(store, orgs, before)
    assert entry.after is not None
    assert entry.after["scoped_projects"] == [orgs.shop.id]


async def test_project_key_is_recorded_with_its_project_and_no_member(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await _insert_key(store, orgs, project_id=orgs.shop.id)
    entry = await _only(store, orgs, before)
    assert entry.project_id == orgs.shop.id
    assert (entry.target["member_id"], entry.target["member"]) == (None, None)
    # The actor says who made the change.
    assert entry.actor == orgs.actor


async def test_rolled_and_revoked_key_is_recorded_with_masks_only(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    key = await _insert_key(store, orgs, organizations=[orgs.acme.id])
    await replace_key(
        store, key.id, secure_value="sha256$another", mask="phx_...0002", actor=orgs.actor, now=LATER
    )
    for _ in range(2):
        await revoke_key(store, "phx_...0002", actor=orgs.actor, now=LATER)
    _, rolled, revoked = await _new(store, orgs.acme, before)
    assert (rolled.action, rolled.before, rolled.after) == (
        AuditAction.KEY_ROLLED,
        {"mask": "phx_...0001"},
        {"mask": "phx_...0002"},
    )
    assert (revoked.action, revoked.before, revoked.after) == (AuditAction.KEY_REVOKED, None, None)
    assert revoked.target["mask"] == "phx_...0002"
    assert "sha256" not in str(await audit_log(store, orgs.acme))


async def test_revocation_of_a_key_without_access_is_recorded_where_it_was_created(
    store: MetadataStore, orgs: Organizations
) -> None:
    key = await _insert_key(store, orgs, organizations=[orgs.acme.id])
    for organization in (orgs.acme, orgs.zeta):
        await remove_member(store, email="ada@example.com", organization_id=organization.id)
    await revoke_key(store, key.id)
    assert (await audit_log(store, orgs.acme))[-1].action is AuditAction.KEY_REVOKED
    assert (await audit_log(store, orgs.zeta))[-1].action is AuditAction.MEMBER_REMOVED


async def test_rejected_key_is_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    await _insert_key(store, orgs, organizations=[orgs.acme.id])
    with pytest.raises(BadUserInput):
        await _insert_key(store, orgs, organizations=[orgs.acme.id])
    assert len(await _new(store, orgs.acme, before)) == 1


# ---------------------------------------------------------------------- changes at once


ChangeOf = Callable[[MetadataStore, Organizations], Awaitable[object]]


async def _switch_off(store: MetadataStore, orgs: Organizations) -> None:
    await set_features(store, orgs.acme.id, access_control=False)


async def _promote(store: MetadataStore, orgs: Organizations) -> None:
    level = OrganizationLevel.ADMIN
    await set_member_level(store, email="bob@example.com", organization_id=orgs.acme.id, level=level)


async def _deactivate(store: MetadataStore, _orgs: Organizations) -> None:
    await set_member_active(store, email="bob@example.com", is_active=False)


async def _remove(store: MetadataStore, orgs: Organizations) -> None:
    await remove_member(store, email="bob@example.com", organization_id=orgs.acme.id)


async def _delete_role(store: MetadataStore, orgs: Organizations) -> None:
    await delete_role(store, orgs.editors)


async def _leave_role(store: MetadataStore, orgs: Organizations) -> None:
    await remove_role_member(store, orgs.editors, orgs.bob)


async def _revoke(store: MetadataStore, _orgs: Organizations) -> None:
    await revoke_key(store, "phx_...0001")


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (_switch_off, AuditAction.ORGANIZATION_CHANGED),
        (_promote, AuditAction.MEMBER_CHANGED),
        (_deactivate, AuditAction.MEMBER_CHANGED),
        (_remove, AuditAction.MEMBER_REMOVED),
        (_delete_role, AuditAction.ROLE_DELETED),
        (_leave_role, AuditAction.ROLE_MEMBER_REMOVED),
        (_revoke, AuditAction.KEY_REVOKED),
    ],
)
async def test_concurrent_identical_changes_are_recorded_once(
    store: MetadataStore, orgs: Organizations, change: ChangeOf, action: AuditAction
) -> None:
    await _insert_key(store, orgs)
    before = len(await audit_log(store, orgs.acme))
    ends = await asyncio.gather(*(change(store, orgs) for _ in range(8)), return_exceptions=True)
    # Those who come second get an error or have nothing left to do.
    assert {type(end) for end in ends} <= {NoneType, NotFound}
    assert [each.action for each in (await audit_log(store, orgs.acme))[before:]] == [action]


# ---------------------------------------------------------------------- the log itself


FORGED = (
    "audit_log (id, at, organization_id, action, actor, target) "
    "SELECT id, at, 'other', action, actor, target FROM audit_log"
)
ON_CONFLICT = "ON CONFLICT (id) DO UPDATE SET organization_id = 'other'"
ALTERATIONS = (
    "UPDATE audit_log SET action = 'key.created'",
    "UPDATE audit_log SET at = at WHERE id = 1",
    "DELETE FROM audit_log",
    "DELETE FROM audit_log WHERE id = 1",
    f"INSERT INTO {FORGED} WHERE id > 0 {ON_CONFLICT}",
)
ALTERATIONS_OF = {
    "sqlite": (
        f"INSERT OR REPLACE INTO {FORGED}",
        f"INSERT OR REPLACE INTO {FORGED} ORDER BY id DESC LIMIT 1",
        f"REPLACE INTO {FORGED} WHERE id = 1",
        "UPDATE OR REPLACE audit_log SET id = id + 1",
    ),
    "postgresql": ("TRUNCATE audit_log", "TRUNCATE audit_log CASCADE"),
}


async def test_database_prevents_changes_of_the_log(store: MetadataStore, orgs: Organizations) -> None:
    async def alter(statement: str) -> None:
        async with store.write() as session:
            await session.execute(text(statement))

    before = await audit_log(store, orgs.acme)
    assert before
    async with store.read() as session:
        dialect = session.get_bind().dialect.name
    for statement in (*ALTERATIONS, *ALTERATIONS_OF[dialect]):
        with pytest.raises((DatabaseError, GatewayError)) as caught:
            await alter(statement)
        # Where the store translates it, what the database said is the cause.
        assert "the audit log is append-only" in f"{caught.value} {caught.value.__cause__}", statement
    assert await audit_log(store, orgs.acme) == before


async def test_entry_cannot_take_the_id_that_sqlite_gives_new_rows_at_first(
    store: MetadataStore, orgs: Organizations
) -> None:
    async with store.read() as session:
        if session.get_bind().dialect.name != "sqlite":
            return
    insert = text(
        "INSERT INTO audit_log (id, at, organization_id, action, actor, target) "
        "SELECT :id, at, organization_id, action, actor, target FROM audit_log LIMIT 1"
    )
    for number in (-1, 0):
        with pytest.raises((DatabaseError, GatewayError)) as caught:
            async with store.write() as session:
                await session.execute(insert, {"id": number})
        assert "the ids of the audit log are positive" in f"{caught.value} {caught.value.__cause__}"
    assert await _write(store, orgs.acme.id, None)


async def test_rolled_back_change_is_not_recorded(
    store: MetadataStore, orgs: Organizations, before: dict[str, int]
) -> None:
    async def fail() -> None:
        async with store.write() as session:
            add_changes(session, OPERATOR, NOON, [Change(orgs.acme.id, AuditAction.ROLE_CREATED, {})])
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _new(store, orgs.acme, before) == []


async def _write(store: MetadataStore, organization_id: str, *project_ids: int | None) -> list[int]:
    """Record an entry about each project, or about the organization for None, and return their ids."""
    async with store.write() as session:
        changes = [Change(organization_id, AuditAction.KEY_CREATED, {}, project_id=each) for each in project_ids]
        add_changes(session, OPERATOR, NOON, changes)
    page = await list_audit_log(store, organization_id, first=len(project_ids))
    return [each.id for each in page.entries]


async def test_log_is_read_in_pages_from_the_newest(store: MetadataStore) -> None:
    newest_first = await _write(store, "some organization", *([None] * 5))
    assert newest_first == sorted(newest_first, reverse=True)
    await _write(store, "another organization", None)
    after, pages = None, []
    for _ in range(3):
        page = await list_audit_log(store, "some organization", first=2, after=after)
        after = page.entries[-1].id
        pages.append(([each.id for each in page.entries], page.total, page.has_next))
    assert pages == [(newest_first[:2], 5, True), (newest_first[2:4], 5, True), (newest_first[4:], 5, False)]


@pytest.mark.parametrize(("after", "count"), [(-1, 0), (0, 0), (2**31 - 1, 3), (2**63, 3), (10**30, 3)])
async def test_log_before_any_number_is_valid(store: MetadataStore, after: int, count: int) -> None:
    await _write(store, "some organization", None, None, None)
    page = await list_audit_log(store, "some organization", first=10, after=after)
    assert (len(page.entries), page.total, page.has_next) == (count, 3, False)


async def test_log_of_a_project_includes_entries_about_the_organization(store: MetadataStore) -> None:
    third, _, first = await _write(store, "some organization", None, 2, 1)
    page = await list_audit_log(store, "some organization", first=10, project_id=1)
    assert ([each.id for each in page.entries], page.total) == ([third, first], 2)


async def test_actor_is_read_as_recorded(store: MetadataStore, orgs: Organizations) -> None:
    for actor in (OPERATOR, orgs.actor, Actor(orgs.actor.kind, key_id="k", key_mask="phx_...0009")):
        async with store.write() as session:
            add_changes(session, actor, NOON, [Change(orgs.acme.id, AuditAction.KEY_CREATED, {"ключ": "ß"})])
        newest = (await audit_log(store, orgs.acme))[-1]
        assert (newest.actor, newest.target) == (actor, {"ключ": "ß"})
