import asyncio
import random
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError

from datasource.metadata.access_controls import (
    RuleKey,
    find_resource_rules,
    find_rules,
    rules_for,
    set_rule,
)
from datasource.metadata.actions import ACTION_REPOSITORY, create_action
from datasource.metadata.audit import OPERATOR
from datasource.metadata.cohorts import COHORT_REPOSITORY, StoredMembership, create_cohort
from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight
from datasource.metadata.members import remove_member
from datasource.metadata.models import AccessControl, Organization, Project, User
from datasource.metadata.records import AccessLevel, ProjectRecord, RoleRecord, RuleRecord
from datasource.metadata.roles import add_role_member, delete_role, remove_role_member
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, GatewayError, NotFound
from tests.support.seeds.organizations import (
    LATER,
    NOON,
    World,
    counted_statements,
    given_rule,
    open_access_world,
    rule_ids,
    set_level,
)


@pytest.fixture
async def world(store: MetadataStore) -> World:
    return await open_access_world(store)


async def _applying(
    store: MetadataStore, projects: Iterable[ProjectRecord], membership_ids: Collection[str], **only: str
) -> dict[int, list[RuleRecord]]:
    async with store.read() as session:
        return await rules_for(session, [each.id for each in projects], membership_ids, **only)


async def _applying_ids(store: MetadataStore, projects: Iterable[ProjectRecord], *membership_ids: str) -> set[str]:
    found = await _applying(store, projects, membership_ids)
    return {each.id for rules in found.values() for each in rules}


# ---------------------------------------------------------------------- setting


async def test_rule_is_found_as_set(store: MetadataStore, world: World) -> None:
    created = await set_level(
        store, world.shop, "viewer", on="5", member=world.bob_in_acme, actor=world.actor, now=NOON
    )
    assert created is not None
    assert created == RuleRecord(
        id=created.id,
        project_id=world.shop.id,
        resource="insight",
        resource_id="5",
        member_id=world.bob_in_acme,
        role_id=None,
        access_level=AccessLevel.VIEWER,
        created_by=world.ada.id,
        created_at=NOON,
        updated_at=NOON,
    )
    assert await find_rules(store, world.shop.id, ("insight", "5")) == (created,)


async def test_rule_set_again_keeps_its_row_and_creator(store: MetadataStore, world: World) -> None:
    first = await set_level(store, world.shop, "viewer", on="5", actor=world.actor, now=NOON)
    second = await set_level(store, world.shop, "none", on="5", now=LATER)
    assert first is not None
    assert second == replace(first, access_level=AccessLevel.NONE, updated_at=LATER)
    assert await find_rules(store, world.shop.id) == (second,)


async def test_rule_can_be_removed_twice(store: MetadataStore, world: World) -> None:
    kept = await given_rule(store, world.shop, "viewer", on="5")
    await given_rule(store, world.shop, "editor", on="5", role=world.analysts)
    for _ in range(2):
        assert await set_level(store, world.shop, None, on="5", role=world.analysts) is None
    assert await find_rules(store, world.shop.id) == (kept,)


async def test_each_subject_and_object_has_its_own_rule(store: MetadataStore, world: World) -> None:
    created = [
        await given_rule(store, world.shop, "viewer", resource=resource, on=on, member=member, role=role)
        for resource in ("insight", "action")
        for on in ("5", "6", None)
        for member, role in (
            (None, None),
            (world.ada_in_acme, None),
            (None, world.analysts),
            (None, world.editors),
        )
    ]
    created.append(await given_rule(store, world.lab, "viewer", on="5"))
    assert await rule_ids(store, world.shop, world.lab) == {each.id for each in created}
    assert len(created) == 25


async def test_rule_for_everyone_set_twice_is_one_rule(store: MetadataStore, world: World) -> None:
    for on in (None, "5"):
        rules = [await given_rule(store, world.shop, level, on=on) for level in ("none", "viewer", "editor")]
        assert len({each.id for each in rules}) == 1
    found = await find_rules(store, world.shop.id)
    assert [each.access_level for each in found] == [AccessLevel.EDITOR] * 2


@pytest.mark.parametrize("subject", ["everyone", "member", "role"])
async def test_database_rejects_a_second_rule_for_one_subject(
    store: MetadataStore, world: World, subject: str
) -> None:
    member_id = world.ada_in_acme if subject == "member" else None
    role_id = world.analysts.id if subject == "role" else None

    async def insert() -> None:
        async with store.write() as session:
            session.add(_row(world.shop, resource_id="5", member_id=member_id, role_id=role_id))

    await insert()
    with pytest.raises(IntegrityError):
        await insert()


async def test_database_rejects_a_rule_about_a_member_and_a_role(store: MetadataStore, world: World) -> None:
    async def insert() -> None:
        async with store.write() as session:
            session.add(_row(world.shop, member_id=world.ada_in_acme, role_id=world.analysts.id))

    with pytest.raises(IntegrityError):
        await insert()
    assert await find_rules(store, world.shop.id) == ()


def _row(
    project: ProjectRecord,
    *,
    resource_id: str = "",
    member_id: str | None = None,
    role_id: str | None = None,
    level: str = "viewer",
) -> AccessControl:
    return AccessControl(
        project_id=project.id,
        resource="insight",
        resource_id=resource_id,
        subject=member_id or role_id or "",
        member_id=member_id,
        role_id=role_id,
        access_level=level,
        created_by=None,
        created_at=NOON,
        updated_at=NOON,
    )


async def test_rule_of_a_deleted_project_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="project"):
        await set_rule(store, RuleKey(77, "insight"), AccessLevel.NONE, actor=OPERATOR, now=NOON)


async def test_rule_about_a_deleted_subject_is_rejected(store: MetadataStore, world: World) -> None:
    await remove_member(store, email="bob@example.com", organization_id=world.acme.id)
    await delete_role(store, world.editors)
    with pytest.raises(GatewayError) as caught:
        await set_level(store, world.shop, "viewer", member=world.bob_in_acme)
    assert isinstance(caught.value, BadUserInput | NotFound)
    with pytest.raises(GatewayError) as caught:
        await set_level(store, world.shop, "viewer", role=world.editors)
    assert isinstance(caught.value, BadUserInput | NotFound)
    assert await find_rules(store, world.shop.id) == ()


async def test_concurrent_sets_of_one_rule_leave_one_row(store: MetadataStore, world: World) -> None:
    levels = ["none", "viewer", "editor", "manager"] * 3
    created = await asyncio.gather(
        *(given_rule(store, world.shop, level, on="5", role=world.analysts) for level in levels)
    )
    assert len({each.id for each in created}) == 1
    (left,) = await find_rules(store, world.shop.id)
    assert left.access_level in {each.access_level for each in created}


async def test_concurrent_sets_and_removals_of_one_rule_leave_one_or_none(
    store: MetadataStore, world: World
) -> None:
    levels = ["viewer", None] * 6
    await asyncio.gather(*(set_level(store, world.shop, level, on="5") for level in levels))
    assert len(await find_rules(store, world.shop.id)) <= 1
    await set_level(store, world.shop, "editor", on="5")
    assert len(await find_rules(store, world.shop.id)) == 1


# ---------------------------------------------------------------------- the limit


async def _set_within(
    store: MetadataStore,
    project: ProjectRecord,
    level: str | None,
    on: str | None,
    *,
    resource: str = "insight",
    member: str | None = None,
) -> RuleRecord | None:
    return await set_level(store, project, level, resource=resource, on=on, member=member, most_objects=2)


async def test_number_of_objects_with_rules_is_limited(store: MetadataStore, world: World) -> None:
    await _set_within(store, world.shop, "viewer", "1")
    await _set_within(store, world.shop, "viewer", "2")
    with pytest.raises(BadUserInput) as caught:
        await _set_within(store, world.shop, "viewer", "3")
    assert caught.value.message == "At most 2 objects of one kind can have access controls; that many already do."
    assert caught.value.path == ("resource_id",)
    assert caught.value.hint
    assert {each.resource_id for each in await find_rules(store, world.shop.id)} == {"1", "2"}


async def test_limit_of_objects_allows_updates_further_rules_and_removals(
    store: MetadataStore, world: World
) -> None:
    for on in ("1", "2"):
        await _set_within(store, world.shop, "viewer", on)
    updated = await _set_within(store, world.shop, "editor", "1")
    assert updated is not None
    assert updated.access_level is AccessLevel.EDITOR
    further = await _set_within(store, world.shop, "none", "1", member=world.ada_in_acme)
    assert further is not None
    assert await _set_within(store, world.shop, None, "3") is None
    assert await _set_within(store, world.shop, None, "2") is None
    assert await _set_within(store, world.shop, "none", "3") is not None


async def test_limit_of_objects_is_per_project_and_resource(store: MetadataStore, world: World) -> None:
    await _set_within(store, world.shop, "viewer", None)
    await _set_within(store, world.shop, "viewer", None, member=world.ada_in_acme)
    for on in ("1", "2"):
        assert await _set_within(store, world.shop, "viewer", on) is not None
        # Other numbers, or they would pass as objects that have rules already.
        assert await _set_within(store, world.shop, "viewer", f"1{on}", resource="action") is not None
        assert await _set_within(store, world.lab, "viewer", f"2{on}") is not None
    assert await _set_within(store, world.shop, "viewer", None, member=world.bob_in_acme) is not None
    with pytest.raises(BadUserInput, match="At most"):
        await _set_within(store, world.shop, "viewer", "3")


async def test_limit_of_objects_holds_for_concurrent_sets(store: MetadataStore, world: World) -> None:
    ends = await asyncio.gather(
        *(_set_within(store, world.shop, "viewer", str(number)) for number in range(8)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["BadUserInput"] * 6 + ["RuleRecord"] * 2
    assert len(await find_rules(store, world.shop.id)) == 2


# ---------------------------------------------------------------------- finding


async def test_find_rules_returns_rules_about_any_subject_oldest_first(store: MetadataStore, world: World) -> None:
    second = await set_level(store, world.shop, "viewer", on="5", now=LATER)
    first = await set_level(store, world.shop, "none", on="5", member=world.bob_in_acme, now=NOON)
    general = await set_level(store, world.shop, "none", now=LATER + timedelta(1))
    await given_rule(store, world.shop, "viewer", on="6")
    await given_rule(store, world.shop, "viewer", resource="action", on="5")
    await given_rule(store, world.lab, "viewer", on="5")
    assert await find_rules(store, world.shop.id, ("insight", "5")) == (first, second)
    assert await find_rules(store, world.shop.id, ("insight", "5"), ("insight", None)) == (first, second, general)
    assert await find_rules(store, world.shop.id, ("insight", "99")) == ()


async def test_find_resource_rules_excludes_rules_about_objects(store: MetadataStore, world: World) -> None:
    await given_rule(store, world.shop, "viewer", on="5")
    await given_rule(store, world.lab, "viewer")
    about_insights = await set_level(store, world.shop, "none", now=LATER)
    about_actions = await set_level(store, world.shop, "none", resource="action", role=world.editors, now=NOON)
    assert await find_resource_rules(store, world.shop.id) == (about_actions, about_insights)


# ---------------------------------------------------------------------- what applies


async def test_rules_for_a_membership_include_everyone_itself_and_its_roles(
    store: MetadataStore, world: World
) -> None:
    wanted = [
        await given_rule(store, world.shop, "viewer", on=on, member=member, role=role)
        for on in ("5", None)
        for member, role in ((None, None), (world.ada_in_acme, None), (None, world.analysts))
    ]
    for on in ("5", None):
        await given_rule(store, world.shop, "none", on=on, member=world.bob_in_acme)
        await given_rule(store, world.shop, "none", on=on, role=world.editors)
    await given_rule(store, world.lab, "none")
    assert await _applying_ids(store, [world.shop], world.ada_in_acme) == {each.id for each in wanted}


async def test_rules_without_a_membership_are_those_about_everyone(store: MetadataStore, world: World) -> None:
    general = await given_rule(store, world.shop, "viewer")
    await given_rule(store, world.shop, "viewer", member=world.ada_in_acme)
    await given_rule(store, world.shop, "viewer", role=world.analysts)
    assert await _applying(store, [world.shop], ()) == {world.shop.id: [general]}


async def test_rules_about_subjects_of_another_organization_never_apply(
    store: MetadataStore, world: World
) -> None:
    for level, on in (("none", "5"), ("manager", None)):
        await given_rule(store, world.shop, level, on=on, member=world.ada_in_zeta)
        await given_rule(store, world.shop, level, on=on, role=world.zetas)
        await given_rule(store, world.zoo, level, on=on, member=world.ada_in_acme)
        await given_rule(store, world.zoo, level, on=on, role=world.analysts)
    assert await _applying(store, [world.shop, world.zoo], [world.ada_in_acme, world.ada_in_zeta]) == {}


async def test_rules_for_two_memberships_of_one_user_stay_in_their_organizations(
    store: MetadataStore, world: World
) -> None:
    in_acme = await given_rule(store, world.shop, "viewer", member=world.ada_in_acme)
    in_zeta = await given_rule(store, world.zoo, "viewer", role=world.zetas)
    both = [world.ada_in_acme, world.ada_in_zeta]
    assert await _applying(store, [world.shop, world.zoo, world.lab], both) == {
        world.shop.id: [in_acme],
        world.zoo.id: [in_zeta],
    }
    assert await _applying_ids(store, [world.shop, world.zoo], world.ada_in_acme) == {in_acme.id}


async def test_rules_for_one_resource_exclude_the_others(store: MetadataStore, world: World) -> None:
    wanted = await given_rule(store, world.shop, "none", resource="project", on=str(world.shop.id))
    await given_rule(store, world.shop, "none", on=str(world.shop.id))
    assert await _applying(store, [world.shop], (), resource="project") == {world.shop.id: [wanted]}


async def test_rules_of_a_role_follow_its_members(store: MetadataStore, world: World) -> None:
    created = await given_rule(store, world.shop, "viewer", role=world.editors)
    assert await _applying_ids(store, [world.shop], world.ada_in_acme) == set()
    await add_role_member(store, world.editors, world.ada)
    assert await _applying_ids(store, [world.shop], world.ada_in_acme) == {created.id}
    await remove_role_member(store, world.editors, world.ada)
    assert await _applying_ids(store, [world.shop], world.ada_in_acme) == set()


async def test_rules_are_loaded_in_one_statement(store: MetadataStore, world: World) -> None:
    async def statements(*projects: ProjectRecord) -> int:
        with counted_statements() as sent:
            await _applying(store, projects, [world.ada_in_acme, world.ada_in_zeta])
        return sum("SELECT" in each for each in sent)

    assert await statements(world.shop) == 1
    for number in range(20):
        for project in (world.shop, world.lab, world.zoo):
            await given_rule(store, project, "viewer", on=str(number))
            await given_rule(store, project, "viewer", on=str(number), role=world.analysts)
    assert await statements(world.shop, world.lab, world.zoo) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_rules_for_random_rules_equal_a_simple_filter(store: MetadataStore, world: World, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - test data
    projects = [world.shop, world.lab, world.zoo]
    subjects: list[tuple[str | None, RoleRecord | None]] = [(None, None)]
    subjects += [(each, None) for each in (world.ada_in_acme, world.ada_in_zeta, world.bob_in_acme)]
    subjects += [(None, each) for each in (world.analysts, world.editors, world.zetas)]
    rows: dict[tuple[int, str, str | None, RoleRecord | None], AccessControl] = {}
    for _ in range(120):
        project, on = chosen.choice(projects), chosen.choice(["", "1", "2"])
        member, role = chosen.choice(subjects)
        rows[project.id, on, member, role] = _row(
            project, resource_id=on, member_id=member, role_id=role.id if role else None
        )
    async with store.write() as session:
        session.add_all(rows.values())
    ada_in = {world.acme.id: (world.ada_in_acme, world.analysts), world.zeta.id: (world.ada_in_zeta, world.zetas)}
    expected: dict[int, set[tuple[str, str | None, RoleRecord | None]]] = {}
    for project in projects:
        membership, held = ada_in[project.organization_id]
        expected[project.id] = {
            (on, member, role)
            for project_id, on, member, role in rows
            if project_id == project.id and (member, role) in ((None, None), (membership, None), (None, held))
        }
    by_id = {each.id: each for each in (world.analysts, world.editors, world.zetas)}

    async def found(*requested: ProjectRecord) -> dict[int, set[tuple[str, str | None, RoleRecord | None]]]:
        rules = await _applying(store, requested, [world.ada_in_acme, world.ada_in_zeta])
        return {
            project_id: {
                (each.resource_id or "", each.member_id, by_id[each.role_id] if each.role_id else None)
                for each in found
            }
            for project_id, found in rules.items()
        }

    assert await found(*projects) == expected
    # What else is requested for in the same statement makes no difference.
    for project in projects:
        assert await found(project) == {project.id: expected[project.id]}


# ---------------------------------------------------------------------- what goes with what


async def test_rules_about_a_deleted_object_are_removed(store: MetadataStore, world: World) -> None:
    insight = await create_insight(store, project_id=world.shop.id, name="i", query={}, now=NOON)
    action = await create_action(store, project_id=world.shop.id, name="a", steps=[], now=NOON)
    cohort = await create_cohort(
        store, project_id=world.shop.id, name="c", membership=StoredMembership(is_static=False), now=NOON
    )
    assert insight.id == action.id == cohort.id == 1
    for resource, remove in (
        ("insight", INSIGHT_REPOSITORY.delete),
        ("action", ACTION_REPOSITORY.delete),
        ("cohort", COHORT_REPOSITORY.delete),
    ):
        gone = [
            await given_rule(store, world.shop, "viewer", resource=resource, on="1"),
            await given_rule(store, world.shop, "none", resource=resource, on="1", member=world.bob_in_acme),
            await given_rule(store, world.shop, "none", resource=resource, on="1", role=world.analysts),
        ]
        await given_rule(store, world.shop, "viewer", resource=resource, on="11")
        await given_rule(store, world.shop, "viewer", resource=resource)
        await given_rule(store, world.lab, "viewer", resource=resource, on="1")
        before = await rule_ids(store, world.shop, world.lab)
        assert await remove(store, (world.shop.id, 1), now=LATER) is True
        assert before - await rule_ids(store, world.shop, world.lab) == {each.id for each in gone}


async def test_rules_stay_if_there_is_no_object_to_delete(store: MetadataStore, world: World) -> None:
    await given_rule(store, world.shop, "viewer", on="1")
    before = await rule_ids(store, world.shop)
    assert await INSIGHT_REPOSITORY.delete(store, (world.shop.id, 1), now=LATER) is False
    assert await rule_ids(store, world.shop) == before


async def test_rules_about_a_removed_member_are_removed(store: MetadataStore, world: World) -> None:
    gone = [
        await given_rule(store, project, "viewer", on=on, member=world.ada_in_acme)
        for project in (world.shop, world.lab)
        for on in (None, "5")
    ]
    kept = [
        await given_rule(store, world.zoo, "viewer", member=world.ada_in_zeta),
        await given_rule(store, world.shop, "viewer", member=world.bob_in_acme),
        await given_rule(store, world.shop, "viewer", role=world.analysts),
        await given_rule(store, world.shop, "viewer"),
    ]
    await remove_member(store, email="ada@example.com", organization_id=world.acme.id)
    left = await rule_ids(store, world.shop, world.lab, world.zoo)
    assert left == {each.id for each in kept}
    assert not left & {each.id for each in gone}


async def test_rules_about_a_deleted_role_are_removed(store: MetadataStore, world: World) -> None:
    for project in (world.shop, world.lab):
        await given_rule(store, project, "viewer", role=world.analysts)
    kept = [
        await given_rule(store, world.shop, "viewer", role=world.editors),
        await given_rule(store, world.shop, "viewer", member=world.ada_in_acme),
        await given_rule(store, world.zoo, "viewer", role=world.zetas),
    ]
    await delete_role(store, world.analysts)
    assert await rule_ids(store, world.shop, world.lab, world.zoo) == {each.id for each in kept}


@pytest.mark.parametrize("model", [Project, Organization])
async def test_rules_of_a_deleted_project_are_deleted(
    store: MetadataStore, world: World, model: type[Project] | type[Organization]
) -> None:
    for on in (None, "5"):
        await given_rule(store, world.zoo, "viewer", on=on)
        await given_rule(store, world.zoo, "viewer", on=on, member=world.ada_in_zeta)
    kept = await given_rule(store, world.shop, "viewer")
    gone = world.zoo.id if model is Project else world.zeta.id
    async with store.write() as session:
        await session.execute(delete(model).where(model.id == gone))
        assert await session.scalar(select(func.count()).select_from(AccessControl)) == 1
    assert await rule_ids(store, world.shop, world.zoo) == {kept.id}


async def test_rule_outlives_its_creator(store: MetadataStore, world: World) -> None:
    created = await set_level(store, world.shop, "viewer", actor=world.actor)
    assert created is not None
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == world.ada.id))
    assert await find_rules(store, world.shop.id) == (replace(created, created_by=None),)


async def test_rule_about_everyone_is_stored_without_nulls_in_its_key(store: MetadataStore, world: World) -> None:
    await given_rule(store, world.shop, "viewer")
    async with store.read() as session:
        rows = await session.execute(text("SELECT resource_id, subject, member_id, role_id FROM access_controls"))
        assert [tuple(row) for row in rows] == [("", "", None, None)]
